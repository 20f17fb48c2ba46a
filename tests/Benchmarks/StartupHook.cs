using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

/// <summary>
/// Runs inside the hub that is measured (<c>DOTNET_STARTUP_HOOKS</c>; the name and the lack of a namespace are the runtime's): answers whoever connects with the bytes
/// of managed memory that are still in use, or with what the hub's counters came to.
/// </summary>
internal static class StartupHook
{
    public const string Variable = "HUB_BENCHMARK_SOCKET";

    /// <summary>Names the socket that tells the counters.</summary>
    public const string CountsVariable = "HUB_BENCHMARK_COUNTS";

    private const string Meter = "IntegrationHub";

    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { } heap)
            Serve(heap, Heap);
        if (Environment.GetEnvironmentVariable(CountsVariable) is { } counts)
            Serve(counts, Listen());
    }

    /// <summary>Asks such a socket.</summary>
    public static async Task<string> AskAsync(string socket)
    {
        using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await client.ConnectAsync(new UnixDomainSocketEndPoint(socket));
        using var reader = new StreamReader(new NetworkStream(client));
        return await reader.ReadToEndAsync();
    }

    private static void Serve(string path, Func<string> answer) => new Thread(() =>
    {
        File.Delete(path);
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        while (true)
        {
            using var client = listener.Accept();
            client.Send(Encoding.ASCII.GetBytes(answer()));
        }
    }) { IsBackground = true }.Start();

    private static string Heap()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return GC.GetTotalMemory(forceFullCollection: true).ToString(CultureInfo.InvariantCulture);
    }

    private static Func<string> Listen()
    {
        var counts = new ConcurrentDictionary<string, long>();
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, own) =>
            {
                if (instrument.Meter.Name == Meter && instrument is Counter<long>)
                    own.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => counts.AddOrUpdate(instrument.Name, value, (_, before) => before + value));
        listener.Start();
        return () => JsonSerializer.Serialize(counts);
    }
}
