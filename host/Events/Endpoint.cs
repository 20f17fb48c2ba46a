namespace IntegrationHub.Host.Events;

internal enum EndpointCircuit
{
    /// <summary>Deliveries are sent.</summary>
    Closed,

    /// <summary>It failed too often in a row: nothing is sent, and no delivery loses an attempt.</summary>
    Open,

    /// <summary>It asked to be left alone for a while.</summary>
    Paused,

    /// <summary>One attempt at a time finds out whether it is back.</summary>
    HalfOpen,
}

/// <summary>What has to be done after an attempt.</summary>
/// <param name="Warn">The percentage of the time to disabling that has passed, when it is to be told; else 0.</param>
/// <param name="Disable">Whether it has failed for too long.</param>
/// <param name="Recovered">Whether it works again after a warning.</param>
internal readonly record struct EndpointVerdict(int Warn, bool Disable, bool Recovered);

/// <summary>
/// What this process knows of one subscription's endpoint: its circuit, its rate, and since when it fails. Decisions go by timestamps, so that a clock that jumps holds nothing up;
/// the wall clock is for what is kept and shown. Thread-safe.
/// </summary>
internal sealed class Endpoint(string subscriptionId, DeliveryOptions options, TimeProvider time)
{
    /// <summary>Of the time until an endpoint is disabled, when to warn: in percent.</summary>
    private static readonly int[] Warnings = [90, 70, 50];

    /// <summary>Failures with nothing between them for longer than this are no continuous failure: nothing was sent in the meantime.</summary>
    private static readonly TimeSpan LongestGap = TimeSpan.FromHours(24);

    /// <summary>While all goes well the last success is saved so often.</summary>
    private static readonly TimeSpan SuccessGrain = TimeSpan.FromMinutes(15);

    private readonly Lock gate = new();
    private readonly EndpointRate rate = new(time);
    private EndpointState state = new() { SubscriptionId = subscriptionId };
    private Subscription? target;
    private long openUntil;
    private DateTimeOffset? lastSuccess;

    // After the circuit closes places come back one with each success: whoever has just recovered must not get its whole backlog at once.
    private int ramp = int.MaxValue;

    public EndpointState State
    {
        get
        {
            lock (gate)
                return state with { LastSuccessAt = lastSuccess };
        }
    }

    public EndpointCircuit Circuit
    {
        get
        {
            lock (gate)
                return CircuitNow;
        }
    }

    /// <summary>How long nothing is sent yet; zero when the circuit is not open.</summary>
    public TimeSpan Remaining
    {
        get
        {
            lock (gate)
                return Left;
        }
    }

    private TimeSpan Left => state.OpenUntil is not null && time.GetElapsedTime(time.GetTimestamp(), openUntil) is { Ticks: > 0 } left ? left : TimeSpan.Zero;

    private EndpointCircuit CircuitNow => state.OpenUntil is null ? EndpointCircuit.Closed
        : Left == TimeSpan.Zero ? EndpointCircuit.HalfOpen
        : state.Paused ? EndpointCircuit.Paused : EndpointCircuit.Open;

    /// <summary>Takes over what was kept by an earlier process.</summary>
    public void Restore(EndpointState kept)
    {
        lock (gate)
        {
            (state, lastSuccess) = (kept, kept.LastSuccessAt);
            if (kept.OpenUntil is { } until)
                Open(until - time.GetUtcNow());
        }
    }

    /// <summary>How many attempts may be in flight now, of a limit.</summary>
    public int Admitted(Subscription? subscription, int limit)
    {
        lock (gate)
        {
            Notice(subscription);
            return CircuitNow switch
            {
                EndpointCircuit.Closed => Math.Min(limit, ramp),
                EndpointCircuit.HalfOpen => 1,
                _ => 0,
            };
        }
    }

    /// <summary>How many attempts its rate allows at once now, and how long until one more; no limit when the subscription has none.</summary>
    public int Allowed(double? perSecond, out TimeSpan wait)
    {
        wait = TimeSpan.Zero;
        if (perSecond is not { } limit)
            return int.MaxValue;

        lock (gate)
            return rate.Available(limit, out wait);
    }

    /// <summary>Counts an attempt against the rate.</summary>
    public void Begin(double? perSecond)
    {
        if (perSecond is not { } limit)
            return;

        lock (gate)
            rate.Take(limit);
    }

    /// <summary>Lets the next attempt through although the circuit is open: somebody wants to know.</summary>
    public void TryNow()
    {
        lock (gate)
            openUntil = time.GetTimestamp();
    }

    /// <summary>Notes a success.</summary>
    /// <param name="subscription">What was sent to.</param>
    /// <param name="changed">Whether the state is worth saving.</param>
    public EndpointVerdict Succeeded(Subscription subscription, out bool changed)
    {
        var now = time.GetUtcNow();
        lock (gate)
        {
            Notice(subscription);
            var warned = state.Warned > 0;
            changed = state.FailingSince is not null || state.LastSuccessAt is null || (now - state.LastSuccessAt.Value).Duration() >= SuccessGrain;
            lastSuccess = now;
            if (ramp < int.MaxValue)
                ramp = ramp >= 1024 ? int.MaxValue : ramp + 1;
            if (state.OpenUntil is not null)
                ramp = 1;
            if (changed)
                state = new EndpointState { SubscriptionId = subscriptionId, LastSuccessAt = now, LastFailureAt = state.LastFailureAt };
            return new EndpointVerdict(0, false, warned);
        }
    }

