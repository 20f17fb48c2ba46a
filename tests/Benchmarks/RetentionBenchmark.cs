using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using IntegrationHub.Benchmarks.Reporting;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Benchmarks;

/// <summary>Taking webhooks beside a purge: first without one, then while 100,000 events and their raw requests are deleted, on the same database.</summary>
internal static class RetentionBenchmark
{
    private const int Old = 100_000;

    public static async Task<int> RunAsync(BenchmarkOptions options)
    {
        Console.WriteLine($"retention: {Old} events to delete, {options.Connections} connections, {options.Seconds} s each, {Environment.ProcessorCount} cores, .NET {Environment.Version}");
        var data = HubProcess.NewDataFolder();
        string path;
        await using (var hub = await HubProcess.StartAsync(data, environment: "Production"))
        {
            path = $"/v1/webhooks/stripe/{await CreateConnectionAsync(hub)}";
            var fill = new StripeLoad(hub.Address.Port, path, TimeProvider.System);
            for (long filled = 0; filled < Old;)
                filled += (await fill.RunAsync(64, TimeSpan.FromSeconds(2), keepIds: false)).Acknowledged;
            await hub.StopAsync();
        }

        var filledAt = TimeProvider.System.GetUtcNow();
        var span = TimeSpan.FromSeconds(options.Seconds + options.Warmup + 5);
        LoadResult without, with;
        await using (var hub = await HubProcess.StartAsync(data, environment: "Production"))
        {
            without = await MeasureAsync(hub, path, options);
            Print("no purge", without);
            await hub.StopAsync();
        }

        // What was measured must not be old yet while the second half is.
        var wait = filledAt + span - TimeProvider.System.GetUtcNow();
        if (wait > TimeSpan.Zero)
            await Task.Delay(wait);

        TimeSpan took;
        await using (var hub = await HubProcess.StartAsync(data, environment: "Production", variables: new Dictionary<string, string>
        {
            ["HUB_RETENTION__EVENTS"] = (span + TimeSpan.FromSeconds(1)).ToString("c", CultureInfo.InvariantCulture),
            ["HUB_RETENTION__INTERVAL"] = "00:00:01",
        }))
        {
            var started = Stopwatch.GetTimestamp();
            with = await MeasureAsync(hub, path, options);
            Print("beside the purge", with);
            while (await HasAsync(hub, filledAt))
                await Task.Delay(200);
            took = Stopwatch.GetElapsedTime(started);
            await hub.StopAsync();
            hub.DeleteData();
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"all old events were gone {took.TotalSeconds:0} s after the load began; throughput {with.PerSecond / without.PerSecond:P1}, p99 {with.Percentile(0.99) / without.Percentile(0.99):P1} of those without a purge"));
        Figures.Add(
            Figure.Against("ingest beside a purge", with.PerSecond, without.PerSecond, "events/s") with { Meaning = $"Webhooks taken while {Old:N0} events are deleted; the baseline is the same hub without a purge." },
            Figure.Against("p99 beside a purge", with.Percentile(0.99), without.Percentile(0.99), "ms") with { Limit = Limit.Most(50) },
            new Figure("until all was deleted", took.TotalSeconds, "s"),
            new Figure("refused", without.Refused + with.Refused, "events") { Limit = Limit.None });
        return without.Refused + with.Refused == 0 ? 0 : 1;
    }

    private static async Task<LoadResult> MeasureAsync(HubProcess hub, string path, BenchmarkOptions options)
    {
        var load = new StripeLoad(hub.Address.Port, path, TimeProvider.System);
        await load.RunAsync(options.Connections, TimeSpan.FromSeconds(options.Warmup), keepIds: false);
        return await load.RunAsync(options.Connections, TimeSpan.FromSeconds(options.Seconds), keepIds: false);
    }

    private static async Task<bool> HasAsync(HubProcess hub, DateTimeOffset before)
    {
        var page = await hub.Client.GetFromJsonAsync<JsonElement>($"/api/events?limit=1&to={Uri.EscapeDataString(before.ToString("o", CultureInfo.InvariantCulture))}");
        return page.GetProperty("items").GetArrayLength() > 0;
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

    private static void Print(string name, LoadResult result) =>
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name}: {result.PerSecond:0} /s, p50 {result.Percentile(0.5):0.00} ms, p99 {result.Percentile(0.99):0.00} ms, max {result.Percentile(1):0.0} ms, {result.Refused} refused"));
}
