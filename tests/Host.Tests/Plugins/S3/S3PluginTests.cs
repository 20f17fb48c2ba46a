using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Plugins;
using IntegrationHub.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace IntegrationHub.Host.Tests.Plugins.S3;

/// <summary>The S3 plugin as the hub loads it.</summary>
public sealed class S3PluginTests : IAsyncLifetime
{
    private TestPluginHost plugins = null!;

    public async Task InitializeAsync() => plugins = await TestPluginHost.StartAsync(Repository.At("plugins", "s3"));

    public async Task DisposeAsync() => await plugins.DisposeAsync();

    [Fact]
    public void Load_S3_HasNoErrorAndKeepsTheSdkToItself()
    {
        Assert.Empty(plugins.Registry.Find("s3")!.Errors);
        Assert.Equal(PluginState.Loaded, plugins.Registry.Find("s3")!.State);
        Assert.Equal("image/svg+xml", plugins.Catalog.Find("s3")!.Icon!.Value.ContentType);
        Assert.Equal(["secretAccessKey", "sessionToken"], plugins.Catalog.Find("s3")!.SecretFields.Order());

        // AWSSDK.Core is the hub's own too, for KMS; the plugin has another copy.
        Assert.DoesNotContain(System.Runtime.Loader.AssemblyLoadContext.Default.Assemblies, assembly => assembly.GetName().Name == "AWSSDK.S3");
    }

