using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace IntegrationHub.Host.Tests.Operations.Resilience;

/// <summary>What goes wrong with a request that the server has received whole.</summary>
internal enum Fault
{
    None,
    NoAnswer,
    ResetBeforeAnswer,
    ResetOnReusedConnection,
    ClosedOnReusedConnection,
    ResetMidAnswer,
    HalfClosed,
    TooManySeconds,
    TooManyDate,
    TooMany,
    ServerError,
    UnavailableSeconds,
    SlowBody,
    TruncatedJson,
    WrongContentType,
    LargeAnswer,
    RedirectLoop,
    Refused,
}

/// <summary>A provider on a raw socket, which does what a fault says with the first requests, and counts what it received.</summary>
internal sealed class FaultServer : IAsyncDisposable
{
    private const string Good = """{"id":"ok"}""";
    private readonly Fault fault;
    private readonly int faulty;
    private readonly Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentBag<Task> serving = [];
    private readonly Task accepting = Task.CompletedTask;
    private int received;

    /// <param name="fault">What goes wrong.</param>
    /// <param name="faulty">With how many requests, from the first.</param>
    public FaultServer(Fault fault, int faulty)
    {
        (this.fault, this.faulty) = (fault, faulty);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));

        // Bound and not listening: the port is taken, and refuses.
        if (fault == Fault.Refused)
            return;

        listener.Listen();
        accepting = AcceptAsync();
    }

    /// <summary>Requests that arrived whole, without those to <c>/warm</c>.</summary>
    public int Received => Volatile.Read(ref received);

    public string Url => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndPoint!).Port}");

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Dispose();
        await Task.WhenAll([accepting, .. serving]);
        stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                serving.Add(ServeAsync(await listener.AcceptAsync(stop.Token)));
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using (socket)
        {
            try
            {
                await using var stream = new NetworkStream(socket, ownsSocket: false);
                while (await ReadRequestAsync(stream) is { } path)
                {
                    var number = path == "/warm" ? int.MaxValue : Interlocked.Increment(ref received);
                    if (!await AnswerAsync(socket, stream, path != "/warm" && number <= faulty ? fault : Fault.None))
                        return;
                }
            }
            catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // The client left, or the test is over.
            }
        }
    }

    /// <returns>Whether the connection goes on.</returns>
    private async Task<bool> AnswerAsync(Socket socket, NetworkStream stream, Fault what)
    {
        switch (what)
        {
            case Fault.NoAnswer:
                await Task.Delay(Timeout.Infinite, stop.Token);
                return false;
            case Fault.ResetBeforeAnswer or Fault.ResetOnReusedConnection:
                socket.LingerState = new LingerOption(true, 0);
                return false;
            case Fault.ClosedOnReusedConnection:
                return false;
            case Fault.ResetMidAnswer:
                await SendAsync(stream, "200 OK", "Content-Type: application/json\r\nContent-Length: 1000", """{"id":""");
                socket.LingerState = new LingerOption(true, 0);
                return false;
            case Fault.HalfClosed:
                socket.Shutdown(SocketShutdown.Send);
                while (await stream.ReadAsync(new byte[256], stop.Token) > 0)
                {
                    // Until the client closes its half too.
                }

                return false;
            case Fault.SlowBody:
                await SendAsync(stream, "200 OK", "Content-Type: application/json\r\nContent-Length: 1000000", "");
                while (true)
                {
                    await stream.WriteAsync(" "u8.ToArray(), stop.Token);
                    await Task.Delay(50, stop.Token);
                }

            case Fault.LargeAnswer:
                var large = $$"""{"id":"{{new string('x', 10_000_000)}}"}""";
                await SendAsync(stream, "200 OK", Json(large), large);
                return true;
            case Fault.TooManySeconds:
                return await SendAsync(stream, "429 Too Many Requests", Json(Good) + "\r\nRetry-After: 1", Good);
            case Fault.TooManyDate:
                return await SendAsync(stream, "429 Too Many Requests", Json(Good) + $"\r\nRetry-After: {TimeProvider.System.GetUtcNow().AddSeconds(2):R}", Good);
            case Fault.TooMany:
                return await SendAsync(stream, "429 Too Many Requests", Json(Good), Good);
            case Fault.ServerError:
                return await SendAsync(stream, "500 Internal Server Error", Json(Good), Good);
            case Fault.UnavailableSeconds:
                return await SendAsync(stream, "503 Service Unavailable", Json(Good) + "\r\nRetry-After: 1", Good);
            case Fault.TruncatedJson:
                const string cut = """{"id":"ok","items":[1,2""";
                return await SendAsync(stream, "200 OK", Json(cut), cut);
            case Fault.WrongContentType:
                const string page = "<html><body>Welcome to the Wi-Fi of the hotel</body></html>";
                return await SendAsync(stream, "200 OK", $"Content-Type: text/html\r\nContent-Length: {page.Length}", page);
            case Fault.RedirectLoop:
                return await SendAsync(stream, "302 Found", Json("") + $"\r\nLocation: {Url}/again", "");
            default:
                return await SendAsync(stream, "200 OK", Json(Good), Good);
        }
    }

    private static string Json(string body) => string.Create(CultureInfo.InvariantCulture, $"Content-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}");

    private async Task<bool> SendAsync(NetworkStream stream, string status, string headers, string body)
    {
        await stream.WriteAsync(Encoding.UTF8.GetBytes($"HTTP/1.1 {status}\r\n{headers}\r\n\r\n{body}"), stop.Token);
        return true;
    }

    /// <returns>The path; <see langword="null"/> when the client closed the connection.</returns>
    private async Task<string?> ReadRequestAsync(NetworkStream stream)
    {
        var bytes = new List<byte>();
        var one = new byte[1];
        while (!bytes.TakeLast(4).SequenceEqual("\r\n\r\n"u8.ToArray()))
        {
            if (await stream.ReadAsync(one, stop.Token) == 0)
                return null;

            bytes.Add(one[0]);
        }

        var head = Encoding.Latin1.GetString([.. bytes]);
        var length = head.Split("\r\n").FirstOrDefault(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)) is { } line ? int.Parse(line[15..], CultureInfo.InvariantCulture) : 0;
        await stream.ReadExactlyAsync(new byte[length], stop.Token);
        return head.Split(' ')[1];
    }
}
