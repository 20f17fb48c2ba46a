using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Egress;
using IntegrationHub.Manifests;

namespace IntegrationHub.Host.Tests.Egress;

/// <summary>Every way to write an address that leads inside, and every way to be led there later, with somebody listening inside who must not notice anything.</summary>
#pragma warning disable CA1001 // xunit disposes it asynchronously.
public sealed class HostileAddressTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private readonly TcpListener inside = new(IPAddress.Loopback, 0);
    private readonly ConcurrentQueue<string> asked = new();

    private int Port => ((IPEndPoint)inside.LocalEndpoint).Port;

    public Task InitializeAsync()
    {
        inside.Start();
        return Task.CompletedTask;
    }

    public Task DisposeAsync()
    {
        inside.Dispose();
        return Task.CompletedTask;
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.1")]
    [InlineData("127.0.1")]
    [InlineData("2130706433")]
    [InlineData("017700000001")]
    [InlineData("0x7f000001")]
    [InlineData("0x7F.1")]
    [InlineData("0x7f.0x0.0x0.0x1")]
    [InlineData("0177.0.0.1")]
    [InlineData("0177.0.0.01")]
    [InlineData("127.0.0.1.")]
    [InlineData("2130706433.")]
    [InlineData("0")]
    [InlineData("0.0.0.0")]
    [InlineData("localhost")]
    [InlineData("LOCALHOST")]
    [InlineData("localhost.")]
    [InlineData("service.localhost")]
    [InlineData("\uFF11\uFF12\uFF17.\uFF10.\uFF10.\uFF11")] // full-width digits
    [InlineData("\u2460\u2461\u2466.\u24EA.\u24EA.\u2460")] // circled digits
    [InlineData("127\u30020\u30020\u30021")] // ideographic full stops
    [InlineData("127\uFF0E0\uFF0E0\uFF0E1")] // full-width full stops
    [InlineData("\uFF4C\uFF4F\uFF43\uFF41\uFF4C\uFF48\uFF4F\uFF53\uFF54")] // full-width localhost
    [InlineData("%31%32%37.0.0.1")]
    [InlineData("[::1]")]
    [InlineData("[0:0:0:0:0:0:0:1]")]
    [InlineData("[::127.0.0.1]")]
    [InlineData("[::ffff:127.0.0.1]")]
    [InlineData("[::ffff:7f00:1]")]
    [InlineData("[::ffff:0:127.0.0.1]")]
    [InlineData("[64:ff9b::127.0.0.1]")]
    [InlineData("[64:ff9b:1::7f00:1]")]
    [InlineData("[2002:7f00:1::]")]
    [InlineData("[fe80::1%25lo]")]
    [InlineData("[::1%25lo]")]
    [InlineData("[fec0::1]")]
    [InlineData("user@127.0.0.1")]
    [InlineData("example.com@127.0.0.1")]
    [InlineData("example.com#@127.0.0.1", "example.com")]
    [InlineData("example.com\\@127.0.0.1", "example.com")]
    public async Task Send_AddressWrittenInAnyWay_IsDenied(string host, string? reads = null)
    {
        // At worst the resolver reads whatever reaches it as loopback.
        using var handlers = new EgressHandlers(new AddressPolicy(new HubOptions()), ResolveAsync(_ => [IPAddress.Loopback]));
        var text = reads is null ? $"https://{host}:{Port}/" : $"https://{host}/";
        if (!Uri.TryCreate(text, UriKind.Absolute, out var target))
        {
            // What is no address cannot be typed in: the hub would not take it.
            Assert.Contains(host, (string[])["example.com\\@127.0.0.1", "%31%32%37.0.0.1"]);
            return;
        }

        using var user = new HttpClient(handlers.ForUserTargets, disposeHandler: false);
        await AssertDeniedAsync(() => user.GetAsync(target));

        // The same in a connection's config, where the plugin's manifest allows what the user names.
        using var provider = Client(handlers, new HubOptions(), ["{config.url}"], text);
        await AssertDeniedAsync(() => provider.GetAsync(target));
        Assert.All(asked, name => Assert.Equal(reads ?? name, name));
        Assert.False(inside.Pending());
    }

    [Theory]
    [InlineData("http://127.0.0.1:{0}/")]
    [InlineData("https://127.0.0.1:{0}/")]
    [InlineData("//127.0.0.1:{0}/")]
    [InlineData("https://api.example.com:{0}/")]
    [InlineData("http://api.example.com/")]
    [InlineData("https://api.example.com.evil.test/")]
    [InlineData("https://api.example.com@evil.test/")]
    [InlineData("https://169.254.169.254/latest/meta-data/")]
    [InlineData("https://[::ffff:169.254.169.254]/latest/meta-data/")]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://api.example.com/")]
    [InlineData("gopher://api.example.com/")]
    public async Task Send_FollowingARedirectByItself_IsCheckedLikeAnyRequest(string location)
    {
        using var handlers = new EgressHandlers(new AddressPolicy(new HubOptions()), ResolveAsync(_ => [IPAddress.Loopback]));
        using var client = Client(handlers, new HubOptions(), ["api.example.com"], "https://api.example.com/");
        var target = new Uri(new Uri("https://api.example.com/v1"), string.Format(System.Globalization.CultureInfo.InvariantCulture, location, Port));

        var fault = await Assert.ThrowsAnyAsync<Exception>(() => client.GetAsync(target));
        Assert.True(fault is NotSupportedException || fault.Message.StartsWith("egress denied", StringComparison.Ordinal), fault.ToString());
        Assert.Empty(asked);
        Assert.False(inside.Pending());
    }

    [Theory]
    [InlineData("10.0.0.1")]
    [InlineData("127.0.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("100.64.0.1")]
    [InlineData("::1")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("64:ff9b::a00:1")]
    [InlineData("fd00::1")]
    public async Task Send_NameThatTurnsInward_IsDeniedAtTheNextConnection(string inward)
    {
        // Public when it is first looked up, and when the subscription or connection is saved; inside when it is used.
        var answers = new Queue<IPAddress>([IPAddress.Parse("93.184.215.14"), IPAddress.Parse(inward)]);
        var connector = new EgressConnector(new AddressPolicy(new HubOptions()), (_, _) => Task.FromResult<IPAddress[]>([answers.Dequeue()]));
        Assert.Single(await connector.ResolveAllowedAsync("rebinds.example", networksOnly: false, CancellationToken.None));

        await Assert.ThrowsAsync<EgressDeniedException>(() => connector.ResolveAllowedAsync("rebinds.example", networksOnly: false, CancellationToken.None));
    }

    [Fact]
    public async Task Send_NameWithPublicAndPrivateAddresses_NeverReachesThePrivateOnes()
    {
        // 192.0.2.1 would be tried first by whoever checks only one of them; here nothing is left.
        using var handlers = new EgressHandlers(
            new AddressPolicy(new HubOptions()), ResolveAsync(_ => [IPAddress.Parse("192.0.2.1"), IPAddress.Loopback, IPAddress.IPv6Loopback, IPAddress.Parse("::ffff:127.0.0.1")]));
        using var client = new HttpClient(handlers.ForUserTargets, disposeHandler: false);

        await AssertDeniedAsync(() => client.GetAsync(new Uri($"https://many.example:{Port}/")));
        Assert.False(inside.Pending());
    }

    [Theory]
    [InlineData("127.0.0.0/8", "127.0.0.1", true)]
    [InlineData("127.0.0.0/8", "10.0.0.1", false)]
    [InlineData("127.0.0.0/8", "::1", false)]
    [InlineData("10.0.0.0/8", "10.1.2.3", true)]
    [InlineData("10.0.0.0/8", "64:ff9b::a01:203", false)]
    [InlineData("fd00::/8", "fd12::1", true)]
    [InlineData("fd00::/8", "fd12::1%4", true)]
    [InlineData("fd00::/8", "fe80::1", false)]
    public void AddressPolicy_NetworkThatTheOperatorNamed_IsAllowedAndNoOther(string network, string address, bool allowed)
    {
        var options = new HubOptions();
        options.AllowedNetworks.Add(network);

        Assert.Equal(allowed, new AddressPolicy(options).WhyRefused(IPAddress.Parse(address)) is null);
    }

    private static async Task AssertDeniedAsync(Func<Task> call)
    {
        var fault = await Assert.ThrowsAnyAsync<HttpRequestException>(call);
        Assert.StartsWith("egress denied", fault.Message, StringComparison.Ordinal);
    }

    private static HttpClient Client(EgressHandlers handlers, HubOptions options, string[] allow, string url) =>
        new ProviderHttp(new NetworkManifest { Allow = allow }, handlers, new AddressPolicy(options)).CreateClient(new ConnectionContext
        {
            Id = "conn_1", Project = "default", Provider = "test", Environment = "dev", Alias = "default", Config = JsonSerializer.SerializeToElement(new { url }),
        });

    private EgressConnector.Resolve ResolveAsync(Func<string, IPAddress[]> answer) => (name, _) =>
    {
        asked.Enqueue(name);
        return Task.FromResult(answer(name));
    };
}
