using System.Collections.Concurrent;
using IntegrationHub.Host.Events.DeadLetters;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Events;

/// <summary>
/// Sends deliveries. One loop leases what is due and starts it; it sleeps until something wakes it or the next delivery is due. At least once: an attempt whose outcome
/// could not be recorded is made again when its lease has expired.
/// </summary>
internal sealed partial class DeliveryWorker : BackgroundService
{
    private const int FreedAtOnce = 500;
    private static readonly TimeSpan LongestFaultPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ReleaseTimeout = TimeSpan.FromSeconds(5);

    private readonly IDeliveryStore deliveries;
    private readonly ISubscriptionStore subscriptions;
    private readonly SubscriptionRegistry registry;
    private readonly EndpointRegistry endpoints;
    private readonly DeliverySender sender;
    private readonly DeliveryOutcomeRules rules;
    private readonly DeliverySignal signal;
    private readonly DeadLetterSignal deadLetters;
    private readonly EventMetrics metrics;
    private readonly DeliveryOptions options;
    private readonly TimeProvider time;
    private readonly ILogger<DeliveryWorker> logger;
    private readonly DeliveryLanes lanes;
    private readonly AttemptRecorder recorder;
    private readonly CancellationTokenSource abort = new();

    // What this process has leased and is at work on. A wall clock that jumps ahead ends leases on paper; these are not sent twice for that.
    private readonly ConcurrentDictionary<string, bool> held = new(StringComparer.Ordinal);
    private CancellationToken stopping;
    private bool restored;

    // When the whole queue has to be looked at again: at the start, after a fault, and now and then.
    private bool everywhere = true;
    private long lookedEverywhere;

    // When the first lease ends that nobody may be behind any more, in ticks.
    private long leaseEnds = long.MaxValue;

