using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using IntegrationHub.Benchmarks.Reporting;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Secrets;
using Microsoft.Extensions.Logging.Abstractions;

namespace IntegrationHub.Benchmarks;

/// <summary>How long it takes to find the subscriptions of an event among many: by pattern alone, and with a filter on each. Beside it, trying every pattern one by one.</summary>
internal static class RoutingBenchmark
{
    private const int Types = 500;
    private const int Changes = 1000;

    public static async Task<int> RunAsync(string[] args)
    {
        var count = args is ["--subscriptions", var text] ? int.Parse(text, CultureInfo.InvariantCulture) : 10_000;
        Console.WriteLine($"{count:N0} subscriptions, 3 KB events, 5 rounds, medians; {Environment.ProcessorCount} cores, {Machine.Processor}, .NET {Environment.Version}, load {Machine.Load}\n");
        Console.WriteLine("| subscriptions | go to | µs per event | bytes per event | load, ms | a change, µs | trying every pattern, µs |\n|---|---:|---:|---:|---:|---:|---:|");
        await MeasureAsync("one project, patterns of 500 types", count, i => new("shop", $"acme.type{i % Types}.*"));
        await MeasureAsync("one project, patterns of 500 types, a filter on the subject", count, i => new("shop", $"acme.type{i % Types}.*", """{ "/subject": { "prefix": "other_" } }"""));
        await MeasureAsync("one project, patterns of 500 types, a filter on the data", count, i => new("shop", $"acme.type{i % Types}.*", $$"""{ "/data/object/amount": { "gte": {{1000 + (i % 2)}} }, "/data/object/currency": ["usd", "eur"] }"""));
        await MeasureAsync("1,000 projects, each with the same patterns", count, i => new($"p{i % 1000}", i % 2 == 0 ? "acme.**" : "**", Asked: "p7"));
        await MeasureAsync("one project, all alike, a filter on the data that one in 100 passes", count, i => new("shop", "acme.**", $$"""{ "/data/object/amount": {{1000 + (i % 100)}} }"""));
        await MeasureAsync("one project, all alike, a filter on the data of its own each", count, i => new("shop", "acme.**", $$"""{ "/data/object/id": "pi_{{i}}" }"""));
        return 0;
    }