    /// <summary>Notes a failure; the state is always worth saving.</summary>
    /// <param name="subscription">What was sent to.</param>
    /// <param name="error">What went wrong, as a sentence.</param>
    /// <param name="retryAfter">How long it asked to be left alone.</param>
    public EndpointVerdict Failed(Subscription subscription, string? error, TimeSpan? retryAfter)
    {
        var now = time.GetUtcNow();
        lock (gate)
        {
            Notice(subscription);
            var continues = state is { FailingSince: { } since, LastFailureAt: { } last } && since <= now && now - last <= LongestGap;
            var circuit = CircuitNow;
            state = state with
            {
                FailingSince = continues ? state.FailingSince : now,
                Warned = continues ? state.Warned : 0,
                LastFailureAt = now,
                LastSuccessAt = lastSuccess,
                Failures = Math.Min(state.Failures + 1, 1_000_000),
                LastError = error,
            };

            // One that was paused and asks for patience again says when to come back: its circuit is not to blame before it has failed too often.
            var trialFailed = circuit == EndpointCircuit.HalfOpen && !(state.Paused && retryAfter > TimeSpan.Zero);
            if (trialFailed || (circuit is EndpointCircuit.Closed or EndpointCircuit.HalfOpen && state.Failures >= options.CircuitFailures))
                Break();
            if (retryAfter is { Ticks: > 0 } asked && Bounded(asked) is var pause && pause > Left)
            {
                state = state with { Paused = true };
                Open(pause);
            }

            return Judge(now);
        }
    }

    /// <summary>Forgets everything: it is another endpoint now, or a person set it going again.</summary>
    public void Reset()
    {
        lock (gate)
            Clear();
    }

    // What another address, or other headers, make of it is not known yet.
    private void Notice(Subscription? subscription)
    {
        if (subscription is null || ReferenceEquals(subscription, target))
            return;

        var before = target;
        target = subscription;
        if (before is not null && subscription.Version > before.Version
            && (before.Url != subscription.Url || before.TargetKind != subscription.TargetKind || !before.SealedSettings.AsSpan().SequenceEqual(subscription.SealedSettings)))
        {
            Clear();
        }
    }

    private void Clear() => (state, ramp) = (new EndpointState { SubscriptionId = subscriptionId, LastSuccessAt = state.LastSuccessAt }, int.MaxValue);

    private TimeSpan Bounded(TimeSpan retryAfter) => retryAfter < options.MaxRetryAfter ? retryAfter : options.MaxRetryAfter;

    private void Break()
    {
        var pause = options.CircuitBreak * Math.Pow(2, Math.Min(state.Breaks, 20));
        state = state with { Breaks = Math.Min(state.Breaks + 1, 1_000_000), Paused = false };
        Open(pause < options.CircuitBreakMax ? pause : options.CircuitBreakMax);
    }

    private void Open(TimeSpan pause)
    {
        var longest = options.MaxRetryAfter > options.CircuitBreakMax ? options.MaxRetryAfter : options.CircuitBreakMax;
        var bounded = pause < TimeSpan.Zero ? TimeSpan.Zero : pause < longest ? pause : longest;
        openUntil = time.GetTimestamp() + (long)(bounded.TotalSeconds * time.TimestampFrequency);
        state = state with { OpenUntil = time.GetUtcNow() + bounded };
    }

    private EndpointVerdict Judge(DateTimeOffset now)
    {
        if (options.DisableAfter <= TimeSpan.Zero)
            return default;

        var passed = (now - state.FailingSince!.Value) / options.DisableAfter * 100;
        if (passed >= 100)
            return new EndpointVerdict(0, true, false);

        foreach (var warning in Warnings)
        {
            if (passed < warning)
                continue;
            if (state.Warned >= warning)
                break;

            state = state with { Warned = warning };
            return new EndpointVerdict(warning, false, false);
        }

        return default;
    }
}

/// <summary>Attempts a second: as many tokens as fit into one second, one at least. Not thread-safe.</summary>
internal sealed class EndpointRate(TimeProvider time)
{
    private double tokens = double.MaxValue;
    private long filledAt = time.GetTimestamp();

    public int Available(double perSecond, out TimeSpan wait)
    {
        Fill(perSecond);
        wait = tokens >= 1 ? TimeSpan.Zero : TimeSpan.FromSeconds((1 - tokens) / perSecond);
        return tokens >= 1 ? (int)Math.Min(tokens, int.MaxValue) : 0;
    }

    public void Take(double perSecond)
    {
        Fill(perSecond);
        tokens -= 1;
    }

    private void Fill(double perSecond)
    {
        var now = time.GetTimestamp();
        tokens = Math.Min(tokens + (time.GetElapsedTime(filledAt, now).TotalSeconds * perSecond), Math.Max(1, perSecond));
        filledAt = now;
    }
}
