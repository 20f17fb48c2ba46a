using System.Net;
using System.Net.Sockets;
using System.Text;

namespace IntegrationHub.Abstractions.Tests.Adapters;

/// <summary>A server on loopback that does with one connection exactly what the test says.</summary>
internal sealed class RawServer : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly Task run;

    public RawServer(Func<RawServer, NetworkStream, CancellationToken, Task> serve)
    {
        listener.Start();
        run = Task.Run(async () =>
        {
            using var client = await listener.AcceptTcpClientAsync(stop.Token);
            client.ReceiveBufferSize = client.SendBufferSize = 64 * 1024;
            await using var stream = client.GetStream();
            await serve(this, stream, stop.Token);
        });
    }

    public string Url => $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";

    public Task Done => run;

    /// <summary>Bytes moved so far, as the serving function counts them.</summary>
    public long Moved;

    /// <summary>Reads up to the blank line and returns the head; bytes of the body may have come with it.</summary>
    public static async Task<(string Head, byte[] Body)> ReadHeadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var received = new MemoryStream();
        var buffer = new byte[4096];
        while (true)
        {
            var read = await stream.ReadAsync(buffer, cancellationToken);
            if (read == 0)
                return (Encoding.Latin1.GetString(received.ToArray()), []);

            received.Write(buffer, 0, read);
            var all = received.ToArray();
            var end = all.AsSpan().IndexOf("\r\n\r\n"u8);
            if (end >= 0)
                return (Encoding.Latin1.GetString(all, 0, end), all[(end + 4)..]);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        try
        {
            await run;
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or SocketException or InvalidOperationException)
        {
            // The test is over.
        }

        stop.Dispose();
        listener.Dispose();
    }
}