    [Theory]
    [InlineData("presignUpload", "{ \"key\": \"a/b c.txt\", \"expiresIn\": 60, \"contentType\": \"text/plain\" }", "PUT", 60)]
    [InlineData("presignDownload", "{ \"key\": \"a/b c.txt\", \"fileName\": \"تقرير.txt\" }", "GET", 900)]
    [InlineData("presign", "{ \"key\": \"k\", \"method\": \"PUT\" }", "PUT", 900)]
    [InlineData("presign", "{ \"key\": \"k\" }", "GET", 900)]
    public async Task Presign_WithoutStore_MakesSignedAddress(string operation, string parameters, string method, int seconds)
    {
        var result = await RunAsync(operation, parameters, config: """{ "accessKeyId": "ID", "secretAccessKey": "SECRET", "region": "eu-central-1", "bucket": "example-bucket" }""");

        Assert.Null(result.Error);
        Assert.Equal(method, result.Value.GetProperty("method").GetString());
        var url = new Uri(result.Value.GetProperty("url").GetString()!);
        Assert.Equal("https", url.Scheme);
        Assert.Equal("example-bucket.s3.eu-central-1.amazonaws.com", url.Host);
        Assert.Contains("X-Amz-Algorithm=AWS4-HMAC-SHA256", url.Query, StringComparison.Ordinal);
        Assert.Contains("X-Amz-Signature=", url.Query, StringComparison.Ordinal);

        // The SDK counts from its own clock, a moment later.
        var expires = url.Query.TrimStart('?').Split('&').Single(part => part.StartsWith("X-Amz-Expires=", StringComparison.Ordinal))["X-Amz-Expires=".Length..];
        Assert.InRange(int.Parse(expires, CultureInfo.InvariantCulture), seconds - 50, seconds);
        Assert.DoesNotContain("SECRET", url.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Put_WithoutBucketOrContent_IsInvalid()
    {
        var noBucket = await RunAsync("putObject", """{ "key": "k", "text": "x" }""", config: """{ "accessKeyId": "ID", "secretAccessKey": "SECRET" }""");
        var noContent = await RunAsync("putObject", """{ "key": "k" }""", config: """{ "accessKeyId": "ID", "secretAccessKey": "SECRET", "bucket": "example-bucket" }""");

        Assert.Equal(ErrorCategory.InvalidParams, noBucket.Error!.Category);
        Assert.Equal(ErrorCategory.InvalidParams, noContent.Error!.Category);
    }

    [Fact]
    public async Task Call_BadRegion_IsInvalid()
    {
        var result = await RunAsync("listObjects", "{}", config: """{ "accessKeyId": "ID", "secretAccessKey": "SECRET", "bucket": "example-bucket", "region": "x.evil.test/" }""");

        Assert.Equal(ErrorCategory.InvalidParams, result.Error!.Category);
    }

    [SkippableFact]
    public async Task Objects_RealStore_RoundTrip()
    {
        await using var store = await S3rver.StartAsync();
        var config = Config(store);

        Assert.Null((await RunAsync("putObject", """{ "key": "docs/a.txt", "text": "Hello", "metadata": { "owner": "me" } }""", config)).Error);
        Assert.Null((await RunAsync("putObject", """{ "key": "docs/b.txt", "base64": "SGVsbG8=" }""", config)).Error);
        Assert.Null((await RunAsync("putObject", """{ "key": "other.txt", "text": "x" }""", config)).Error);

        var head = await RunAsync("headObject", """{ "key": "docs/a.txt" }""", config);
        Assert.Equal(5, head.Value.GetProperty("size").GetInt64());
        Assert.Equal("me", head.Value.GetProperty("metadata").GetProperty("owner").GetString());
        Assert.Equal("ell", Encoding.UTF8.GetString(await ReadAsync(await RunAsync("getObject", """{ "key": "docs/a.txt", "range": "bytes=1-3" }""", config))));

        var first = await RunAsync("listObjects", """{ "prefix": "docs/", "limit": 1 }""", config);
        Assert.True(first.NextCursor is not null, first.Error?.Message ?? first.Value.GetRawText());
        var second = await RunAsync("listObjects", """{ "prefix": "docs/", "limit": 1 }""", config, cursor: first.NextCursor);
        Assert.Null(second.NextCursor);
        Assert.Equal(["docs/a.txt", "docs/b.txt"], new[] { first, second }.SelectMany(page => page.Items!.Value.EnumerateArray()).Select(item => item.GetProperty("key").GetString()));

        var grouped = await RunAsync("listObjects", """{ "delimiter": "/" }""", config);
        Assert.Equal("docs/", Assert.Single(grouped.Value.GetProperty("prefixes").EnumerateArray()).GetString());

        Assert.True((await RunAsync("deleteObject", """{ "key": "docs/a.txt" }""", config)).Value.GetProperty("deleted").GetBoolean());
        Assert.Equal(ErrorCategory.NotFound, (await RunAsync("headObject", """{ "key": "docs/a.txt" }""", config)).Error!.Category);
        Assert.Equal("Hello", Encoding.UTF8.GetString(await ReadAsync(await RunAsync("getObject", """{ "key": "docs/b.txt" }""", config))));

        var missing = (await RunAsync("getObject", """{ "key": "nowhere" }""", config)).Error!;
        Assert.Equal((ErrorCategory.NotFound, "NoSuchKey", 404), (missing.Category, missing.ProviderCode, missing.ProviderStatus));
        Assert.Equal(ErrorCategory.NotFound, (await RunAsync("listObjects", """{ "bucket": "no-such-bucket" }""", config)).Error!.Category);
    }

    // s3rver does not decode the slash of an encoded copy source, as S3 does: the request itself is checked.
    [Fact]
    public async Task Copy_KeyWithSlash_NamesTheSource()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var store = builder.Build();
        (string Method, string Path, string Source)? seen = null;
        store.Run(context =>
        {
            seen = (context.Request.Method, context.Request.Path, context.Request.Headers["x-amz-copy-source"].ToString());
            return context.Response.WriteAsync("<CopyObjectResult><ETag>&quot;abc&quot;</ETag></CopyObjectResult>");
        });
        await store.StartAsync();

        var result = await RunAsync(
            "copyObject",
            """{ "sourceKey": "docs/a b.txt", "key": "copy.txt" }""",
            $$"""{ "accessKeyId": "ID", "secretAccessKey": "SECRET", "bucket": "example-bucket", "endpoint": "{{store.Urls.First()}}" }""");

        Assert.Null(result.Error);
        Assert.Equal("abc", result.Value.GetProperty("etag").GetString());
        Assert.Equal(("PUT", "/example-bucket/copy.txt"), (seen!.Value.Method, seen.Value.Path));
        Assert.Equal("example-bucket/docs/a b.txt", Uri.UnescapeDataString(seen.Value.Source).TrimStart('/'));
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task PutAndGet_FiftyMegabytes_ComeBackIdentical(bool lengthKnown)
    {
        const int Size = 50 * 1024 * 1024;
        await using var store = await S3rver.StartAsync();
        var bytes = RandomNumberGenerator.GetBytes(Size);
        await using var content = new OperationContent(new OneWayStream(bytes), "application/x-test", lengthKnown ? Size : null);

        var put = await RunAsync("putObject", """{ "key": "big.bin" }""", Config(store), content);
        Assert.Null(put.Error);
        Assert.Equal(Size, put.Value.GetProperty("size").GetInt64());

        var got = await RunAsync("getObject", """{ "key": "big.bin" }""", Config(store));
        Assert.Null(got.Error);
        Assert.Equal((Size, "application/x-test"), ((int)got.Content!.Length!, got.Content.ContentType));
        Assert.Equal(SHA256.HashData(bytes), SHA256.HashData(await ReadAsync(got)));
    }

    [SkippableFact]
    public async Task Call_UnknownAccessKey_IsUnauthenticated()
    {
        await using var store = await S3rver.StartAsync();

        var unknown = await RunAsync("listObjects", "{}", Config(store, id: "NOBODY"));

        Assert.Equal((ErrorCategory.Unauthenticated, "InvalidAccessKeyId"), (unknown.Error!.Category, unknown.Error.ProviderCode));
    }

    [SkippableFact]
    public async Task Presigned_RealStore_WorksWithoutCredentials()
    {
        await using var store = await S3rver.StartAsync();
        using var anybody = new HttpClient();
        var up = await RunAsync("presignUpload", """{ "key": "shared.txt" }""", Config(store));
        using var sent = await anybody.PutAsync(up.Value.GetProperty("url").GetString(), new ByteArrayContent("shared"u8.ToArray()));
        Assert.Equal(HttpStatusCode.OK, sent.StatusCode);

        var down = await RunAsync("presignDownload", """{ "key": "shared.txt" }""", Config(store));
        Assert.Equal("shared", await anybody.GetStringAsync(down.Value.GetProperty("url").GetString()));
    }

    [Fact]
    public async Task Call_StoreNotThere_IsUnavailableAndSafeToRepeat()
    {
        var result = await RunAsync("listObjects", "{}", """{ "accessKeyId": "ID", "secretAccessKey": "SECRET", "bucket": "example-bucket", "endpoint": "http://127.0.0.1:1" }""");

        Assert.Equal(ErrorCategory.Unavailable, result.Error!.Category);
        Assert.False(result.Error.OutcomeUnknown);
    }

    private static string Config(S3rver store, string id = S3rver.Key, string secret = S3rver.Key) =>
        $$"""{ "accessKeyId": "{{id}}", "secretAccessKey": "{{secret}}", "bucket": "{{S3rver.Bucket}}", "endpoint": "{{store.Address}}" }""";

    private async Task<OperationResult> RunAsync(string operation, string parameters, string config, OperationContent? content = null, string? cursor = null)
    {
        using var lease = plugins.Catalog.Acquire("s3")!;
        return await lease.Provider.Adapter.ExecuteAsync(
            new OperationRequest
            {
                Operation = operation,
                Parameters = JsonElement.Parse(parameters),
                CorrelationId = "req_1",
                Content = content,
                Cursor = cursor,
                Connection = new ConnectionContext { Id = "conn_1", Project = "default", Provider = "s3", Environment = "dev", Alias = "default", Config = JsonElement.Parse(config) },
            },
            CancellationToken.None);
    }

    private static async Task<byte[]> ReadAsync(OperationResult result)
    {
        Assert.Null(result.Error);
        await using var content = result.Content!;
        using var target = new MemoryStream();
        await content.Stream.CopyToAsync(target);
        return target.ToArray();
    }

    // As a request's body is: forward only, without a length.
    private sealed class OneWayStream(byte[] bytes) : Stream
    {
        private readonly MemoryStream inner = new(bytes);

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => inner.ReadAsync(buffer, cancellationToken);

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => inner.ReadAsync(buffer, offset, count, cancellationToken);

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
