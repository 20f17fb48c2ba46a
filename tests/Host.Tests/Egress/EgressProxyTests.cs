using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using IntegrationHub.Host.Egress;

namespace IntegrationHub.Host.Tests.Egress;

#pragma warning disable CA1001 // xunit disposes of it through IAsyncLifetime.
/// <summary>The operator's proxy: reached for public addresses alone, and asked for the address that was checked.</summary>
public sealed class EgressProxyTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentQueue<string> requests = new();
    private readonly CancellationTokenSource stop = new();
    private string answer = "HTTP/1.1 200 Connection established\r\n\r\n";
    private Task serving = Task.CompletedTask;

    private int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public Task InitializeAsync()
    {
        listener.Start();
        serving = ServeAsync();
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        await serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
    }

    [Fact]
    public async Task Send_ToAPublicName_AsksTheProxyForTheCheckedAddress()
    {
        using var handlers = Handlers(Options("http://hub:p%40ss@127.0.0.1:{0}"), "93.184.215.14");
        Assert.Equal("through", await GetAsync(handlers, "http://public.example/hooks"));

        Assert.True(requests.TryDequeue(out var connect));
        Assert.StartsWith("CONNECT 93.184.215.14:80 HTTP/1.1\r\nHost: 93.184.215.14:80\r\n", connect, StringComparison.Ordinal);
        Assert.Contains($"Proxy-Authorization: Basic {Convert.ToBase64String("hub:p@ss"u8)}\r\n", connect, StringComparison.Ordinal);
        Assert.True(requests.TryDequeue(out var inside));
        Assert.StartsWith("GET /hooks HTTP/1.1\r\nHost: public.example\r\n", inside, StringComparison.Ordinal);
        Assert.DoesNotContain("Proxy-Authorization", inside, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.0.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("127.0.0.1")]
    [InlineData("fd00::1")]
    public async Task Send_ToANameThatLeadsInside_IsDeniedBeforeTheProxyHearsOfIt(string address)
    {
        using var handlers = Handlers(Options("http://127.0.0.1:{0}"), address);
        var fault = await Assert.ThrowsAnyAsync<HttpRequestException>(() => GetAsync(handlers, "http://turns.example/"));
        Assert.Contains("egress denied", fault.Message, StringComparison.Ordinal);
        Assert.Empty(requests);
    }

    [Fact]
    public async Task Send_ToANetworkThatTheOperatorNamed_GoesThereDirectly()
    {
        var options = Options("http://127.0.0.1:1");
        options.AllowedNetworks.Add("127.0.0.0/8");
        using var handlers = Handlers(options, "127.0.0.1");
        answer = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\ndirect";
        Assert.Equal("direct", await GetAsync(handlers, $"http://near.example:{Port}/"));
    }

    [Fact]
    public async Task Send_WhereTheProxyResolves_NamesGoToItAndAddressesAreStillChecked()
    {
        var options = Options("http://127.0.0.1:{0}");
        options.OutgoingProxyResolvesNames = true;
        using var handlers = new EgressHandlers(
            new AddressPolicy(options), (_, _) => throw new InvalidOperationException("Nothing resolves here."), proxy: EgressProxy.Of(options));
        Assert.Equal("through", await GetAsync(handlers, "http://public.example/hooks"));
        Assert.True(requests.TryDequeue(out var connect));
        Assert.StartsWith("CONNECT public.example:80 HTTP/1.1\r\n", connect, StringComparison.Ordinal);

        var fault = await Assert.ThrowsAnyAsync<HttpRequestException>(() => GetAsync(handlers, "http://169.254.169.254/"));
        Assert.Contains("egress denied", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HTTP/1.1 403 Forbidden\r\n\r\n", "403")]
    [InlineData("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "407")]
    [InlineData("220 mail.example ESMTP\r\n\r\n", "did not answer")]
    [InlineData("HTTP/1.1 200 OK\r\n\r\nhello", "did not answer")]
    [InlineData("HTTP/1.1 2", "did not answer")]
    public async Task Send_RefusedByTheProxy_SaysSo(string refusal, string words)
    {
        answer = refusal;
        using var handlers = Handlers(Options("http://127.0.0.1:{0}"), "93.184.215.14");
        var fault = await Assert.ThrowsAnyAsync<HttpRequestException>(() => GetAsync(handlers, "http://public.example/"));
        Assert.Contains(words, fault.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://proxy.example:3128")]
    [InlineData("proxy.example:3128")]
    [InlineData("http://proxy.example:3128/path")]
    [InlineData("socks5://proxy.example")]
    public void Of_NoProxysAddress_SaysWhatToWrite(string address)
    {
        var fault = Assert.Throws<InvalidOperationException>(() => EgressProxy.Of(new HubOptions { OutgoingProxy = address }));
        Assert.Contains("http://proxy.example:3128", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_None_IsNone() => Assert.Null(EgressProxy.Of(new HubOptions()));

    private HubOptions Options(string proxy) => new() { OutgoingProxy = proxy.Replace("{0}", Port.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal) };

    private static EgressHandlers Handlers(HubOptions options, string address) =>
        new(new AddressPolicy(options), (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse(address)]), proxy: EgressProxy.Of(options));

    private static async Task<string> GetAsync(EgressHandlers handlers, string url)
    {
        using var client = new HttpClient(handlers.ForUserTargets, disposeHandler: false) { Timeout = TimeSpan.FromSeconds(30) };
        return await client.GetStringAsync(new Uri(url));
    }

    /// <summary>Answers the first request of each connection as told; what comes through an open tunnel gets one answer, and the end.</summary>
    private async Task ServeAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            using var client = await listener.AcceptTcpClientAsync(stop.Token);
            await using var stream = client.GetStream();
            requests.Enqueue(await ReadHeadAsync(stream));
            await stream.WriteAsync(Encoding.ASCII.GetBytes(answer));
            if (!answer.StartsWith("HTTP/1.1 200 Connection", StringComparison.Ordinal))
                continue;

            requests.Enqueue(await ReadHeadAsync(stream));
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\nthrough"u8.ToArray());
        }
    }

    private async Task<string> ReadHeadAsync(NetworkStream stream)
    {
        var text = new StringBuilder();
        var buffer = new byte[1024];
        while (!text.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(buffer, stop.Token) is > 0 and var read)
            text.Append(Encoding.ASCII.GetString(buffer, 0, read));
        return text.ToString();
    }
}
