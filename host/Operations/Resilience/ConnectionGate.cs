using System.Globalization;
using System.Threading.RateLimiting;
using IntegrationHub.Adapters;

namespace IntegrationHub.Host.Operations.Resilience;

/// <summary>
/// What every attempt of one connection passes: places, rate, pauses, the provider's own places, and the circuit, in this order. Waiting for the rate takes no place from other connections, and
/// the circuit is asked last: what it said before a wait is old. Thread-safe.
/// </summary>
internal sealed class ConnectionGate
{
    private readonly Lock changing = new();
    private readonly TimeProvider time;
    private readonly ResilienceOptions options;
    private readonly Bulkhead provider;
    private readonly Bulkhead places;
    private readonly TokenBucket bucket;
    private readonly Pace pace;
    private readonly Circuit circuit;
    private readonly Action<ConnectionGate, GateChange> changed;
    private ResilienceSettings? settings;
    private TaskCompletionSource resumed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int waiting;
    private long usedAt;

    public ConnectionGate(string connectionId, string providerId, Bulkhead provider, ResilienceOptions options, TimeProvider time, Action<ConnectionGate, GateChange> changed)
    {
        (ConnectionId, ProviderId, this.provider, this.options, this.time, this.changed) = (connectionId, providerId, provider, options, time, changed);
        places = new Bulkhead(time);
        bucket = new TokenBucket(time);
        pace = new Pace(time, options.MaxPause);
        circuit = new Circuit(time);
    }

    public string ConnectionId { get; }

    public string ProviderId { get; }

    public long UsedAt => Volatile.Read(ref usedAt);

    /// <summary>Whether it remembers nothing that a new one would not know, as of now.</summary>
    public bool IsIdle
    {
        get
        {
            lock (changing)
            {
                var now = time.GetTimestamp();
                return circuit is { State: CircuitState.Closed, ConsecutiveFailures: 0 } && waiting == 0 && places is { InFlight: 0, Queued: 0 }
                    && pace.Paused(now) == TimeSpan.Zero && (!bucket.IsLimited || bucket.Tokens(now) >= settings!.Burst);
            }
        }
    }

    /// <summary>Takes over settings that may have changed since (a new version of the plugin). What was learnt stays.</summary>
    public void Use(ResilienceSettings current)
    {
        Volatile.Write(ref usedAt, time.GetTimestamp());
        if (ReferenceEquals(Volatile.Read(ref settings), current))
            return;

        lock (changing)
        {
            if (settings == current)
                return;

            places.Set(current.Concurrency, options.QueueLength);
            bucket.Set(current.Limits.RequestsPerSecond, current.Burst, time.GetTimestamp());
            Volatile.Write(ref settings, current);
        }
    }

    /// <summary>Lets an attempt through, perhaps after a wait, or says why not.</summary>
    /// <param name="patience">How long it may wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<GateAnswer> EnterAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        // Nobody queues before a closed door.
        if (Refusal() is { } closed)
            return closed;

        var began = time.GetTimestamp();
        var place = places.TryEnter() ?? await places.EnterAsync(patience, cancellationToken);
        if (place is null)
            return GateAnswer.Refused(Bulkhead.Full("connection", places.Places, places.Guess()), time.GetElapsedTime(began));

