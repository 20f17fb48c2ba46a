using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace IntegrationHub.Host.Tests.Fakes;

/// <summary>
/// Speaks AWS KMS's JSON protocol (TrentService) on loopback: GenerateDataKey and Decrypt with encryption contexts, and Signature Version 4 checked over method, path, headers
/// and body. Keys live in memory.
/// </summary>
internal sealed class FakeKms : IAsyncDisposable
{
    public const string Region = "eu-central-1";
    public static readonly string AccessKey = "AKIA" + new string('T', 16);
    public static readonly string SecretKey = string.Concat(Enumerable.Repeat("test", 10));

    private readonly WebApplication app;
    private readonly ConcurrentDictionary<string, byte[]> keys = new();
    private readonly ConcurrentQueue<string> calls = new();

    private FakeKms(WebApplication app)
    {
        this.app = app;
        app.MapPost("/", AnswerAsync);
    }

    public string Address => app.Urls.First();

    /// <summary>The operations asked for, in order.</summary>
    public IReadOnlyList<string> Calls => [.. calls];

    /// <summary>When set, every call is answered with this error.</summary>
    public (int Status, string Type)? Fault { get; set; }

    public static async Task<FakeKms> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var kms = new FakeKms(builder.Build());
        await kms.app.StartAsync();
        return kms;
    }

    /// <returns>The new key's ARN.</returns>
    public string CreateKey()
    {
        var arn = $"arn:aws:kms:{Region}:000000000000:key/{Guid.NewGuid()}";
        keys[arn] = RandomNumberGenerator.GetBytes(32);
        return arn;
    }

    public void DeleteKey(string arn) => keys.TryRemove(arn, out _);

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var operation = context.Request.Headers["X-Amz-Target"].ToString().Replace("TrentService.", "", StringComparison.Ordinal);
        calls.Enqueue(operation);
        if (Fault is { } fault)
        {
            await RefuseAsync(context, fault.Status, fault.Type);
            return;
        }

        if (!IsSigned(context.Request, body.ToArray()))
        {
            await RefuseAsync(context, 400, "InvalidSignatureException");
            return;
        }

        var request = JsonDocument.Parse(body.ToArray()).RootElement;
        var aad = request.TryGetProperty("EncryptionContext", out var bound) ? Encoding.UTF8.GetBytes(string.Join('|', bound.EnumerateObject().OrderBy(pair => pair.Name, StringComparer.Ordinal).Select(pair => $"{pair.Name}={pair.Value}"))) : [];
        if (!keys.TryGetValue(request.GetProperty("KeyId").GetString()!, out var key))
        {
            await RefuseAsync(context, 400, "NotFoundException");
            return;
        }

        var arn = request.GetProperty("KeyId").GetString()!;
        JsonObject answer;
        if (operation == "GenerateDataKey")
        {
            var plain = RandomNumberGenerator.GetBytes(request.GetProperty("NumberOfBytes").GetInt32());
            answer = new JsonObject { ["CiphertextBlob"] = Convert.ToBase64String(Seal(key, plain, aad)), ["Plaintext"] = Convert.ToBase64String(plain), ["KeyId"] = arn };
        }
        else if (operation == "Decrypt" && Open(key, request.GetProperty("CiphertextBlob").GetBytesFromBase64(), aad) is { } opened)
        {
            answer = new JsonObject { ["KeyId"] = arn, ["Plaintext"] = Convert.ToBase64String(opened), ["EncryptionAlgorithm"] = "SYMMETRIC_DEFAULT" };
        }
        else
        {
            await RefuseAsync(context, 400, operation == "Decrypt" ? "InvalidCiphertextException" : "UnknownOperationException");
            return;
        }

        context.Response.ContentType = "application/x-amz-json-1.1";
        await context.Response.WriteAsync(answer.ToJsonString());
    }

    private static Task RefuseAsync(HttpContext context, int status, string type)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/x-amz-json-1.1";
        return context.Response.WriteAsync(new JsonObject { ["__type"] = type, ["message"] = $"{type} by the test" }.ToJsonString());
    }

    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    private static bool IsSigned(HttpRequest request, byte[] body)
    {
        var fields = request.Headers.Authorization.ToString().Split([' ', ','], StringSplitOptions.RemoveEmptyEntries);
        if (fields is not ["AWS4-HMAC-SHA256", ..])
            return false;

        string Field(string name) => fields.Single(field => field.StartsWith(name + "=", StringComparison.Ordinal))[(name.Length + 1)..];
        var scope = Field("Credential").Split('/', 2);
        var date = request.Headers["X-Amz-Date"].ToString();
        if (scope[0] != AccessKey || scope[1] != $"{date[..8]}/{Region}/kms/aws4_request"
            || !DateTimeOffset.TryParseExact(date, "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _))
            return false;

        var names = Field("SignedHeaders");
        if (!names.Split(';').Contains("host") || !names.Split(';').Contains("x-amz-target"))
            return false;

        var headers = string.Concat(names.Split(';').Select(name => $"{name}:{request.Headers[name].ToString().Trim()}\n"));
        var canonical = $"{request.Method}\n/\n\n{headers}\n{names}\n{Hex(SHA256.HashData(body))}";
        var toSign = $"AWS4-HMAC-SHA256\n{date}\n{scope[1]}\n{Hex(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))}";
        var signing = scope[1].Split('/').Aggregate(Encoding.UTF8.GetBytes("AWS4" + SecretKey), (signer, part) => HMACSHA256.HashData(signer, Encoding.UTF8.GetBytes(part)));
        return Field("Signature") == Hex(HMACSHA256.HashData(signing, Encoding.UTF8.GetBytes(toSign)));
    }

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);

    private static byte[] Seal(byte[] key, byte[] plain, byte[] aad)
    {
        var result = new byte[28 + plain.Length];
        RandomNumberGenerator.Fill(result.AsSpan(0, 12));
        using var aes = new AesGcm(key, 16);
        aes.Encrypt(result.AsSpan(0, 12), plain, result.AsSpan(28), result.AsSpan(12, 16), aad);
        return result;
    }

    private static byte[]? Open(byte[] key, byte[] blob, byte[] aad)
    {
        if (blob.Length < 28)
            return null;

        var plain = new byte[blob.Length - 28];
        try
        {
            using var aes = new AesGcm(key, 16);
            aes.Decrypt(blob.AsSpan(0, 12), blob.AsSpan(28), blob.AsSpan(12, 16), plain, aad);
            return plain;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
