using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;

namespace IntegrationHub.Tests.Support;

/// <summary>Where a kill is aimed.</summary>
public enum CrashStage
{
    /// <summary>While webhooks are being received and stored.</summary>
    Ingest,

    /// <summary>Right after an acknowledgement: stored, not delivered yet.</summary>
    Outbox,

    /// <summary>At the moment a delivery arrives at the subscriber, or is answered by it: sent, not recorded.</summary>
    Delivery,

    /// <summary>While expired raw requests are being deleted.</summary>
    Purge,

    /// <summary>Right after a replay was asked for.</summary>
    Replay,

    /// <summary>While it starts and recovers from the kill before.</summary>
    Start,
}

/// <summary>One kill, and what it did.</summary>
public sealed class CrashKill(int number, CrashStage stage)
{
    public int Number { get; } = number;

    public CrashStage Stage { get; } = stage;

    /// <summary>When the process was gone, by <see cref="Stopwatch.GetTimestamp"/>.</summary>
    public long At { get; set; }

    public int Acknowledged { get; set; }

    /// <summary>Deliveries that the subscriber had taken before this kill and got again after it.</summary>
    public int Doubled { get; set; }
}

/// <summary>What a run came to.</summary>
public sealed record CrashReport(
    int Seed, IReadOnlyList<CrashKill> Kills, int Acknowledged, int Repeated, int Stored, int StoredTwice, IReadOnlyList<string> NotStored, IReadOnlyList<string> NotDelivered,
    int ReplaysAcknowledged, int ReplaysLost, int Arrivals, int Doubled, int Unexplained, TimeSpan LongestGap, int EventRuns, string IntegrityWhenKilled, string Integrity, TimeSpan Took)
{
    /// <summary>Whether the kills hit the writing of runs too: without a run written before the last of them, nothing is proven about it.</summary>
    public bool HasEventRuns => EventRuns > 0;

    public bool IsWhole => IntegrityWhenKilled == "ok" && Integrity == "ok";

    public bool IsSound => NotStored.Count == 0 && NotDelivered.Count == 0 && StoredTwice == 0 && ReplaysLost == 0 && Unexplained == 0 && HasEventRuns && IsWhole;
}

/// <summary>
/// Kills a real hub without warning, again and again on the same data folder, while webhooks come in, deliveries go out, raw requests are purged and events are replayed; then lets it
/// finish, and counts.
/// </summary>
public sealed class CrashRun(int kills, int seed, TextWriter output)
{
    private const int Clients = 8;

    private static readonly Dictionary<string, string> Settings = new()
    {
        ["HUB_DELIVERY__LEASE"] = "00:00:04",
        ["HUB_DELIVERY__TIMEOUT"] = "00:00:02",
        ["HUB_DELIVERY__TICK"] = "00:00:01",
        ["HUB_SQLITE__EVENTSPERRUN"] = "100",
        ["HUB_RETENTION__RAWBODIES"] = "00:00:00.5",
        ["HUB_RETENTION__INTERVAL"] = "00:00:00.2",
        ["HUB_RETENTION__BATCH"] = "50",
    };

    private readonly Random random = new(seed);
    private readonly ConcurrentDictionary<string, long> acknowledged = new();
    private readonly ConcurrentDictionary<string, int> replays = new();
    private readonly ConcurrentQueue<string> stored = new();
    private int repeated;

    public async Task<CrashReport> RunAsync()
    {
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < 30; i++)
            Settings[$"HUB_DELIVERY__SCHEDULE__{i}"] = "00:00:01";