    private static async Task MeasureAsync(string name, int count, Func<int, Wish> wish)
    {
        var wishes = Enumerable.Range(0, count).Select(wish).ToArray();
        var store = new Store([.. wishes.Select((one, i) => Subscribe(i, one))]);
        using var registry = new SubscriptionRegistry(store, new NoSealer(), NullLogger<SubscriptionRegistry>.Instance);
        var loading = Stopwatch.StartNew();
        await registry.LoadAsync(CancellationToken.None);
        loading.Stop();

        var change = await ChangeAsync(registry, store);
        var events = Enumerable.Range(0, Types).Select(i => Event(i, wishes[0].Asked ?? wishes[0].Project)).ToArray();
        var patterns = store.All.Select(one => (one.Project, Pattern: EventPattern.Parse(one.Pattern))).ToArray();
        var routed = events.Sum(one => registry.Route(one).Count) / (double)events.Length;
        var rounds = new List<(double Micros, double Bytes)>();
        var ways = new List<double>();
        for (var round = 0; round < 6; round++)
        {
            var passes = routed > 50 ? 2 : 100;
            var (before, watch) = (GC.GetAllocatedBytesForCurrentThread(), Stopwatch.StartNew());
            for (var pass = 0; pass < passes; pass++)
            {
                foreach (var one in events)
                    registry.Route(one);
            }

            watch.Stop();
            var bytes = GC.GetAllocatedBytesForCurrentThread() - before;
            var plain = Stopwatch.StartNew();
            var found = 0;
            foreach (var one in events.AsSpan(0, 50))
            {
                foreach (var (project, pattern) in patterns)
                    found += project == one.Project && pattern.Matches(one.Type) ? 1 : 0;
            }

            plain.Stop();
            if (round > 0 && found >= 0)
            {
                rounds.Add((watch.Elapsed.TotalMicroseconds / (passes * events.Length), (double)bytes / (passes * events.Length)));
                ways.Add(plain.Elapsed.TotalMicroseconds / 50);
            }
        }

        Figures.Add(
            Figure.Against($"{name}: an event", Median(rounds.Select(one => one.Micros)), Median(ways), "µs") with { Meaning = string.Create(CultureInfo.InvariantCulture, $"Goes to {routed:0.#} subscriptions; the baseline is trying every pattern, without filters.") },
            Figure.Against($"{name}: a change", change, loading.Elapsed.TotalMicroseconds, "µs") with { Meaning = "One subscription is taken in; the baseline is reading and compiling all of them." });
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {name} | {routed:0.#} | {Median(rounds.Select(one => one.Micros)):0.00} | {Median(rounds.Select(one => one.Bytes)):0} | {loading.Elapsed.TotalMilliseconds:0} | {change:0.0} | {Median(ways):0.0} |"));
    }

    /// <summary>How long one subscription takes that changed, of a thousand.</summary>
    private static async Task<double> ChangeAsync(SubscriptionRegistry registry, Store store)
    {
        var took = new List<double>();
        for (var i = 0; i < Changes; i++)
        {
            var one = store.Touch(i * store.All.Count / Changes);
            var watch = Stopwatch.StartNew();
            await registry.RefreshAsync(one, CancellationToken.None);
            took.Add(watch.Elapsed.TotalMicroseconds);
        }

        return Median(took);
    }

    private static double Median(IEnumerable<double> values) => values.Order().ToArray() is var sorted ? sorted[sorted.Length / 2] : 0;

    private static Subscription Subscribe(int number, Wish wish) => new()
    {
        Id = string.Create(CultureInfo.InvariantCulture, $"sub_{number}"),
        Project = wish.Project,
        Pattern = wish.Pattern,
        TargetKind = "webhook",
        Url = "https://example.com/hooks",
        Settings = wish.Filter is null ? SubscriptionSettings.None : new SubscriptionSettings { Filter = JsonElement.Parse(wish.Filter) },
        SealedSecret = [],
        WrappedKey = [],
        MasterKeyId = "",
        CreatedAt = DateTimeOffset.UnixEpoch,
        UpdatedAt = DateTimeOffset.UnixEpoch,
    };

    private static HubEvent Event(int number, string project) => new()
    {
        Id = string.Create(CultureInfo.InvariantCulture, $"evt_{number}"),
        ConnectionId = "conn_1",
        Provider = "acme",
        Project = project,
        Environment = "prod",
        Type = $"acme.type{number}.happened",
        Subject = "order_7",
        ProviderEventId = "1",
        Time = DateTimeOffset.UnixEpoch,
        ReceivedAt = DateTimeOffset.UnixEpoch,
        CorrelationId = "1",
        PlainData = Encoding.UTF8.GetBytes(
            "{\"fields\":{" + string.Join(',', Enumerable.Range(0, 90).Select(i => $"\"field{i}\":\"some value {i}\"")) + $"}},\"object\":{{\"id\":\"pi_{number}\",\"amount\":1000,\"currency\":\"usd\"}}}}"),
    };

    private sealed record Wish(string Project, string Pattern, string? Filter = null, string? Asked = null);

    private sealed class NoSealer : IPayloadSealer
    {
        public byte[] Seal(ReadOnlySpan<byte> plaintext, string context) => throw new NotSupportedException();

        public byte[] Open(ReadOnlySpan<byte> sealedPayload, string context) => throw new NotSupportedException();
    }

    private sealed class Store(IReadOnlyList<Subscription> all) : ISubscriptionStore
    {
        private readonly Dictionary<string, Subscription> changed = [];

        public IReadOnlyList<Subscription> All => all;

        public Task<IReadOnlyList<Subscription>> ListEnabledAsync(CancellationToken cancellationToken) => Task.FromResult(all);

        public Task AddAsync(Subscription subscription, CancellationToken cancellationToken) => throw new NotSupportedException();

        /// <summary>Changes one.</summary>
        /// <returns>Its id.</returns>
        public string Touch(int number)
        {
            changed[all[number].Id] = all[number] with { Version = changed.GetValueOrDefault(all[number].Id, all[number]).Version + 1 };
            return all[number].Id;
        }

        public Task<Subscription?> GetAsync(string id, CancellationToken cancellationToken) => Task.FromResult(changed.GetValueOrDefault(id));

        public Task<Page<Subscription>> ListAsync(IReadOnlySet<string>? visibleProjects, string? project, PageRequest page, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<bool> UpdateAsync(Subscription subscription, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<bool> DeleteAsync(string id, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