        RateLimitLease? shared = null;
        GateTurn? unused = null;
        try
        {
            (unused, var refused) = await TakeTurnAsync(began, patience, cancellationToken);
            if (refused is { } tooLate)
                return tooLate;

            shared = provider.TryEnter() ?? await provider.EnterAsync(patience - time.GetElapsedTime(began), cancellationToken);
            if (shared is null)
                return GateAnswer.Refused(Bulkhead.Full($"provider '{ProviderId}'", provider.Places, provider.Guess()), time.GetElapsedTime(began));

            var now = time.GetTimestamp();
            bool halfOpens;
            GatePass pass;
            lock (changing)
            {
                if (RefusalOfCircuit() is { } open)
                    return open;

                pass = new GatePass(this, place, shared, circuit.Enter(out halfOpens), now);
            }

            (unused, place, shared) = (null, null, null);
            if (halfOpens)
                changed(this, GateChange.HalfOpened);

            return new GateAnswer(pass, null, time.GetElapsedTime(began, now));
        }
        finally
        {
            if (unused is { } turn)
                lock (changing)
                    GiveBack(turn, time.GetTimestamp());

            shared?.Dispose();
            place?.Dispose();
        }
    }

    /// <summary>What is known of it now.</summary>
    public GateSnapshot Look()
    {
        lock (changing)
        {
            var now = time.GetTimestamp();
            var utcNow = time.GetUtcNow();
            var paused = pace.Paused(now);
            return new GateSnapshot
            {
                Settings = settings,
                Tokens = bucket.IsLimited ? bucket.Tokens(now) : null,
                InFlight = places.InFlight,
                Waiting = places.Queued + waiting,
                PausedUntil = paused > TimeSpan.Zero ? utcNow + paused : null,
                SlowedTo = pace.Interval(now) is { Ticks: > 0 } interval ? 1 / interval.TotalSeconds : null,
                State = circuit.State,
                ConsecutiveFailures = circuit.ConsecutiveFailures,
                TrialsSucceeded = circuit.State == CircuitState.HalfOpen ? circuit.Successes : 0,
                TrialAt = circuit.Remaining is { Ticks: > 0 } left ? utcNow + left : null,
            };
        }
    }

    public bool IsOpen
    {
        get
        {
            lock (changing)
                return circuit.Refuses() is not null;
        }
    }

    /// <summary>How long the pause of the connection goes on.</summary>
    public TimeSpan Paused
    {
        get
        {
            lock (changing)
                return pace.Paused(time.GetTimestamp());
        }
    }

    /// <summary>Closes the circuit, ends the pause and fills the bucket.</summary>
    public void Reset()
    {
        bool closed;
        TaskCompletionSource waiters;
        lock (changing)
        {
            closed = circuit.Close();
            pace.End(time.GetTimestamp());
            bucket.Reset();
            (waiters, resumed) = (resumed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        // They sleep until the end of a pause that is over.
        waiters.SetResult();
        changed(this, closed ? GateChange.Closed : GateChange.Resumed);
    }

    /// <summary>An attempt is over.</summary>
    internal void Leave(int entered, ProviderSign sign, OperationResult? result, TimeSpan took)
    {
        var (turned, begins, state) = (false, false, CircuitState.Closed);
        lock (changing)
        {
            var now = time.GetTimestamp();
            turned = circuit.Leave(entered, sign, settings!.Breaker);
            state = circuit.State;
            if (result?.Error is { Category: ErrorCategory.RateLimited } error)
                begins = pace.Refused(error.RetryAfter, now);
            else if (result is not null && sign != ProviderSign.None)
                begins = pace.Answered(result.RateLimit, result.RateLimit is null ? 0 : places.InFlight, time.GetUtcNow(), now);

            if (result?.RateLimit is { Remaining: { } left, ResetsAt: { } resets } && resets > time.GetUtcNow())
                bucket.AtMost(left, now);
        }

        places.Took(took);
        provider.Took(took);
        if (turned)
            changed(this, state == CircuitState.Closed ? GateChange.Closed : GateChange.Opened);

        if (begins)
            changed(this, GateChange.Paused);
    }

    // What is over is refused here and not waited for; a turn that comes too late is not taken.
    private async ValueTask<(GateTurn? Turn, GateAnswer? Refused)> TakeTurnAsync(long began, TimeSpan patience, CancellationToken cancellationToken)
    {
        while (true)
        {
            TimeSpan wait;
            GateTurn turn;
            Task resumes;
            lock (changing)
            {
                var now = time.GetTimestamp();
                wait = time.Until(Math.Max(bucket.Take(now), pace.Take(now)), now);
                turn = new GateTurn(bucket.Round, pace.Round);
                if (wait == TimeSpan.Zero)
                    return (turn, null);

                var waited = time.GetElapsedTime(began, now);
                if (waited + wait > patience || waiting >= options.QueueLength)
                {
                    var isPaused = pace.Paused(now) > TimeSpan.Zero;
                    GiveBack(turn, now);
                    return (null, GateAnswer.Refused(TooMany(isPaused, wait), waited));
                }

                resumes = resumed.Task;
                Interlocked.Increment(ref waiting);
            }

            try
            {
                if (await WaitAsync(wait, resumes, cancellationToken))
                    lock (changing)
                    {
                        // Unless the provider asked for a pause meanwhile.
                        if (pace.Paused(time.GetTimestamp()) == TimeSpan.Zero)
                            return (turn, null);
                    }
            }
            catch (OperationCanceledException)
            {
                lock (changing)
                    GiveBack(turn, time.GetTimestamp());

                throw;
            }
            finally
            {
                Interlocked.Decrement(ref waiting);
            }

            lock (changing)
                GiveBack(turn, time.GetTimestamp());
        }
    }

    /// <returns>Whether the time is over; not, when somebody reset the gate before.</returns>
    private async Task<bool> WaitAsync(TimeSpan wait, Task resumes, CancellationToken cancellationToken)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sleep = Task.Delay(wait, time, ends.Token);
        var first = await Task.WhenAny(sleep, resumes);
        cancellationToken.ThrowIfCancellationRequested();
        if (first != sleep)
            await ends.CancelAsync();

        return first == sleep;
    }

    private GateAnswer? Refusal()
    {
        lock (changing)
            return RefusalOfCircuit();
    }

    private GateAnswer? RefusalOfCircuit() => circuit.Refuses() is not { } wait ? null : GateAnswer.Refused(
        new ProviderError
        {
            Category = ErrorCategory.CircuitOpen,
            Message = circuit.State == CircuitState.Open
                ? string.Create(CultureInfo.InvariantCulture, $"The last {circuit.ConsecutiveFailures} calls of the connection failed; the provider is tried again in {Math.Ceiling(wait.TotalSeconds):0} s. This call was not sent.")
                : "The provider failed, and is being tried out; this call was not sent.",
            RetryAfter = wait,
        },
        TimeSpan.Zero);

    private static ProviderError TooMany(bool paused, TimeSpan wait) => new()
    {
        Category = ErrorCategory.RateLimited,
        Message = paused
            ? "The provider asked for a pause of this connection, which is longer than this call could wait. It was not sent."
            : "The connection's rate limit is used up, and its turn would come later than this call could wait. It was not sent.",
        RetryAfter = wait,
    };

    // Under the lock.
    private void GiveBack(GateTurn turn, long now)
    {
        bucket.GiveBack(turn.Bucket);
        pace.GiveBack(turn.Pace, now);
    }

    /// <summary>A token and a place in the provider's pace, by the rounds in which they were taken.</summary>
    private readonly record struct GateTurn(int Bucket, int Pace);
}