        await using var receiver = await CrashReceiver.StartAsync(seed);
        var data = HubProcess.NewDataFolder();
        var port = HubProcess.FreePort();
        var done = new List<CrashKill>();
        var connection = "";
        for (var number = 1; number <= kills; number++)
        {
            var kill = new CrashKill(number, Choose(number));
            var before = acknowledged.Count;
            if (kill.Stage == CrashStage.Start)
            {
                await using var starting = await HubProcess.StartAsync(data, port: port, variables: Settings, untilReady: false);
                await Task.Delay(random.Next(0, 2500));
                await starting.KillAsync();
                kill.At = Stopwatch.GetTimestamp();
            }
            else
            {
                await using var hub = await HubProcess.StartAsync(data, port: port, variables: Settings);
                if (connection.Length == 0)
                {
                    connection = await hub.CreateStripeConnectionAsync();
                    await hub.SubscribeAsync("stripe.**", receiver.Address);
                }

                await OneAsync(hub, connection, receiver, kill);
            }

            kill.Acknowledged = acknowledged.Count - before;
            done.Add(kill);
            output.WriteLine($"kill {number,3} of {kills}: {kill.Stage,-8} {kill.Acknowledged,5} acknowledged, {receiver.Arrivals().Count,7} arrivals so far, {clock.Elapsed.TotalSeconds:0} s");
        }

