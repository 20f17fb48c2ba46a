using System.Security.Cryptography;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Secrets;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Encryption;

/// <summary>
/// Brings every data key under the current master key, and removes former master keys that nothing is under any more. What is left to do is read from the storage alone, so a
/// crash at any point loses nothing: the next start goes on. Each row changes at once and wholly, and both keys open meanwhile, so nothing is ever unreadable.
/// </summary>
internal sealed partial class RewrapWorker(
    MasterKeyRing ring,
    IMasterKeySource source,
    Sealer sealer,
    IWrappedKeyStore rows,
    IEnumerable<IRewrapListener> listeners,
    IAuditTrail audit,
    IOptions<EncryptionOptions> options,
    TimeProvider time,
    ILogger<RewrapWorker> logger) : BackgroundService
{
    private const int MostNamed = 20;

    private readonly Lock waking = new();
    private readonly Dictionary<string, DateTimeOffset> retired = new(StringComparer.Ordinal);
    private TaskCompletionSource woken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile RewrapProgress progress = RewrapProgress.Idle;
    private DateTimeOffset? settledAt;
    private string? correlation;

    // What the audit was told last: a try that finds what the one before it found is no news, and comes every minute while a row does not open.
    private string? toldStart;
    private string? toldOutcome;

    /// <summary>Where it stands.</summary>
    public RewrapProgress Progress => progress;

    /// <summary>Tells it that the master key changed.</summary>
    public void Wake(string? correlationId)
    {
        Volatile.Write(ref correlation, correlationId);
        lock (waking)
        {
            progress = progress with { State = RewrapState.Rewrapping };
            woken.TrySetResult();
        }
    }

    /// <summary>Does what can be done now.</summary>
    /// <returns>When there is something to do again; <see langword="null"/> when somebody must wake it.</returns>
    public async Task<TimeSpan?> StepAsync(CancellationToken cancellationToken)
    {
        Forget();
        var current = ring.Current.Id;
        var former = ring.FormerIds.Where(id => !retired.ContainsKey(id)).ToList();
        if (former.Count == 0)
        {
            // Unless the key was changed since it was looked at.
            lock (waking)
                if (!woken.Task.IsCompleted)
                    Report(progress with { State = RewrapState.Idle });

            return retired.Count == 0 ? null : Least(retired.Values.Min() - time.GetUtcNow());
        }

        var counts = await rows.CountAsync(cancellationToken);
        var waiting = counts.Where(count => count.Key != current).Sum(count => count.Value);
        if (waiting > 0)
        {
            settledAt = null;
            if (!await RewrapAsync(current, former, waiting, cancellationToken))
                return options.Value.RetryAfter;
        }

        if (settledAt is not { } since)
        {
            // Copies that are kept for long, not for half a minute as the caches do.
            foreach (var listener in listeners)
                await listener.ReloadAsync(cancellationToken);

            settledAt = time.GetUtcNow();
            Report(progress with { State = RewrapState.Settling, FinishedAt = progress.FinishedAt ?? settledAt });
            return options.Value.RetireAfter;
        }

        return Least(since + options.Value.RetireAfter - time.GetUtcNow()) is { Ticks: > 0 } rest ? rest : await RetireAsync(former, cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            Task wake;
            lock (waking)
            {
                woken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                wake = woken.Task;
            }

            TimeSpan? wait;
            try
            {
                wait = await StepAsync(stoppingToken);
            }
            catch (Exception fault) when (fault is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                Log.Failed(logger, fault);
                wait = options.Value.RetryAfter;
            }
            catch (OperationCanceledException)
            {
                return;
            }

            var due = Task.Delay(wait ?? Timeout.InfiniteTimeSpan, time, stoppingToken);
            await Task.WhenAny(due, wake);
        }
    }

    /// <returns>Whether no row is left.</returns>
    private async Task<bool> RewrapAsync(string current, List<string> former, long waiting, CancellationToken cancellationToken)
    {
        var started = time.GetUtcNow();
        Report(new RewrapProgress { State = RewrapState.Rewrapping, StartedAt = started });
        var rotation = $"{current} from {string.Join(", ", former)}";
        if (toldStart != rotation)
        {
            await RecordAsync("encryption.rewrap_started", current, new { from = former, dataKeys = waiting }, cancellationToken);
            toldStart = rotation;
        }

        Log.Started(logger, waiting, current);

        var unreadable = new List<string>();
        foreach (var id in former)
        {
            var damaged = new List<string>();
            while (await PassAsync(id, damaged, cancellationToken))
                damaged.Clear();

            unreadable.AddRange(damaged);
        }

        var finished = time.GetUtcNow();
        var done = progress.Rewrapped;
        Report(progress with { State = unreadable.Count > 0 ? RewrapState.Stuck : RewrapState.Settling, FinishedAt = finished, Unreadable = [.. unreadable.Take(MostNamed)] });
        var outcome = $"{rotation}; without {string.Join(", ", unreadable)}";
        if (done > 0 || toldOutcome != outcome)
        {
            await RecordAsync("encryption.rewrapped", current, new { from = former, dataKeys = done, unreadable = unreadable.Count, seconds = (finished - started).TotalSeconds }, cancellationToken);
            toldOutcome = outcome;
        }

        if (unreadable.Count == 0)
            Log.Finished(logger, done, current, (finished - started).TotalSeconds);
        else
            Log.Stuck(logger, unreadable.Count, string.Join(", ", unreadable.Take(MostNamed)));

        return unreadable.Count == 0;
    }

    /// <summary>Walks once over the rows that are under a key.</summary>
    /// <returns>Whether another walk may find something: rows that came or changed behind this one.</returns>
    private async Task<bool> PassAsync(string from, List<string> unreadable, CancellationToken cancellationToken)
    {
        WrappedKeyRow? last = null;
        var changed = 0;
        while (true)
        {
            var batch = await rows.ListAsync(from, last, options.Value.RewrapBatch, cancellationToken);
            if (batch.Count == 0)
                return changed > 0;

            var rewrapped = new List<Rewrapping>(batch.Count);
            foreach (var row in batch)
                try
                {
                    var wrapped = sealer.Rewrap(row.Wrapped, row.Context);
                    rewrapped.Add(new Rewrapping(row, wrapped, sealer.MasterKeyIdOf(wrapped)));
                }
                catch (CryptographicException)
                {
                    unreadable.Add($"{row.Kind} {row.Id}");
                }

            if (rewrapped.Count > 0)
                changed += await rows.ReplaceAsync(rewrapped, cancellationToken);

            Report(progress with { Rewrapped = progress.Rewrapped + rewrapped.Count });
            last = batch[^1];
            await Task.Delay(options.Value.RewrapPause, time, cancellationToken);
        }
    }

    private async Task<TimeSpan?> RetireAsync(List<string> former, CancellationToken cancellationToken)
    {
        foreach (var id in former)
            if (!await rows.TryRetireAsync(id, cancellationToken))
            {
                // Somebody who had it wrote meanwhile.
                settledAt = null;
                return TimeSpan.Zero;
            }

        // The storage takes no row under it any more: now it can go.
        var kept = await source.RetireAsync(former, cancellationToken);
        var until = time.GetUtcNow() + options.Value.ForgetAfter;
        foreach (var id in former)
            retired[id] = until;

        settledAt = null;
        await RecordAsync("encryption.master_key_retired", ring.Current.Id, new { keys = former, removed = former.Except(kept) }, cancellationToken);
        Log.Retired(logger, string.Join(", ", former), source.Place);
        if (kept.Count > 0)
            Log.RemoveByHand(logger, string.Join(", ", kept));

        Report(progress with { State = RewrapState.Idle });
        return Least(options.Value.ForgetAfter);
    }

    private void Forget()
    {
        var now = time.GetUtcNow();
        var due = retired.Where(key => key.Value <= now).Select(key => key.Key).ToList();
        if (due.Count == 0)
            return;

        ring.Forget(due);
        foreach (var id in due)
            retired.Remove(id);
    }

    // Timers refuse what is negative, and what is longer than some weeks.
    private static TimeSpan Least(TimeSpan wait) => TimeSpan.FromTicks(Math.Clamp(wait.Ticks, 0, TimeSpan.TicksPerDay));

    private void Report(RewrapProgress now) => progress = now;

    private Task RecordAsync(string action, string target, object details, CancellationToken cancellationToken) =>
        audit.RecordAsync(time, Caller.System, action, target, null, Volatile.Read(ref correlation), details, cancellationToken);

    private static partial class Log
    {
        [LoggerMessage(5021, LogLevel.Information, "{Count} data keys are being wrapped anew by the master key {Key}")]
        public static partial void Started(ILogger logger, long count, string key);

        [LoggerMessage(5022, LogLevel.Information, "{Count} data keys are under the master key {Key} now ({Seconds:0.0} s)")]
        public static partial void Finished(ILogger logger, long count, string key, double seconds);

        [LoggerMessage(5023, LogLevel.Error, "{Count} data keys do not open and stay as they are, and so does the former master key: {Rows}. Restore these rows, or delete them")]
        public static partial void Stuck(ILogger logger, int count, string rows);

        [LoggerMessage(5024, LogLevel.Information, "Nothing is encrypted with {Keys} any more; removed from {Place}. Keep their backups as long as you keep backups of the database from before")]
        public static partial void Retired(ILogger logger, string keys, string place);

        [LoggerMessage(5025, LogLevel.Warning, "The master keys {Keys} are given as settings, which the hub cannot change: remove them from HUB_MASTER_KEY_PREVIOUS")]
        public static partial void RemoveByHand(ILogger logger, string keys);

        [LoggerMessage(5026, LogLevel.Error, "Wrapping data keys anew failed and is tried again; everything stays readable")]
        public static partial void Failed(ILogger logger, Exception fault);
    }
}
