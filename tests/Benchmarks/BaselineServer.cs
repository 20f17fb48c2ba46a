using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace IntegrationHub.Benchmarks;

/// <summary>What ingest is measured against: a bare Kestrel endpoint that reads the body, checks the same HMAC, and stores nothing.</summary>
internal static class BaselineServer
{
    private const int Tries = 200;

    /// <summary>Starts it in a process of its own.</summary>
    public static async Task<Process> StartAsync(int port)
    {
        var server = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["baseline-server", port.ToString(CultureInfo.InvariantCulture)]))!;
        for (var i = 0; ; i++)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(System.Net.IPAddress.Loopback, port);
                return server;
            }
            catch (SocketException) when (i < Tries && !server.HasExited)
            {
                await Task.Delay(50);
            }
        }
    }

    public static async Task<int> RunAsync(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, port));
        var app = builder.Build();
        var key = Encoding.UTF8.GetBytes(StripeLoad.Secret);
        app.MapPost("/{**any}", async context =>
        {
            var reader = context.Request.BodyReader;
            System.IO.Pipelines.ReadResult read;
            while (!(read = await reader.ReadAsync(context.RequestAborted)).IsCompleted)
                reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);

            context.Response.StatusCode = Check(key, context.Request.Headers["Stripe-Signature"].ToString(), read.Buffer) ? 200 : 401;
            reader.AdvanceTo(read.Buffer.End);
        });
        await app.RunAsync();
        return 0;
    }

    private static bool Check(byte[] key, string header, System.Buffers.ReadOnlySequence<byte> body)
    {
        var comma = header.IndexOf(',', StringComparison.Ordinal);
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        Span<byte> prefix = stackalloc byte[32];
        var length = Encoding.ASCII.GetBytes(header.AsSpan(2, comma - 2), prefix);
        prefix[length++] = (byte)'.';
        hash.AppendData(prefix[..length]);
        foreach (var segment in body)
            hash.AppendData(segment.Span);

        Span<byte> expected = stackalloc byte[32];
        hash.GetHashAndReset(expected);
        return CryptographicOperations.FixedTimeEquals(expected, Convert.FromHexString(header.AsSpan(comma + 4)));
    }
}