/// <summary>What a connection's gate has to tell.</summary>
internal enum GateChange
{
    /// <summary>The circuit opened.</summary>
    Opened,

    /// <summary>The first trial goes through.</summary>
    HalfOpened,

    /// <summary>The circuit closed.</summary>
    Closed,

    /// <summary>A pause began.</summary>
    Paused,

    /// <summary>Somebody ended the pause.</summary>
    Resumed,
}

/// <summary>A pass, or the reason why there is none; and how long that took.</summary>
internal readonly record struct GateAnswer(GatePass? Pass, ProviderError? Refusal, TimeSpan Waited)
{
    public static GateAnswer Refused(ProviderError why, TimeSpan waited) => new(null, why, waited);
}

/// <summary>The right to one attempt. Its places are held until it is disposed, which may be when content has been read.</summary>
internal sealed class GatePass(ConnectionGate gate, RateLimitLease place, RateLimitLease shared, int epoch, long at) : IDisposable
{
    private int left;

    public long At { get; } = at;

    /// <summary>Tells what came of it. Once.</summary>
    public void Tell(ProviderSign sign, OperationResult? result, TimeSpan took) => gate.Leave(epoch, sign, result, took);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref left, 1) != 0)
            return;

        shared.Dispose();
        place.Dispose();
    }
}

/// <summary>A gate at one moment.</summary>
internal sealed record GateSnapshot
{
    public ResilienceSettings? Settings { get; init; }

    public double? Tokens { get; init; }

    public int InFlight { get; init; }

    public int Waiting { get; init; }

    public DateTimeOffset? PausedUntil { get; init; }

    public double? SlowedTo { get; init; }

    public CircuitState State { get; init; }

    public int ConsecutiveFailures { get; init; }

    public int TrialsSucceeded { get; init; }

    public DateTimeOffset? TrialAt { get; init; }
}
