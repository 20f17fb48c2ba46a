using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Events;

/// <summary>
/// Sends deliveries. One loop leases what is due and starts it; it sleeps until something wakes it or the next delivery is due. At least once: an attempt whose outcome
/// could not be recorded is made again when its lease has expired.
/// </summary>
internal sealed partial class DeliveryWorker(
    IDeliveryStore deliveries,
    ISubscriptionStore subscriptions,
    SubscriptionRegistry registry,
    DeliverySender sender,
    DeliveryOutcomeRules rules,
    DeliverySignal signal,
    EventMetrics metrics,
    IOptions<DeliveryOptions> options,
    TimeProvider time,
    ILogger<DeliveryWorker> logger) : BackgroundService
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestFaultPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ReleaseTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan[] RecordRetries = [TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5)];

    private readonly DeliveryOptions options = options.Value;
    private readonly DeliveryLanes lanes = new(options.Value.ConcurrencyPerEndpoint);
    private readonly ConcurrentDictionary<string, Task> running = new();
    private readonly CancellationTokenSource abort = new();
    private CancellationToken stopping;

    // Whether more may be due than was leased, so that a free place is worth a look.
    private volatile bool backlog;

    /// <summary>Tells this process's leases from those of others, and from those of its predecessor.</summary>
    public string Owner { get; } = $"{Environment.MachineName}/{Environment.ProcessId}/{Guid.NewGuid():N}";

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // Attempts in flight may finish until the host's patience ends; then they are broken off and given back.
        await using var patience = cancellationToken.Register(abort.Cancel);
        await base.StopAsync(cancellationToken);
        if (ExecuteTask is { } loop)
            await loop.WaitAsync(ReleaseTimeout, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public override void Dispose()
    {
        abort.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        stopping = stoppingToken;
        var faults = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await LeaseAsync(stoppingToken);
                var pause = await PauseAsync(stoppingToken);
                faults = 0;
                await signal.WaitAsync(pause, time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception exception)
            {
                Log.QueueFailed(logger, exception);
                var pause = TimeSpan.FromSeconds(Math.Min(LongestFaultPause.TotalSeconds, Math.Pow(2, faults++)));
                await Task.Delay(pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        await ReleaseAsync([.. lanes.DrainWaiting().Select(waiting => waiting.Delivery.Id)]);
        await Task.WhenAll(running.Values);
    }

    /// <summary>Leases and starts deliveries until none is due or there is no room.</summary>
    private async Task LeaseAsync(CancellationToken cancellationToken)
    {
        // Set first: a place that becomes free while this looks must lead to another look.
        backlog = true;
        while (!cancellationToken.IsCancellationRequested)
        {
            // A lease is a write. With a backlog it is worth waiting for a few free places.
            var inFlight = lanes.Running;
            var free = options.Concurrency - inFlight;
            if (free < 1 || (inFlight > 0 && free < options.Concurrency / 4) || lanes.Waiting >= options.Concurrency * 4)
                return;

            var now = time.GetUtcNow();
            var leased = await deliveries.LeaseExceptAsync(Owner, now, options.Lease, free, lanes.Full, cancellationToken);
            foreach (var delivery in leased)
            {
                var mine = new LeasedDelivery(delivery, now + options.Lease);
                if (lanes.Enter(mine))
                    Start(mine);
            }

            if (leased.Count < free)
            {
                backlog = lanes.Full.Count > 0;
                return;
            }
        }
    }

    private async Task<TimeSpan> PauseAsync(CancellationToken cancellationToken)
    {
        if (await deliveries.NextDueAsync(cancellationToken) is not { } due)
            return options.Tick;

        var pause = due - time.GetUtcNow();
        if (pause > options.Tick || (pause <= TimeSpan.Zero && backlog))
            return options.Tick;

        // Due already, yet not leased: another node has just taken it.
        return pause > TimeSpan.Zero ? pause : ShortestPause;
    }

    private void Start(LeasedDelivery first)
    {
        var id = first.Delivery.Id;
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        running[id] = started.Task;
        _ = Task.Run(async () =>
        {
            try
            {
                for (var next = first; next is not null; next = lanes.Leave(first.Delivery.SubscriptionId))
                    await HandleAsync(next);
            }
            finally
            {
                running.TryRemove(id, out _);
                started.SetResult();
                if (backlog)
                    signal.Wake();
            }
        });
    }

    /// <summary>Throws nothing.</summary>
    private async Task HandleAsync(LeasedDelivery leased)
    {
        var delivery = leased.Delivery;
        try
        {
            // What waited so long that its lease could expire while it is being sent would be sent twice.
            if (stopping.IsCancellationRequested || time.GetUtcNow() + options.Timeout > leased.LeasedUntil)
            {
                await ReleaseAsync([delivery.Id]);
                return;
            }

            var record = await AttemptAsync(delivery, abort.Token);
            await RecordAsync(delivery, record);
        }
        catch (OperationCanceledException) when (abort.IsCancellationRequested)
        {
            await ReleaseAsync([delivery.Id]);
        }
        catch (Exception exception)
        {
            Log.AttemptLost(logger, exception, delivery.Id);
        }
    }

    private async Task<AttemptRecord> AttemptAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        var number = delivery.Attempts + 1;
        var subscription = registry.Find(delivery.SubscriptionId) ?? await subscriptions.GetAsync(delivery.SubscriptionId, cancellationToken);
        if (rules.WhyNotSent(delivery, subscription, number) is { } unsent)
            return unsent;

        var (attempt, answer) = await sender.SendAsync(delivery.Id, number, delivery.Event!, subscription!, delivery.ReplayOf is not null, cancellationToken);
        return rules.Decide(attempt, answer);
    }

    private async Task RecordAsync(Delivery delivery, AttemptRecord record)
    {
        for (var retry = 0; ; retry++)
        {
            try
            {
                // What has been sent is worth recording even while the host stops.
                await deliveries.RecordAsync(Owner, record, CancellationToken.None);
                break;
            }
            catch (Exception exception) when (retry < RecordRetries.Length)
            {
                Log.RecordFailed(logger, exception, delivery.Id);
                await Task.Delay(RecordRetries[retry], time, abort.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        // The next of its key is due from now on.
        if (delivery.OrderKey is not null && record.Status != DeliveryStatus.Pending)
            signal.Wake();

        switch (record.Status)
        {
            case DeliveryStatus.Pending:
                Log.WillRetry(logger, delivery.Id, record.Attempt.Number, record.Reason, record.NextAttemptAt);

                // The loop may sleep longer than until the next attempt.
                signal.Wake();
                break;
            case DeliveryStatus.Dead:
                metrics.Died();
                Log.Died(logger, delivery.Id, delivery.SubscriptionId, record.Reason);
                break;
            default:
                Log.Done(logger, delivery.Id, record.Attempt.Number);
                break;
        }
    }

    private async Task ReleaseAsync(IReadOnlyList<string> ids)
    {
        if (ids.Count == 0)
            return;

        try
        {
            await deliveries.ReleaseAsync(Owner, ids, CancellationToken.None);
        }
        catch (Exception exception)
        {
            // Their leases expire by themselves.
            Log.ReleaseFailed(logger, exception, ids.Count);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3301, LogLevel.Error, "The delivery queue could not be read; trying again")]
        public static partial void QueueFailed(ILogger logger, Exception exception);

        [LoggerMessage(3302, LogLevel.Error, "Delivery {Delivery}: the attempt's outcome is lost; it is tried again when its lease has expired")]
        public static partial void AttemptLost(ILogger logger, Exception exception, string delivery);

        [LoggerMessage(3303, LogLevel.Warning, "Delivery {Delivery}: the attempt could not be recorded; trying again")]
        public static partial void RecordFailed(ILogger logger, Exception exception, string delivery);

        [LoggerMessage(3304, LogLevel.Information, "Delivery {Delivery}: attempt {Attempt} failed ({Reason}); next at {NextAttemptAt}")]
        public static partial void WillRetry(ILogger logger, string delivery, int attempt, string? reason, DateTimeOffset? nextAttemptAt);

        [LoggerMessage(3305, LogLevel.Warning, "Delivery {Delivery} to {Subscription} is a dead letter: {Reason}")]
        public static partial void Died(ILogger logger, string delivery, string subscription, string? reason);

        [LoggerMessage(3306, LogLevel.Debug, "Delivery {Delivery} is done after attempt {Attempt}")]
        public static partial void Done(ILogger logger, string delivery, int attempt);

        [LoggerMessage(3307, LogLevel.Warning, "{Count} deliveries could not be given back; they are taken up again when their leases have expired")]
        public static partial void ReleaseFailed(ILogger logger, Exception exception, int count);
    }
}
