using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using IntegrationHub.Benchmarks.Reporting;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Benchmarks;

/// <summary>Verified, deduplicated, durable ingest of 3 KB Stripe events, beside the bare endpoint, in the same run.</summary>
internal static class IngestBenchmark
{
    public static async Task<int> RunAsync(BenchmarkOptions options)
    {
        Console.WriteLine($"ingest: {Machine.Processor}, {Environment.ProcessorCount} cores, .NET {Environment.Version}, load {Machine.Load}; {options.Connections} connections, {options.Rounds} rounds of {options.Seconds} s\n");
        var port = HubProcess.FreePort();
        using var server = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["baseline-server", port.ToString(CultureInfo.InvariantCulture)]))!;
        var hubs = new List<IngestSubject>();
        try
        {
            await WaitAsync(port);
            var bare = new StripeLoad(port, "/v1/webhooks/stripe/conn", TimeProvider.System);
            await bare.RunAsync(options.Connections, TimeSpan.FromSeconds(options.Warmup), keepIds: false);
            foreach (var program in options.Hubs.DefaultIfEmpty(null))
            {
                var hub = await HubProcess.StartAsync(environment: "Production", program: program);
                hubs.Add(new IngestSubject(program is null ? "hub" : $"hub {hubs.Count + 1}", hub, await CreateConnectionAsync(hub)));
                await hubs[^1].Load.RunAsync(options.Connections, TimeSpan.FromSeconds(options.Warmup), keepIds: false);
            }

            await MeasureAsync("few events stored", bare, hubs, options);
            if (options.Stored > 0)
            {
                foreach (var subject in hubs)
                    await FillAsync(subject, options);

                await MeasureAsync($"{options.Stored:N0} events stored", bare, hubs, options);
            }

            var faults = 0;
            foreach (var subject in hubs)
                faults += await JudgeAsync(subject);

            return faults == 0 ? 0 : 1;
        }
        finally
        {
            server.Kill();
            foreach (var subject in hubs)
                await subject.DisposeAsync();
        }
    }

    private static async Task MeasureAsync(string what, StripeLoad bare, List<IngestSubject> hubs, BenchmarkOptions options)
    {
        Console.WriteLine($"{what}\n");
        Console.WriteLine("| round | | per second | p50 | p99 | max | of the bare endpoint | refused | processor an event | resident |\n|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|");
        var figures = hubs.ToDictionary(hub => hub.Name, _ => new List<(double Ratio, double P99)>());
        for (var round = 1; round <= options.Rounds; round++)
        {
            var baseline = await bare.RunAsync(options.Connections, TimeSpan.FromSeconds(options.Seconds), keepIds: false);
            Write($"| {round} | bare | {baseline.PerSecond:0} | {baseline.Percentile(0.5):0.00} ms | {baseline.Percentile(0.99):0.00} ms | {baseline.Percentile(1):0.0} ms | | {baseline.Refused} | | |");
            foreach (var subject in hubs)
            {
                using var process = Process.GetProcessById(subject.Hub.Id);
                var before = process.TotalProcessorTime;
                var result = await subject.RunAsync(options);
                process.Refresh();
                var each = (process.TotalProcessorTime - before) / result.Acknowledged;
                figures[subject.Name].Add((result.PerSecond / baseline.PerSecond, result.Percentile(0.99)));
                IngestFigures.Round(what, subject.Name, baseline, result, each.TotalMicroseconds);
                Write($"| {round} | {subject.Name} | {result.PerSecond:0} | {result.Percentile(0.5):0.00} ms | {result.Percentile(0.99):0.00} ms | {result.Percentile(1):0.0} ms | {result.PerSecond / baseline.PerSecond:P1} | {result.Refused} | {each.TotalMicroseconds:0} µs | {subject.Hub.WorkingSet / 1048576} MB |");
            }
        }

        foreach (var (name, rounds) in figures)
            Write($"| median | {name} | | | **{Machine.Median(rounds.Select(one => one.P99)):0.00} ms** | | **{Machine.Median(rounds.Select(one => one.Ratio)):P1}** | | | |");

        IngestFigures.Measured(what);
        Console.WriteLine();
    }

    private static async Task FillAsync(IngestSubject subject, BenchmarkOptions options)
    {
        var clock = Stopwatch.StartNew();
        while (subject.Acknowledged.Count < options.Stored)
        {
            await subject.RunAsync(options);
            Console.Error.WriteLine($"{subject.Name}: {subject.Acknowledged.Count:N0} of {options.Stored:N0} events stored after {clock.Elapsed.TotalSeconds:0} s");
        }
    }

    /// <returns>How many acknowledged events are missing or stored twice.</returns>
    private static async Task<int> JudgeAsync(IngestSubject subject)
    {
        var (stored, doubled) = await StoredAsync(subject.Hub);
        var lost = subject.Acknowledged.Count(id => !stored.Contains(id));
        await subject.Hub.StopAsync();
        var size = new FileInfo(Path.Combine(subject.Hub.Data, "hub.db")).Length;
        Write($"{subject.Name}: acknowledged {subject.Acknowledged.Count}, lost {lost}, doubled {doubled}; {size / 1048576} MB for {stored.Count} events, {size / Math.Max(1, stored.Count)} bytes each; at most {subject.MostResident / 1048576} MB resident; load at the end {Machine.Load}");
        IngestFigures.Judged(subject.Name, subject.Acknowledged.Count, lost, doubled, size, stored.Count, subject.MostResident);
        return lost + doubled;
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

    private static void Write(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));

    /// <summary>One hub, what it acknowledged, and how much memory it had at the most.</summary>
    private sealed class IngestSubject(string name, HubProcess hub, string connection) : IAsyncDisposable
    {
        private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);

        public string Name => name;

        public HubProcess Hub => hub;

        public StripeLoad Load { get; } = new(hub.Address.Port, $"/v1/webhooks/stripe/{connection}", TimeProvider.System);

        public HashSet<string> Acknowledged { get; } = [];

        public long MostResident { get; private set; }

        public async Task<LoadResult> RunAsync(BenchmarkOptions options)
        {
            using var over = new CancellationTokenSource();
            var watch = WatchAsync(over.Token);
            var result = await Load.RunAsync(options.Connections, TimeSpan.FromSeconds(options.Seconds), keepIds: true);
            await over.CancelAsync();
            await watch;
            Acknowledged.UnionWith(result.Ids);
            return result;
        }

        public async ValueTask DisposeAsync()
        {
            await hub.DisposeAsync();
            hub.DeleteData();
        }

        private async Task WatchAsync(CancellationToken over)
        {
            while (!over.IsCancellationRequested)
            {
                MostResident = Math.Max(MostResident, hub.WorkingSet);
                await Task.Delay(LookEvery, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
