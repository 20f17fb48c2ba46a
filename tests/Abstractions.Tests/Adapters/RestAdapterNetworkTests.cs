using System.Net;
using System.Net.Sockets;
using System.Text;
using IntegrationHub.Adapters;
using IntegrationHub.Manifests;

namespace IntegrationHub.Abstractions.Tests.Adapters;

public sealed class RestAdapterNetworkTests : IDisposable
{
    private readonly SocketsHttpHandler handler = new() { AllowAutoRedirect = false, UseCookies = false, UseProxy = false };

    private RestHarness At(string url, HttpManifest? http = null, StreamManifest? stream = null) => new()
    {
        BaseUrl = url, RealHandler = handler,
        Operation = new() { Http = http ?? new() { Method = "POST", Path = "/v1/things" }, Stream = stream ?? new() },
    };

    public void Dispose() => handler.Dispose();

    [Fact]
    public async Task Refused_IsUnavailableAndNothingWasSent()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();

        var error = (await At($"http://127.0.0.1:{port}").RunAsync()).Error!;

        Assert.Equal((ErrorCategory.Unavailable, false), (error.Category, error.OutcomeUnknown));
        Assert.Null(error.ProviderStatus);
    }

    [Fact]
    public async Task TlsThatFails_IsUnavailableAndNothingWasSent()
    {
        await using var server = new RawServer(async (_, stream, token) =>
        {
            await stream.ReadAtLeastAsync(new byte[1024], 1, throwOnEndOfStream: false, token);
            await stream.WriteAsync("HTTP/1.1 400 Plain\r\n\r\n"u8.ToArray(), token);
        });

        var error = (await At(server.Url.Replace("http:", "https:", StringComparison.Ordinal)).RunAsync()).Error!;

        Assert.Equal((ErrorCategory.Unavailable, false), (error.Category, error.OutcomeUnknown));
        Assert.Contains("secure connection", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ClosedBeforeTheAnswer_IsOfUnknownOutcome()
    {
        await using var server = new RawServer(async (_, stream, token) => await RawServer.ReadHeadAsync(stream, token));

        var error = (await At(server.Url).RunAsync("""{"a":1}""")).Error!;

        Assert.Equal((ErrorCategory.Unavailable, true), (error.Category, error.OutcomeUnknown));
    }

    [Fact]
    public async Task BrokenInsideTheAnswer_IsOfUnknownOutcome()
    {
        await using var server = new RawServer(async (_, stream, token) =>
        {
            await RawServer.ReadHeadAsync(stream, token);
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"id\":"u8.ToArray(), token);
        });

        var error = (await At(server.Url).RunAsync()).Error!;

        Assert.Equal((ErrorCategory.Unavailable, true), (error.Category, error.OutcomeUnknown));
        Assert.Contains("complete", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BrokenInsideARefusal_StillGoesByStatus()
    {
        await using var server = new RawServer(async (_, stream, token) =>
        {
            await RawServer.ReadHeadAsync(stream, token);
            await stream.WriteAsync("HTTP/1.1 422 No\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"m"u8.ToArray(), token);
        });

        var error = (await At(server.Url).RunAsync()).Error!;

        Assert.Equal((ErrorCategory.InvalidParams, 422, false), (error.Category, error.ProviderStatus, error.OutcomeUnknown));
    }

    [Fact]
    public async Task NotHttpAtAll_IsUnavailable()
    {
        await using var server = new RawServer(async (_, stream, token) =>
        {
            await RawServer.ReadHeadAsync(stream, token);
            await stream.WriteAsync("220 mail.test ESMTP\r\n\r\n"u8.ToArray(), token);
        });

        Assert.Equal(ErrorCategory.Unavailable, (await At(server.Url).RunAsync()).Error!.Category);
    }

    [Fact]
    public async Task Cancelled_BeforeTheAnswer_Throws()
    {
        using var cancel = new CancellationTokenSource();
        await using var server = new RawServer(async (_, stream, token) =>
        {
            await RawServer.ReadHeadAsync(stream, token);
            await cancel.CancelAsync();
            await stream.ReadAtLeastAsync(new byte[1], 1, throwOnEndOfStream: false, token);
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => At(server.Url).RunAsync(cancellationToken: cancel.Token));
    }

    [Fact]
    public async Task Cancelled_InsideTheAnswer_Throws()
    {
        using var cancel = new CancellationTokenSource();
        await using var server = new RawServer(async (_, stream, token) =>
        {
            await RawServer.ReadHeadAsync(stream, token);
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"u8.ToArray(), token);
            await cancel.CancelAsync();
            await stream.ReadAtLeastAsync(new byte[1], 1, throwOnEndOfStream: false, token);
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => At(server.Url).RunAsync(cancellationToken: cancel.Token));
    }

    [Fact]
    public async Task OnTheWire_TheRequestIsWhatTheManifestSays()
    {
        string? head = null;
        await using var server = new RawServer(async (_, stream, token) =>
        {
            (head, var _) = await RawServer.ReadHeadAsync(stream, token);
            await stream.WriteAsync("HTTP/1.1 204 No Content\r\n\r\n"u8.ToArray(), token);
        });

        var result = await At(server.Url, new() { Method = "DELETE", Path = "/v1/{params.id}/é", Headers = new Dictionary<string, string> { ["X-A"] = "b" } })
            .RunAsync("""{"id":"a b/..c%2F","q":"x y"}""");

        Assert.Equal("null", result.Value.GetRawText());
        var lines = head!.Split("\r\n");
        Assert.Equal("DELETE /v1/a%20b%2F..c%252F/%C3%A9?q=x%20y HTTP/1.1", lines[0]);
        Assert.Contains("X-A: b", lines);
        Assert.Contains("User-Agent: IntegrationHub/1.0", lines);
        Assert.DoesNotContain(lines, line => line.StartsWith("Content-", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task EgressDenied_NamesTheHost(bool wrapped)
    {
        var denied = new HttpRequestException("egress denied: internal detail");
        var harness = new RestHarness { Answer = (_, _) => throw (wrapped ? new HttpRequestException(HttpRequestError.ConnectionError, "outer", denied) : denied) };

        var error = (await harness.RunAsync()).Error!;

        Assert.Equal((ErrorCategory.ProviderError, false), (error.Category, error.OutcomeUnknown));
        Assert.Contains("network.allow", error.Message, StringComparison.Ordinal);
        Assert.Contains("api.provider.test", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("internal detail", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(HttpRequestError.NameResolutionError, false)]
    [InlineData(HttpRequestError.ConnectionError, false)]
    [InlineData(HttpRequestError.SecureConnectionError, false)]
    [InlineData(HttpRequestError.ProxyTunnelError, false)]
    [InlineData(HttpRequestError.ResponseEnded, true)]
    [InlineData(HttpRequestError.HttpProtocolError, true)]
    [InlineData(HttpRequestError.Unknown, true)]
    public async Task NetworkErrors_SayWhetherTheRequestCanHaveArrived(HttpRequestError reason, bool unknown)
    {
        var harness = new RestHarness { Answer = (_, _) => throw new HttpRequestException(reason, "exception text 10.0.0.1") };

        var error = (await harness.RunAsync()).Error!;

        Assert.Equal((ErrorCategory.Unavailable, unknown), (error.Category, error.OutcomeUnknown));
        Assert.DoesNotContain("10.0.0.1", error.Message + string.Concat(harness.LogLines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task CancelledByTheHandlerItself_IsATimeout()
    {
        var error = (await new RestHarness { Answer = (_, _) => throw new TaskCanceledException() }.RunAsync()).Error!;
        Assert.Equal((ErrorCategory.Timeout, true), (error.Category, error.OutcomeUnknown));
    }

    [Fact]
    public async Task ConnectTimeout_IsATimeoutAndNothingWasSent()
    {
        using var slow = new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromMilliseconds(1),
            ConnectCallback = async (_, token) =>
            {
                await Task.Delay(Timeout.Infinite, token);
                throw new InvalidOperationException();
            },
        };

        var error = (await new RestHarness { RealHandler = slow, BaseUrl = "http://127.0.0.1:9" }.RunAsync()).Error!;

        Assert.Equal((ErrorCategory.Timeout, false), (error.Category, error.OutcomeUnknown));
    }

    [Fact]
    public async Task Upload_Of64Megabytes_IsNeverHeldInMemory()
    {
        const long size = 64L * 1024 * 1024;
        await using var server = new RawServer(async (self, stream, token) =>
        {
            var (head, rest) = await RawServer.ReadHeadAsync(stream, token);
            Assert.Contains($"Content-Length: {size}", head, StringComparison.Ordinal);
            self.Moved = rest.Length;
            var buffer = new byte[256 * 1024];
            while (Volatile.Read(ref self.Moved) < size && await stream.ReadAsync(buffer, token) is > 0 and var read)
                Interlocked.Add(ref self.Moved, read);

            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"u8.ToArray(), token);
        });
        var source = new CountingStream(size, () => Volatile.Read(ref server.Moved));

        var result = await At(server.Url, new() { Method = "PUT", Path = "/f", Body = new() { Kind = BodyKind.Raw } }, new() { Request = true })
            .RunAsync(content: new OperationContent(source, "application/octet-stream", size));

        Assert.True(result.Succeeded);
        Assert.Equal(size, server.Moved);
        Assert.InRange(source.FurthestAhead, 0, 16 * 1024 * 1024);
    }

    [Fact]
    public async Task Upload_OfUnknownLength_IsChunked()
    {
        string? head = null;
        await using var server = new RawServer(async (_, stream, token) =>
        {
            (head, var rest) = await RawServer.ReadHeadAsync(stream, token);
            var body = new StringBuilder(Encoding.ASCII.GetString(rest));
            var buffer = new byte[4096];
            while (!body.ToString().EndsWith("0\r\n\r\n", StringComparison.Ordinal))
                body.Append(Encoding.ASCII.GetString(buffer, 0, await stream.ReadAsync(buffer, token)));

            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"u8.ToArray(), token);
        });

        var result = await At(server.Url, new() { Method = "PUT", Path = "/f", Body = new() { Kind = BodyKind.Raw } }, new() { Request = true })
            .RunAsync(content: new OperationContent(new CountingStream(10_000, () => 0), "text/plain"));

        Assert.True(result.Succeeded);
        Assert.Contains("Transfer-Encoding: chunked", head, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Download_IsReadAsItComes_AndStopsWhenDisposed()
    {
        await using var server = new RawServer(async (self, stream, token) =>
        {
            await RawServer.ReadHeadAsync(stream, token);
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: 99999999999\r\n\r\n"u8.ToArray(), token);
            var block = new byte[256 * 1024];
            while (true)
            {
                await stream.WriteAsync(block, token);
                Interlocked.Add(ref self.Moved, block.Length);
            }
        });

        var result = await At(server.Url, new() { Method = "GET", Path = "/f" }, new() { Response = true }).RunAsync();
        Assert.Equal(99999999999, result.Content!.Length);
        var buffer = new byte[1024 * 1024];
        long total = 0, ahead = 0;
        while (total < 64L * 1024 * 1024)
        {
            total += await result.Content.Stream.ReadAsync(buffer);
            ahead = Math.Max(ahead, Volatile.Read(ref server.Moved) - total);
        }

        await result.Content.DisposeAsync();

        Assert.InRange(ahead, 0, 16 * 1024 * 1024);
        await Assert.ThrowsAnyAsync<IOException>(() => server.Done);
    }

    [Fact]
    public async Task Execute_FromManyThreads_KeepsCallsApart()
    {
        var harness = new RestHarness { Http = new() { Method = "POST", Path = "/v1/{params.id}" } };
        harness.RealHandler = new Echo();
        await using var adapter = await harness.StartAsync();

        var results = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Task.Run(async () =>
        {
            var request = new OperationRequest
            {
                Operation = "op", Parameters = RestHarness.Json($$"""{"id":"{{i}}","n":{{i}} }"""), CorrelationId = "c",
                Connection = new() { Id = "c", Project = "p", Provider = "acme", Environment = "dev", Alias = "a", Config = RestHarness.Json("{}"), BaseUrl = "https://api.provider.test" },
            };
            return (i, result: await adapter.ExecuteAsync(request, CancellationToken.None));
        })));

        Assert.All(results, pair => Assert.Equal($$$"""{"path":"/v1/{{{pair.i}}}","body":{"n":{{{pair.i}}}} }""", pair.result.Value.GetRawText()));
    }

    private sealed class Echo : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var body = await request.Content!.ReadAsStringAsync(cancellationToken);
            await Task.Yield();
            return new(HttpStatusCode.OK) { Content = new StringContent($$"""{"path":"{{request.RequestUri!.AbsolutePath}}","body":{{body}} }""", Encoding.UTF8, "application/json") };
        }
    }

    /// <summary>Zeros without a seekable end; notes how far reading ran ahead of what the other side has.</summary>
    private sealed class CountingStream(long size, Func<long> received) : Stream
    {
        private long given;

        public long FurthestAhead { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var now = (int)Math.Min(count, size - given);
            Array.Clear(buffer, offset, now);
            given += now;
            FurthestAhead = Math.Max(FurthestAhead, given - received());
            return now;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
