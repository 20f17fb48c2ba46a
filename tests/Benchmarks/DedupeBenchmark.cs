using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using IntegrationHub.Benchmarks.Reporting;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Benchmarks;

/// <summary>The same events sent again, as providers do: how fast repetitions are recognised, beside the bare endpoint and beside events that are new; and that none is stored or delivered.</summary>
internal static class DedupeBenchmark
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static async Task<int> RunAsync(BenchmarkOptions options)
    {
        Console.WriteLine($"dedupe: {DeliveryBenchmark.Hardware()}, load {Machine.Load}; {options.Connections} connections, {options.Rounds} rounds of {options.Seconds} s\n");
        await using var receiver = await EventReceiver.StartAsync();
        var port = HubProcess.FreePort();
        using var server = await BaselineServer.StartAsync(port);
        var socket = Path.Combine(Path.GetTempPath(), $"hub-bench-{Environment.ProcessId}.sock");
        await using var hub = await DeliveryBenchmark.StartHubAsync(new()
        {
            ["DOTNET_STARTUP_HOOKS"] = typeof(StartupHook).Assembly.Location,
            [StartupHook.CountsVariable] = socket,
        });
        try
        {
            var connection = await hub.CreateConnectionAsync("stripe", new { secretKey = "sk_" + "test_" + new string('b', 24), webhookSecret = StripeLoad.Secret });
            var bare = new StripeLoad(port, "/v1/webhooks/stripe/conn", TimeProvider.System);
            var load = new StripeLoad(hub.Address.Port, $"/v1/webhooks/stripe/{connection}", TimeProvider.System);
            var seconds = TimeSpan.FromSeconds(options.Seconds);
            await bare.RunAsync(options.Connections, TimeSpan.FromSeconds(options.Warmup), keepIds: false);
            var sent = new HashSet<string>((await load.RunAsync(options.Connections, TimeSpan.FromSeconds(options.Warmup), keepIds: true)).Ids);

            Console.WriteLine("| round | events | bare /s | hub /s | p50 | p99 | of the bare endpoint | refused |\n|---:|---|---:|---:|---:|---:|---:|---:|");
            var first = new List<(LoadResult Bare, LoadResult Hub)>();
            for (var round = 1; round <= options.Rounds; round++)
            {
                first.Add((await bare.RunAsync(options.Connections, seconds, keepIds: false), await load.RunAsync(options.Connections, seconds, keepIds: true)));
                sent.UnionWith(first[^1].Hub.Ids);
                Print(round, "new", first[^1]);
            }

            // Only now: what is new shall be measured without deliveries, and of what follows nothing shall be delivered.
            await hub.SubscribeAsync("stripe.**", new Uri(receiver.Url));
            string[] known = [.. sent];
            Random.Shared.Shuffle(known);
            var again = new List<(LoadResult Bare, LoadResult Hub)>();
            for (var round = 1; round <= options.Rounds; round++)
            {
                again.Add((await bare.RunAsync(options.Connections, seconds, keepIds: false), await load.RunAsync(options.Connections, seconds, keepIds: false, again: known)));
                Print(round, "repeated", again[^1]);
            }

            // Some new ones, to see that the subscriber would have got what was to be delivered.
            var last = await load.RunAsync(connections: 1, TimeSpan.FromMilliseconds(300), keepIds: true);
            var clock = Stopwatch.StartNew();
            while (receiver.Total < last.Acknowledged && clock.Elapsed < Patience)
                await Task.Delay(20);
            await DeliveryBenchmark.UntilRecordedAsync(hub);

            return await JudgeAsync(hub, receiver, socket, first, again, sent, last);
        }
        finally
        {
            server.Kill();
            await hub.StopAsync();
            hub.DeleteData();
        }
    }

    private static async Task<int> JudgeAsync(
        HubProcess hub, EventReceiver receiver, string socket, List<(LoadResult Bare, LoadResult Hub)> first, List<(LoadResult Bare, LoadResult Hub)> again, HashSet<string> sent, LoadResult last)
    {
        var counts = JsonDocument.Parse(await StartupHook.AskAsync(socket)).RootElement;
        var counted = counts.TryGetProperty("hub.events.duplicates", out var duplicates) ? duplicates.GetInt64() : 0;
        var repeated = again.Sum(round => round.Hub.Acknowledged);
        var stored = (await hub.ListAsync("/api/events?provider=stripe")).Select(item => item.GetProperty("providerEventId").GetString()!).ToList();
        var known = stored.ToHashSet();
        var lost = sent.Concat(last.Ids).Count(id => !known.Contains(id));
        var twice = stored.Count - known.Count;
        var foreign = receiver.FirstAt.Keys.Count(sent.Contains);
        var undelivered = last.Ids.Count(id => !receiver.FirstAt.ContainsKey(id));
        var doubled = receiver.Total - receiver.FirstAt.Count;
        var deliveries = (await hub.ListAsync("/api/deliveries")).Count - (int)last.Acknowledged;

        double OfRounds(List<(LoadResult Bare, LoadResult Hub)> rounds, Func<LoadResult, LoadResult, double> figure) => Machine.Median(rounds.Select(round => figure(round.Bare, round.Hub)));
        var (newRate, againRate) = (OfRounds(first, (_, result) => result.PerSecond), OfRounds(again, (_, result) => result.PerSecond));
        Figures.Add(
            new Figure("repetitions, verified and recognised", againRate, "events/s")
            {
                Baseline = OfRounds(again, (bare, _) => bare.PerSecond), Ratio = OfRounds(again, (bare, result) => result.PerSecond / bare.PerSecond), Meaning = "Events that the hub has, sent again in no order. The baseline is the bare endpoint.",
            },
            Figure.Against("repetitions beside new events", againRate, newRate, "events/s") with { Meaning = "The baseline is the same hub taking events that it does not know." },
            new Figure("new events, verified and durable", newRate, "events/s")
            {
                Baseline = OfRounds(first, (bare, _) => bare.PerSecond), Ratio = OfRounds(first, (bare, result) => result.PerSecond / bare.PerSecond), Meaning = "The baseline is the bare endpoint.",
            },
            new Figure("repetitions: p50", OfRounds(again, (_, result) => result.Percentile(0.5)), "ms") { Baseline = OfRounds(again, (bare, _) => bare.Percentile(0.5)) },
            new Figure("repetitions: p99", OfRounds(again, (_, result) => result.Percentile(0.99)), "ms") { Baseline = OfRounds(again, (bare, _) => bare.Percentile(0.99)), Limit = Limit.Most(50) },
            new Figure("repetitions acknowledged", repeated, "events"),
            Figure.Against("repetitions counted by the hub", counted, repeated, "events") with { Meaning = "The hub's own counter `hub.events.duplicates`; the baseline is what was acknowledged. Both must be the same." },
            Figure.Lost(lost),
            Figure.Doubled(twice, "stored twice"),
            Figure.Doubled(deliveries + foreign, "repetitions delivered"),
            Figure.Doubled(doubled, "deliveries doubled"));
        Write($"\nrepetitions: {againRate:0} /s, {OfRounds(again, (bare, result) => result.PerSecond / bare.PerSecond):P1} of the bare endpoint, {againRate / newRate:P1} of the {newRate:0} /s of new events");
        Write($"acknowledged {sent.Count} new events and {repeated} repetitions; the hub counted {counted} duplicates, stored {stored.Count - last.Acknowledged} of the new, lost {lost}, twice {twice}");
        Write($"then subscribed: {last.Acknowledged} new events delivered but {undelivered}, {deliveries} deliveries of repetitions, {foreign} arrived, {doubled} doubled; {hub.WorkingSet / 1048576} MB resident; load at the end {Machine.Load}");
        return lost + twice + foreign + undelivered == 0 && doubled == 0 && deliveries == 0 && counted == repeated ? 0 : 1;
    }

    private static void Print(int round, string what, (LoadResult Bare, LoadResult Hub) figures) =>
        Write($"| {round} | {what} | {figures.Bare.PerSecond:0} | {figures.Hub.PerSecond:0} | {figures.Hub.Percentile(0.5):0.00} ms | {figures.Hub.Percentile(0.99):0.00} ms | {figures.Hub.PerSecond / figures.Bare.PerSecond:P1} | {figures.Hub.Refused} |");

    private static void Write(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
