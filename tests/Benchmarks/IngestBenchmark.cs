using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Benchmarks;

/// <summary>Verified, deduplicated, durable ingest of 3 KB Stripe events, beside the bare endpoint, in the same run.</summary>
internal static class IngestBenchmark
{
    public static async Task<int> RunAsync(BenchmarkOptions options)
    {
        Console.WriteLine($"ingest: {options.Connections} connections, {options.Seconds} s each, {Environment.ProcessorCount} cores, .NET {Environment.Version}");

        var baseline = await BaselineAsync(options);
        Print("bare Kestrel + HMAC", baseline);

        await using var hub = await HubProcess.StartAsync(environment: "Production");
        var connection = await CreateConnectionAsync(hub);
        var load = new StripeLoad(hub.Address.Port, $"/v1/webhooks/stripe/{connection}", TimeProvider.System);
        await load.RunAsync(options.Connections, TimeSpan.FromSeconds(options.Warmup), keepIds: false);
        using var process = Process.GetProcessById(hub.Id);
        var cpuBefore = process.TotalProcessorTime;
        var result = await load.RunAsync(options.Connections, TimeSpan.FromSeconds(options.Seconds), keepIds: true);
        process.Refresh();
        Print("hub", result);
        Console.WriteLine($"hub: {(process.TotalProcessorTime - cpuBefore).TotalSeconds / result.Elapsed.TotalSeconds:0.00} cores, {hub.WorkingSet / 1048576} MB resident");
        Console.WriteLine($"ratio: {result.PerSecond / baseline.PerSecond:P1} of the bare endpoint");

        var (stored, doubled) = await StoredAsync(hub);
        var lost = result.Ids.Count(id => !stored.Contains(id));
        Console.WriteLine($"acknowledged {result.Acknowledged}, lost {lost}, doubled {doubled}");
        await hub.StopAsync();
        var size = new FileInfo(Path.Combine(hub.Data, "hub.db")).Length;
        Console.WriteLine($"storage: {size / 1048576} MB for {stored.Count} events, {size / Math.Max(1, stored.Count)} bytes each");
        hub.DeleteData();
        return lost == 0 && doubled == 0 ? 0 : 1;
    }

    private static async Task<LoadResult> BaselineAsync(BenchmarkOptions options)
    {
        var port = HubProcess.FreePort();
        using var server = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["baseline-server", port.ToString(CultureInfo.InvariantCulture)]))!;
        try
        {
            await WaitAsync(port);
            var load = new StripeLoad(port, "/v1/webhooks/stripe/conn", TimeProvider.System);
            await load.RunAsync(options.Connections, TimeSpan.FromSeconds(options.Warmup), keepIds: false);
            return await load.RunAsync(options.Connections, TimeSpan.FromSeconds(options.Seconds), keepIds: false);
        }
        finally
        {
            server.Kill();
        }
    }

    private static async Task WaitAsync(int port)
    {
        for (var i = 0; ; i++)
        {
            try
            {
                using var client = new System.Net.Sockets.TcpClient();
                await client.ConnectAsync(System.Net.IPAddress.Loopback, port);
                return;
            }
            catch (System.Net.Sockets.SocketException) when (i < 200)
            {
                await Task.Delay(50);
            }
        }
    }

    private static async Task<string> CreateConnectionAsync(HubProcess hub)
    {
        using var answer = await hub.Client.PostAsJsonAsync("/api/connections", new
        {
            provider = "stripe",
            environment = "dev",
            config = new { secretKey = "sk_" + "test_" + new string('b', 24), webhookSecret = StripeLoad.Secret },
        });
        var body = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return answer.IsSuccessStatusCode ? body.GetProperty("id").GetString()! : throw new InvalidOperationException(body.GetRawText());
    }

    /// <summary>Every provider event id that the hub has, and how many it has twice.</summary>
    private static async Task<(HashSet<string> Ids, int Doubled)> StoredAsync(HubProcess hub)
    {
        var ids = new HashSet<string>();
        var doubled = 0;
        string? cursor = null;
        do
        {
            var page = await hub.Client.GetFromJsonAsync<JsonElement>("/api/events?limit=200" + (cursor is null ? "" : "&cursor=" + Uri.EscapeDataString(cursor)));
            foreach (var item in page.GetProperty("items").EnumerateArray())
                if (!ids.Add(item.GetProperty("providerEventId").GetString()!))
                    doubled++;

            cursor = page.GetProperty("nextCursor").GetString();
        }
        while (cursor is not null);
        return (ids, doubled);
    }

    private static void Print(string name, LoadResult result) =>
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name}: {result.PerSecond:0} /s, p50 {result.Percentile(0.5):0.00} ms, p99 {result.Percentile(0.99):0.00} ms, max {result.Percentile(1):0.0} ms, {result.Refused} refused"));
}
