using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Egress;
using IntegrationHub.Manifests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace IntegrationHub.Host.Tests.Egress;

public sealed class ProviderHttpTests : IAsyncLifetime
{
    private WebApplication server = null!;
    private Uri address = null!;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        server = builder.Build();
        server.MapGet("/hello", () => "hello");
        server.MapGet("/hang", async (HttpContext context) => await Task.Delay(Timeout.Infinite, context.RequestAborted));
        server.MapGet("/away", (HttpContext context) => context.Response.Redirect("/hello"));
        server.MapGet("/cookie", (HttpContext context) =>
        {
            var sent = context.Request.Headers.Cookie.ToString();
            context.Response.Cookies.Append("session", "1");
            return sent.Length == 0 ? "none" : sent;
        });
        server.MapGet("/trace", (HttpContext context) => string.Join(',', context.Request.Headers.Keys.Where(name => name is "traceparent" or "tracestate" or "baggage" or "Request-Id")));
        server.MapGet("/gzip", (HttpContext context) =>
        {
            context.Response.Headers.ContentEncoding = "gzip";
            return Results.Bytes(Gzip("plain"), "text/plain");
        });
        await server.StartAsync();
        address = new Uri(server.Urls.First());
    }

    public async Task DisposeAsync() => await server.DisposeAsync();

    [Fact]
    public async Task Send_LoopbackOverrideAllowed_Reaches()
    {
        using var handlers = Handlers(new HubOptions { AllowPrivateTargets = true });
        using var client = handlers.Client([], overridden: address);

        Assert.Equal("hello", await client.GetStringAsync("/hello"));
    }

    [Fact]
    public async Task Send_WhileTracing_TellsTheProviderNothingOfTheTrace()
    {
        using var handlers = Handlers(new HubOptions { AllowPrivateTargets = true });
        using var client = handlers.Client([], overridden: address);
        using var activity = new System.Diagnostics.Activity("call").SetIdFormat(System.Diagnostics.ActivityIdFormat.W3C).AddBaggage("project", "p1").Start();

        Assert.Equal("", await client.GetStringAsync("/trace"));
    }

    [Fact]
    public async Task Send_LoopbackInAllowedNetwork_Reaches()
    {
        var options = new HubOptions();
        options.AllowedNetworks.Add("127.0.0.0/8");
        using var handlers = Handlers(options);
        using var client = handlers.Client([], overridden: address);

        Assert.Equal("hello", await client.GetStringAsync("/hello"));
    }

    [Fact]
    public async Task Send_LoopbackNotAllowed_IsDeniedAtConnect()
    {
        using var handlers = Handlers(new HubOptions());
        using var client = handlers.Client([], overridden: address);

        var fault = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync("/hello"));
        Assert.StartsWith("egress denied", fault.Message, StringComparison.Ordinal);
        Assert.Contains("loopback", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Send_UserGivenAddress_FollowsConfig()
    {
        using var handlers = Handlers(new HubOptions { AllowPrivateTargets = true });
        using var client = handlers.Client(["{config.url}"], config: $$"""{ "url": "{{address}}" }""");

        Assert.Equal("hello", await client.GetStringAsync(new Uri(address, "/hello")));
    }

    [Theory]
    [InlineData("https://evil.test/")]
    [InlineData("https://api.example.com:8443/")]
    [InlineData("https://example.com/")]
    [InlineData("https://169.254.169.254/latest/meta-data/")]
    [InlineData("http://api.example.com/")]
    [InlineData("ftp://api.example.com/")]
    public async Task Send_NotInAllowList_IsDeniedBeforeAnyResolution(string target)
    {
        var resolved = 0;
        using var handlers = Handlers(new HubOptions { AllowPrivateTargets = true }, (_, _) =>
        {
            resolved++;
            return Task.FromResult(Array.Empty<IPAddress>());
        });
        using var client = handlers.Client(["api.example.com", "{config.url}"], config: """{ "url": 42 }""");

        var fault = await Assert.ThrowsAnyAsync<Exception>(() => client.GetAsync(new Uri(target)));
        Assert.True(fault is NotSupportedException || fault.Message.StartsWith("egress denied", StringComparison.Ordinal), fault.ToString());
        Assert.Equal(0, resolved);
    }

    [Theory]
    [InlineData("10.0.0.5")]
    [InlineData("169.254.169.254")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("fd00::1")]
    public async Task Send_PublicNameWithPrivateAddress_IsDenied(string resolvesTo)
    {
        using var handlers = Handlers(new HubOptions(), (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse(resolvesTo)]));
        using var client = handlers.Client(["api.example.com"]);

        var fault = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(new Uri("https://api.example.com/")));
        Assert.StartsWith("egress denied", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Send_NameThatRebinds_ConnectsToTheCheckedAddressOnly()
    {
        // The first answer is allowed; a second look-up would be refused. There must be no second look-up.
        var answers = new Queue<IPAddress>([IPAddress.Loopback, IPAddress.Parse("10.0.0.1")]);
        var options = new HubOptions();
        options.AllowedNetworks.Add("127.0.0.0/8");
        using var handlers = Handlers(options, (_, _) => Task.FromResult<IPAddress[]>([answers.Dequeue()]));
        using var client = handlers.Client(["{config.url}"], config: $$"""{ "url": "http://store.example:{{address.Port}}" }""");

        Assert.Equal("hello", await client.GetStringAsync(new Uri($"http://store.example:{address.Port}/hello")));
        Assert.Single(answers);
    }

    [Fact]
    public async Task Resolve_SomeAddressesPrivate_KeepsThePublicOnes()
    {
        var connector = new EgressConnector(new AddressPolicy(new HubOptions()), (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse("64:ff9b::808:808"), IPAddress.Parse("8.8.8.8")]));

        var address = Assert.Single(await connector.ResolveAllowedAsync("example.com", networksOnly: false, default));
        Assert.Equal("8.8.8.8", address.ToString());
    }

    [Fact]
    public async Task Resolve_PlainTextToPublicAddress_IsDenied()
    {
        var options = new HubOptions();
        options.AllowedNetworks.Add("10.0.0.0/8");
        var connector = new EgressConnector(new AddressPolicy(options), (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse("8.8.8.8")]));

        await Assert.ThrowsAsync<EgressDeniedException>(() => connector.ResolveAllowedAsync("example.com", networksOnly: true, default));
    }

    [Fact]
    public async Task Create_PluginsWithCode_HaveConnectionsOfTheirOwnWhichGoWithThem()
    {
        var policy = new AddressPolicy(new HubOptions { AllowPrivateTargets = true });
        using var handlers = new EgressHandlers(policy, EgressConnector.SystemResolver);
        var factory = new ProviderHttpFactory(handlers, policy);
        using var one = factory.Create(Manifest(code: true));
        using var other = factory.Create(Manifest(code: true));
        using var plain = factory.Create(Manifest(code: false));
        one.Dispose();
        plain.Dispose();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => GetAsync(one));
        Assert.Equal("hello", await GetAsync(other));

        // What is the hub's stays.
        Assert.Equal("hello", await GetAsync(plain));

        async Task<string> GetAsync(ProviderHttp http)
        {
            using var client = http.CreateClient(Connection("{}", address));
            return await client.GetStringAsync(new Uri(address, "/hello"));
        }

        static ProviderManifest Manifest(bool code) => new()
        {
            ManifestVersion = 1, Id = "x", Name = "x", Version = "1.0.0", Category = "developer", Entry = code ? new EntryManifest { Assembly = "X.dll", Type = "X" } : null,
        };
    }

    // How many calls run at the same time is the gates' business, by provider; providers that share an address do not share a queue.
    [Fact]
    public async Task Send_ManyCallsHangAtTheAddress_OthersGoThrough()
    {
        using var handlers = Handlers(new HubOptions { AllowPrivateTargets = true });
        using var hanging = handlers.Client([], overridden: address);
        using var other = handlers.Client([], overridden: address);
        using var stop = new CancellationTokenSource();
        var calls = Enumerable.Range(0, 300).Select(_ => hanging.GetAsync("/hang", stop.Token)).ToList();

        Assert.Equal("hello", await other.GetStringAsync("/hello"));

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(calls));
    }

    [Fact]
    public async Task Send_Redirect_IsNotFollowed()
    {
        using var handlers = Handlers(new HubOptions { AllowPrivateTargets = true });
        using var client = handlers.Client([], overridden: address);

        using var answer = await client.GetAsync("/away");
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
    }

    [Fact]
    public async Task Send_Cookie_IsNotKept()
    {
        using var handlers = Handlers(new HubOptions { AllowPrivateTargets = true });
        using var client = handlers.Client([], overridden: address);

        await client.GetStringAsync("/cookie");
        Assert.Equal("none", await client.GetStringAsync("/cookie"));
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task Send_GzippedAnswer_IsDecompressedUnlessTheSenderNamesAnEncoding(bool namesEncoding, bool decompressed)
    {
        using var handlers = Handlers(new HubOptions { AllowPrivateTargets = true });
        using var client = handlers.Client([], overridden: address);
        if (namesEncoding)
            client.DefaultRequestHeaders.AcceptEncoding.ParseAdd("identity");

        var body = await client.GetByteArrayAsync("/gzip");
        Assert.Equal(decompressed, Encoding.UTF8.GetString(body) == "plain");
    }

    [Fact]
    public async Task UserTargets_LoopbackNotAllowed_IsDenied()
    {
        using var handlers = new EgressHandlers(new AddressPolicy(new HubOptions()), EgressConnector.SystemResolver);
        using var client = new HttpClient(handlers.ForUserTargets, disposeHandler: false);

        var fault = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(new Uri(address, "/hello")));
        Assert.StartsWith("egress denied", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.0.0.0/33")]
    [InlineData("not-a-network")]
    [InlineData("")]
    public void AddressPolicy_BadNetwork_SaysWhatToWrite(string network)
    {
        var options = new HubOptions();
        options.AllowedNetworks.Add(network);

        var fault = Assert.Throws<InvalidOperationException>(() => new AddressPolicy(options));
        Assert.Contains("Hub:AllowedNetworks", fault.Message, StringComparison.Ordinal);
    }

    private static TestHandlers Handlers(HubOptions options, EgressConnector.Resolve? resolve = null) => new(options, resolve ?? EgressConnector.SystemResolver);

    private static ConnectionContext Connection(string config, Uri? overridden) => new()
    {
        Id = "conn_1", Project = "default", Provider = "test", Environment = "dev", Alias = "default",
        Config = JsonElement.Parse(config),
        BaseUrl = overridden?.ToString().TrimEnd('/') ?? "",
        BaseUrlOverridden = overridden is not null,
    };

    private static byte[] Gzip(string text)
    {
        using var target = new MemoryStream();
        using (var zip = new GZipStream(target, CompressionLevel.Fastest))
            zip.Write(Encoding.UTF8.GetBytes(text));

        return target.ToArray();
    }

    private sealed class TestHandlers : IDisposable
    {
        private readonly AddressPolicy policy;
        private readonly EgressHandlers handlers;

        public TestHandlers(HubOptions options, EgressConnector.Resolve resolve)
        {
            policy = new AddressPolicy(options);
            handlers = new EgressHandlers(policy, resolve);
        }

        public HttpClient Client(string[] allow, string config = "{}", Uri? overridden = null)
        {
            var http = new ProviderHttp(new NetworkManifest { Allow = allow }, handlers, policy);
            var client = http.CreateClient(Connection(config, overridden));
            client.BaseAddress = overridden;
            return client;
        }

        public void Dispose() => handlers.Dispose();
    }
}
