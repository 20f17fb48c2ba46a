using System.Diagnostics;
using System.Globalization;
using IntegrationHub.Benchmarks.Reporting;
using IntegrationHub.Tests.Support;
using Microsoft.Data.Sqlite;

namespace IntegrationHub.Benchmarks;

/// <summary>How the data folder grows with events, what a purge gives back, and whether what it gave back is used again; beside the bytes of the bodies that came in.</summary>
internal static class StorageBenchmark
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(2);

    public static async Task<int> RunAsync(StorageOptions options)
    {
        Console.WriteLine($"storage: {options.Events:N0} events of 3 KB, {DeliveryBenchmark.Hardware()}, {Machine.FileSystem}, load {Machine.Load}\n");
        var data = HubProcess.NewDataFolder();
        try
        {
            var first = await FillAsync(data, options);
            Print("filled", first);
            var purged = await PurgeAsync(data);
            Print("purged", purged);
            var second = await FillAsync(data, options);
            Print("filled again", second);
            return Judge(first, purged, second);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    private static int Judge(State first, State purged, State second)
    {
        var (each, grown) = ((double)(first.Stopped - first.Before) / first.Events, (double)(second.Stopped - purged.Stopped) / second.Events);
        Figures.Add(
            Figure.Against("an event on disk, hub stopped", each, first.BodyBytes, "bytes/event") with { Meaning = "Growth of the data folder: event, raw request, ids by which repetitions are known, indexes; sealed and compressed. The baseline is the body as it came." },
            Figure.Against("an event on disk, hub at rest", (double)(first.Running - first.Before) / first.Events, first.BodyBytes, "bytes/event") with { Meaning = "The same while the hub runs and does nothing: its write-ahead log counts as well." },
            new Figure("write-ahead log at rest", first.Log / 1048576.0, "MB") { Meaning = "As long as it was when most had to wait in it; it is used anew from its beginning, and is gone when the hub stops." },
            Figure.Against("in use after all events were purged", (double)(purged.InUse - first.Before) / first.Events, each, "bytes/event") with { Meaning = "What has an end of its own: the ids by which repetitions are known (24 hours) and the heads of raw requests (7 days). The baseline is what an event took before." },
            new Figure("data folder after the purge", purged.Stopped / 1048576.0, "MB") { Baseline = first.Stopped / 1048576.0, Ratio = (double)purged.Stopped / first.Stopped, Meaning = "The file keeps its size; what is free in it is used again." },
            Figure.Against("a further event after the purge", grown, each, "bytes/event") with { Meaning = "Growth of the data folder when as many events come in again; the baseline is what each took at first. Near zero: the room is used again.", Limit = Limit.MostRatio(0.5) },
            Figure.Lost(first.Lost + second.Lost),
            Figure.Doubled(first.Twice + second.Twice, "stored twice"));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"\n{each:0} bytes an event, {each / first.BodyBytes:P0} of its body's {first.BodyBytes}; after the purge {grown:0} bytes for each further one; lost {first.Lost + second.Lost}, stored twice {first.Twice + second.Twice}; load at the end {Machine.Load}"));
        return first.Lost + second.Lost + first.Twice + second.Twice == 0 ? 0 : 1;
    }

    private static async Task<State> FillAsync(string data, StorageOptions options)
    {
        string connection;
        await using (var empty = await DeliveryBenchmark.StartHubAsync(new(), data))
        {
            var known = await empty.ListAsync("/api/connections");
            connection = known.Count > 0
                ? known[0].GetProperty("id").GetString()!
                : await empty.CreateConnectionAsync("stripe", new { secretKey = "sk_" + "test_" + new string('b', 24), webhookSecret = StripeLoad.Secret });
            await empty.StopAsync();
        }

        var before = SizeOf(data);
        await using var hub = await DeliveryBenchmark.StartHubAsync(new(), data);
        var load = new StripeLoad(hub.Address.Port, $"/v1/webhooks/stripe/{connection}", TimeProvider.System);
        var sent = new HashSet<string>();
        for (var round = 0; sent.Count < options.Events && round < 10_000; round++)
        {
            sent.UnionWith((await load.RunAsync(options.Connections, TimeSpan.FromMilliseconds(Math.Clamp((options.Events - sent.Count) / 10.0, 100, 2000)), keepIds: true)).Ids);
            Console.Error.WriteLine($"{sent.Count:N0} of {options.Events:N0} events stored");
        }

        var stored = (await hub.ListAsync("/api/events?provider=stripe")).Select(item => item.GetProperty("providerEventId").GetString()!).ToList();
        var ids = stored.ToHashSet();
        await UntilCalmAsync(hub);
        var (running, log) = (SizeOf(data), SizeOf(data, "hub.db-wal"));
        await hub.StopAsync();
        return new State(sent.Count, load.BodyLength, before, running, log, SizeOf(data), InUse(data), sent.Count(id => !ids.Contains(id)), stored.Count - ids.Count);
    }

    private static async Task<State> PurgeAsync(string data)
    {
        var before = SizeOf(data);
        await using var hub = await DeliveryBenchmark.StartHubAsync(new() { ["HUB_RETENTION__EVENTS"] = "00:00:01", ["HUB_RETENTION__INTERVAL"] = "00:00:01" }, data);
        var clock = Stopwatch.StartNew();
        while ((await hub.GetAsync("/api/events?provider=stripe&limit=1")).GetProperty("items").GetArrayLength() > 0 && clock.Elapsed < Patience)
            await Task.Delay(200);

        // Raw requests, deliveries and the like may follow their events.
        await UntilCalmAsync(hub);
        var (running, log) = (SizeOf(data), SizeOf(data, "hub.db-wal"));
        await hub.StopAsync();
        return new State(0, 0, before, running, log, SizeOf(data), InUse(data), 0, 0);
    }

    /// <summary>Until neither the files nor the hub's processor time change for a while.</summary>
    private static async Task UntilCalmAsync(HubProcess hub)
    {
        using var process = Process.GetProcessById(hub.Id);
        var clock = Stopwatch.StartNew();
        (TimeSpan Cpu, long Size) before;
        do
        {
            before = (process.TotalProcessorTime, SizeOf(hub.Data));
            await Task.Delay(Calm);
            process.Refresh();
        }
        while ((process.TotalProcessorTime - before.Cpu > Calm / 10 || SizeOf(hub.Data) != before.Size) && clock.Elapsed < Patience);
    }

    private static long SizeOf(string data, string files = "hub.db*") => new DirectoryInfo(data).EnumerateFiles(files).Sum(static file => file.Length);

    /// <summary>The bytes of pages that hold something.</summary>
    private static long InUse(string data)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(data, "hub.db")};Pooling=False;Mode=ReadOnly");
        connection.Open();
        long Ask(string pragma)
        {
            using var command = connection.CreateCommand();
            command.CommandText = $"PRAGMA {pragma}";
            return (long)command.ExecuteScalar()!;
        }

        return (Ask("page_count") - Ask("freelist_count")) * Ask("page_size");
    }

    private static void Print(string what, State state) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{what}: {state.Events} events, {state.Before / 1048576.0:0.0} MB before; at rest {state.Running / 1048576.0:0.0} MB of which log {state.Log / 1048576.0:0.0}; stopped {state.Stopped / 1048576.0:0.0} MB of which in use {state.InUse / 1048576.0:0.0}"));

    /// <summary>The files of the database in bytes: before, at rest while the hub runs, its log of that, and stopped, of which so much is in use.</summary>
    private sealed record State(int Events, int BodyBytes, long Before, long Running, long Log, long Stopped, long InUse, int Lost, int Twice);
}

/// <param name="Events">How many are stored, each time.</param>
/// <param name="Connections">How many requests are in flight.</param>
internal sealed record StorageOptions(int Events = 100_000, int Connections = 64)
{
    public static StorageOptions Parse(string[] args)
    {
        var options = new StorageOptions();
        if (args.Length % 2 != 0)
            throw new ArgumentException($"{args[^1]} lacks a value.");

        for (var i = 0; i < args.Length; i += 2)
        {
            var value = int.Parse(args[i + 1], CultureInfo.InvariantCulture);
            options = args[i] switch
            {
                "--events" => options with { Events = value },
                "--connections" => options with { Connections = value },
                _ => throw new ArgumentException($"Unknown option {args[i]}."),
            };
        }

        return options;
    }
}