    public DeliveryWorker(
        IDeliveryStore deliveries,
        ISubscriptionStore subscriptions,
        SubscriptionRegistry registry,
        EndpointRegistry endpoints,
        DeliverySender sender,
        DeliveryOutcomeRules rules,
        DeliverySignal signal,
        DeadLetterSignal deadLetters,
        EventMetrics metrics,
        IOptions<DeliveryOptions> options,
        TimeProvider time,
        ILogger<DeliveryWorker> logger)
    {
        this.deliveries = deliveries;
        this.subscriptions = subscriptions;
        this.registry = registry;
        this.endpoints = endpoints;
        this.sender = sender;
        this.rules = rules;
        this.signal = signal;
        this.deadLetters = deadLetters;
        this.metrics = metrics;
        this.options = options.Value;
        this.time = time;
        this.logger = logger;
        lanes = new DeliveryLanes(registry, endpoints, options, time);
        recorder = new AttemptRecorder(Owner, deliveries, Recorded, time, logger);
    }

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
        var recording = recorder.RunAsync(Lost, abort.Token);
        var faults = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await LookAsync(stoppingToken);
                faults = 0;
                await signal.WaitAsync(Pause(), time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception exception)
            {
                everywhere = true;
                Log.QueueFailed(logger, exception);
                var pause = TimeSpan.FromSeconds(Math.Min(LongestFaultPause.TotalSeconds, Math.Pow(2, faults++)));
                await Task.Delay(pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        await ReleaseAsync(lanes.TakeUnwanted(all: true));
        await lanes.WhenIdleAsync();
        recorder.Complete();
        await recording;
    }

    /// <summary>Leases and starts deliveries until none is due or there is no room.</summary>
    private async Task LookAsync(CancellationToken cancellationToken)
    {
        if (!restored)
        {
            await endpoints.LoadAsync(cancellationToken);
            restored = true;
        }

        var (told, named) = signal.Take();
        foreach (var subscription in named)
            lanes.Due(subscription, DateTimeOffset.MinValue);
        await LookEverywhereAsync(told, cancellationToken);

        while (!cancellationToken.IsCancellationRequested)
        {
            await ReleaseAsync(lanes.TakeUnwanted(all: false));
            var now = time.GetUtcNow();
            var shares = lanes.Plan(now);
            if (shares.Count == 0)
                return;

            IReadOnlyList<LeasedShare> leased;
            try
            {
                leased = await deliveries.LeaseAsync(Owner, now, options.Lease, shares, cancellationToken);
            }
            catch
            {
                lanes.NotLeased(shares);
                throw;
            }

            foreach (var delivery in leased.SelectMany(static share => share.Deliveries))
                held[delivery.Id] = true;
            for (var i = 0; i < leased.Count; i++)
                lanes.Put(leased[i], shares[i].Max, now + options.Lease);
            StartWhatMay();
        }
    }

    private async Task LookEverywhereAsync(bool told, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (now.UtcTicks >= Volatile.Read(ref leaseEnds))
        {
            IReadOnlyList<string> freed;
            do
            {
                freed = await deliveries.FreeExpiredAsync(Owner, [.. held.Keys], now, FreedAtOnce, cancellationToken);
            }
            while (freed.Count >= FreedAtOnce);
            Volatile.Write(ref leaseEnds, long.MaxValue);
            everywhere = true;
        }

        if (!told && !everywhere && time.GetElapsedTime(lookedEverywhere) < options.Tick)
            return;

        var agenda = await deliveries.AgendaAsync(Owner, cancellationToken);
        foreach (var (subscription, due) in agenda.Due)
            lanes.Due(subscription, due);
        if (agenda.LeaseEnds is { } end)
            ExpectLeaseEnd(end);
        (everywhere, lookedEverywhere) = (false, time.GetTimestamp());
    }

    private TimeSpan Pause()
    {
        var pause = options.Tick - time.GetElapsedTime(lookedEverywhere);
        var now = time.GetUtcNow();
        if (lanes.Pause(now) is { } due && due < pause)
            pause = due;
        if (Volatile.Read(ref leaseEnds) is < long.MaxValue and var end && TimeSpan.FromTicks(end - now.UtcTicks) is var left && left < pause)
            pause = left;

        // Timers cut off what is less than a millisecond, and would go off too early, again and again.
        return pause > TimeSpan.Zero ? TimeSpan.FromMilliseconds(Math.Ceiling(pause.TotalMilliseconds)) : TimeSpan.Zero;
    }

    private void StartWhatMay()
    {
        while (lanes.Next() is { } next)
            _ = Task.Run(() => HandleAsync(next));
    }

    /// <summary>Throws nothing.</summary>
    private async Task HandleAsync(LeasedDelivery leased)
    {
        var delivery = leased.Delivery;
        var took = TimeSpan.Zero;
        try
        {
            var subscription = registry.Find(delivery.SubscriptionId) ?? await subscriptions.GetAsync(delivery.SubscriptionId, abort.Token);

            // What waited so long that its lease could expire while it is being sent would be sent twice.
            if (stopping.IsCancellationRequested || time.GetUtcNow() + options.TimeoutOf(subscription) > leased.LeasedUntil)
            {
                await ReleaseAsync([delivery]);
                return;
            }

            var record = await AttemptAsync(delivery, subscription, abort.Token);
            took = record.Attempt.Duration;
            await recorder.AddAsync(new AttemptOutcome(record, leased));
        }
        catch (OperationCanceledException) when (abort.IsCancellationRequested)
        {
            await ReleaseAsync([delivery]);
        }
        catch (Exception exception)
        {
            Log.AttemptLost(logger, exception, delivery.Id);
            held.TryRemove(delivery.Id, out _);
            ExpectLeaseEnd(leased.LeasedUntil);
        }
        finally
        {
            var look = lanes.Leave(delivery.SubscriptionId, took);
            StartWhatMay();
            if (look)
                signal.Nudge();
        }
    }

    private async Task<AttemptRecord> AttemptAsync(Delivery delivery, Subscription? subscription, CancellationToken cancellationToken)
    {
        var number = delivery.Attempts + 1;
        if (rules.WhyNotSent(delivery, subscription, number) is { } unsent)
        {
            if (subscription is null)
                endpoints.Forget(delivery.SubscriptionId);
            return unsent;
        }

        var (attempt, answer) = await sender.SendAsync(delivery.Id, number, delivery.Event!, subscription!, delivery.ReplayOf is not null || delivery.Event!.ReprocessOf is not null, cancellationToken);

        // What was sent is noted and recorded even while the host stops.
        await endpoints.ObserveAsync(subscription!, attempt, answer, CancellationToken.None);
        return rules.Decide(attempt, answer);
    }

    /// <summary>What follows from outcomes that are on disk.</summary>
    private void Recorded(IReadOnlyList<AttemptOutcome> outcomes)
    {
        var look = false;
        foreach (var (record, leased) in outcomes)
        {
            var delivery = leased.Delivery;
            held.TryRemove(delivery.Id, out _);

            // The next of its key is due from now on.
            if (delivery.OrderKey is not null && record.Status != DeliveryStatus.Pending)
            {
                lanes.Due(delivery.SubscriptionId, DateTimeOffset.MinValue);
                look = true;
            }

            switch (record.Status)
            {
                case DeliveryStatus.Pending:
                    Log.WillRetry(logger, delivery.Id, record.Attempt.Number, record.Reason, record.NextAttemptAt);
                    lanes.Due(delivery.SubscriptionId, record.NextAttemptAt ?? delivery.NextAttemptAt);

                    // The loop may sleep longer than until the next attempt.
                    look = true;
                    break;
                case DeliveryStatus.Dead:
                    metrics.Died();
                    Log.Died(logger, delivery.Id, delivery.SubscriptionId, record.Reason);
                    deadLetters.Wake();
                    break;
                default:
                    Log.Done(logger, delivery.Id, record.Attempt.Number);
                    break;
            }
        }

        if (look)
            signal.Nudge();
    }

    /// <summary>Their leases end by themselves, and they are sent again.</summary>
    private void Lost(IReadOnlyList<AttemptOutcome> outcomes)
    {
        foreach (var outcome in outcomes)
        {
            Log.AttemptLost(logger, null, outcome.Leased.Delivery.Id);
            held.TryRemove(outcome.Leased.Delivery.Id, out _);
            ExpectLeaseEnd(outcome.Leased.LeasedUntil);
        }
    }

    private void ExpectLeaseEnd(DateTimeOffset end)
    {
        var ticks = end.UtcTicks;
        for (var known = Volatile.Read(ref leaseEnds); ticks < known;)
        {
            var before = Interlocked.CompareExchange(ref leaseEnds, ticks, known);
            if (before == known)
                break;
            known = before;
        }

        signal.Nudge();
    }

    private async Task ReleaseAsync(IReadOnlyList<Delivery> unsent)
    {
        if (unsent.Count == 0)
            return;

        foreach (var delivery in unsent)
            held.TryRemove(delivery.Id, out _);
        try
        {
            await deliveries.ReleaseAsync(Owner, [.. unsent.Select(static delivery => delivery.Id)], CancellationToken.None);
        }
        catch (Exception exception)
        {
            // Their leases expire by themselves.
            Log.ReleaseFailed(logger, exception, unsent.Count);
            ExpectLeaseEnd(time.GetUtcNow() + options.Lease);
            return;
        }

        foreach (var delivery in unsent)
            lanes.Due(delivery.SubscriptionId, delivery.NextAttemptAt);
        signal.Nudge();
    }

    private static partial class Log
    {
        [LoggerMessage(3301, LogLevel.Error, "The delivery queue could not be read; trying again")]
        public static partial void QueueFailed(ILogger logger, Exception exception);

        [LoggerMessage(3302, LogLevel.Error, "Delivery {Delivery}: the attempt's outcome is lost; it is tried again when its lease has expired")]
        public static partial void AttemptLost(ILogger logger, Exception? exception, string delivery);

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