        return await FinishAsync(data, port, receiver, done, clock);
    }

    /// <summary>The first must set things up; after that all stages in turn, more of those where a delivery is between two states.</summary>
    private CrashStage Choose(int number) => number == 1
        ? CrashStage.Ingest
        : random.Next(10) switch
        {
            0 or 1 => CrashStage.Ingest,
            2 or 3 => CrashStage.Outbox,
            4 or 5 or 6 => CrashStage.Delivery,
            7 => CrashStage.Purge,
            8 => CrashStage.Replay,
            _ => CrashStage.Start,
        };

    private async Task OneAsync(HubProcess hub, string connection, CrashReceiver receiver, CrashKill kill)
    {
        // Made before anything runs beside it, so that the same seed aims at the same moments.
        var (warm, wait, skip) = (random.Next(200, 900), random.Next(0, 25), random.Next(1, 60));
        var atAnswer = random.Next(2) == 0;
        var armed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var left = skip;
        void Count()
        {
            if (Interlocked.Decrement(ref left) <= 0)
                armed.TrySetResult();
        }

        Action? sent = null, acked = null, asked = null;
        var load = Enumerable.Range(0, Clients).Select(client => Task.Run(() => SendAsync(hub, connection, $"{kill.Number}_{client}", new Random(seed + (kill.Number * 100) + client), () => sent?.Invoke(), () => acked?.Invoke())))
            .Append(Task.Run(() => ReplayAsync(hub, new Random(seed + kill.Number), () => asked?.Invoke()))).ToList();
        await Task.Delay(warm);
        switch (kill.Stage)
        {
            case CrashStage.Ingest:
                sent = Count;
                break;
            case CrashStage.Outbox:
                acked = Count;
                wait = random.Next(0, 4);
                break;
            case CrashStage.Delivery:
                if (atAnswer)
                    receiver.Answered = Count;
                else
                    receiver.Arrived = Count;
                wait = 0;
                break;
            case CrashStage.Replay:
                left = 1;
                asked = Count;
                wait = random.Next(0, 6);
                break;
            default:
                // Purges run every 200 ms: any moment is near one.
                wait = random.Next(0, 250);
                armed.SetResult();
                break;
        }

        await Task.WhenAny(armed.Task, Task.Delay(TimeSpan.FromSeconds(10)));
        if (wait > 0)
            await Task.Delay(wait);

        await hub.KillAsync();
        kill.At = Stopwatch.GetTimestamp();
        (receiver.Arrived, receiver.Answered) = (null, null);
        await Task.WhenAll(load);
    }

    private async Task SendAsync(HubProcess hub, string connection, string prefix, Random own, Action sent, Action acked)
    {
        for (var i = 0; !hub.HasExited; i++)
        {
            // Providers repeat themselves: one in ten comes twice, and must be stored once.
            var id = own.Next(10) == 0 && i > 0 ? $"evt_{prefix}_{own.Next(i)}" : $"evt_{prefix}_{i}";
            try
            {
                using var request = HubApi.StripeWebhook(hub.Address, connection, HubApi.StripeEvent(id));
                sent();
                using var answer = await hub.Client.SendAsync(request);
                if (!answer.IsSuccessStatusCode)
                    continue;

                acked();
                if (!acknowledged.TryAdd(id, Stopwatch.GetTimestamp()))
                    Interlocked.Increment(ref repeated);
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task ReplayAsync(HubProcess hub, Random own, Action asked)
    {
        try
        {
            var page = await hub.GetAsync("/api/events?limit=50");
            foreach (var item in page.GetProperty("items").EnumerateArray())
                stored.Enqueue(item.GetProperty("id").GetString()!);

            while (!hub.HasExited)
            {
                await Task.Delay(own.Next(10, 60));
                if (!stored.TryDequeue(out var id))
                    return;

                asked();
                using var answer = await hub.Client.PostAsJsonAsync($"/api/events/{id}/replay", new { });
                if (answer.IsSuccessStatusCode)
                    replays.AddOrUpdate(id, 1, (_, count) => count + 1);
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException or JsonException or InvalidOperationException)
        {
            // The hub was killed.
        }
    }

    private async Task<CrashReport> FinishAsync(string data, int port, CrashReceiver receiver, List<CrashKill> done, Stopwatch clock)
    {
        receiver.RefuseOneIn = int.MaxValue;
        var (runs, whenKilled) = Look(data);
        await using var last = await HubProcess.StartAsync(data, port: port, variables: Settings);
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        while (!patience.IsCancellationRequested)
        {
            var pending = await last.GetAsync("/api/deliveries?status=pending&limit=1");
            if (pending.GetProperty("items").GetArrayLength() == 0)
                break;

            await Task.Delay(500);
        }

        var events = await last.ListAsync("/api/events?provider=stripe");
        await last.StopAsync();
        var ids = events.Select(item => item.GetProperty("providerEventId").GetString()!).ToList();
        var known = ids.ToHashSet();
        var arrivals = receiver.Arrivals();
        var taken = arrivals.Where(arrival => arrival.Taken).ToList();
        var delivered = taken.Select(arrival => arrival.ProviderEventId).ToHashSet();

        var (doubled, unexplained, longest) = Explain(taken, done);
        var again = taken.Where(arrival => arrival.IsReplay).GroupBy(arrival => arrival.EventId).ToDictionary(group => group.Key, group => group.Count());
        var report = new CrashReport(
            seed, done, acknowledged.Count, repeated, ids.Count, ids.Count - known.Count, [.. acknowledged.Keys.Where(id => !known.Contains(id))], [.. known.Union(acknowledged.Keys).Where(id => !delivered.Contains(id))],
            replays.Values.Sum(), replays.Sum(pair => Math.Max(0, pair.Value - again.GetValueOrDefault(pair.Key))), arrivals.Count, doubled, unexplained, longest,
            runs, whenKilled, HubDatabase.Integrity(data), clock.Elapsed);
        last.DeleteData();
        return report;
    }

    /// <summary>What the last kill left, before the hub is there to mend it.</summary>
    private static (int Runs, string Integrity) Look(string data)
    {
        var copy = HubDatabase.Copy(data);
        try
        {
            return (HubDatabase.EventRuns(copy.FullName), HubDatabase.Integrity(copy.FullName));
        }
        finally
        {
            copy.Delete(recursive: true);
        }
    }

    /// <summary>
    /// A delivery that the subscriber took and got again: the outcome of the first was not on the disk when the process died. So a kill must lie between the two, and soon after the first.
    /// </summary>
    private static (int Doubled, int Unexplained, TimeSpan Longest) Explain(List<CrashArrival> taken, List<CrashKill> done)
    {
        var (doubled, unexplained, longest) = (0, 0, TimeSpan.Zero);
        foreach (var group in taken.Where(arrival => !arrival.IsReplay).GroupBy(arrival => arrival.EventId))
        {
            var times = group.Select(arrival => arrival.At).Order().ToList();
            for (var i = 1; i < times.Count; i++)
            {
                doubled++;
                var cause = done.FirstOrDefault(kill => kill.At >= times[i - 1] && kill.At <= times[i]);
                var gap = cause is null ? TimeSpan.MaxValue : Stopwatch.GetElapsedTime(times[i - 1], cause.At);
                if (cause is null || gap > TimeSpan.FromSeconds(2))
                    unexplained++;
                if (cause is null)
                    continue;

                cause.Doubled++;
                longest = gap > longest ? gap : longest;
            }
        }

        return (doubled, unexplained, longest);
    }
}
