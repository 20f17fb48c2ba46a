using System.Threading.RateLimiting;
using IntegrationHub.Adapters;

namespace IntegrationHub.Host.Operations.Resilience;

/// <summary>How many calls run at the same time: of a connection, or of a provider. The others queue in order, not for ever, and not too many of them. Thread-safe.</summary>
#pragma warning disable CA1001 // Its limiter holds nothing, and those that were replaced are still released to.
internal sealed class Bulkhead(TimeProvider time)
#pragma warning restore CA1001
{
    private static readonly TimeSpan LongestGuess = TimeSpan.FromMinutes(1);

    private ConcurrencyLimiter? limiter;
    private int places;
    private int queue;

    // A moving average over about 16 calls, in ticks.
    private long usual;

    public int Places => places;

    public int InFlight => places - (int)(Volatile.Read(ref limiter)?.GetStatistics()?.CurrentAvailablePermits ?? places);

    public int Queued => (int)(Volatile.Read(ref limiter)?.GetStatistics()?.CurrentQueuedCount ?? 0);

    /// <summary>Sets the size. Calls that run or wait keep the place they have.</summary>
    public void Set(int size, int queueLength)
    {
        if (size == places && queueLength == queue)
            return;

        (places, queue) = (size, queueLength);
        Volatile.Write(ref limiter, new ConcurrencyLimiter(new ConcurrencyLimiterOptions { PermitLimit = size, QueueLimit = queueLength }));
    }

    /// <summary>Takes a place if one is free.</summary>
    public RateLimitLease? TryEnter()
    {
        var lease = Volatile.Read(ref limiter)!.AttemptAcquire();
        if (lease.IsAcquired)
            return lease;

        lease.Dispose();
        return null;
    }

    /// <summary>Waits for a place. <see langword="null"/> when none became free in time, or too many wait.</summary>
    public async ValueTask<RateLimitLease?> EnterAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        if (TryEnter() is { } free)
            return free;

        if (patience <= TimeSpan.Zero)
            return null;

        using var patient = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patient.Token, cancellationToken);
        try
        {
            var lease = await Volatile.Read(ref limiter)!.AcquireAsync(1, either.Token);
            if (lease.IsAcquired)
                return lease;

            lease.Dispose();
            return null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>Learns how long calls take, for <see cref="Guess"/>.</summary>
    public void Took(TimeSpan duration)
    {
        var known = Volatile.Read(ref usual);
        Volatile.Write(ref usual, known == 0 ? duration.Ticks : known + ((duration.Ticks - known) / 16));
    }

    /// <summary>When a call that came then would find a place, as far as past calls tell.</summary>
    public TimeSpan Guess()
    {
        var wait = TimeSpan.FromTicks(Volatile.Read(ref usual)) * ((Queued + 1.0) / Math.Max(1, places));
        return wait < LongestGuess ? wait : LongestGuess;
    }

    public static ProviderError Full(string who, int places, TimeSpan retryAfter) => new()
    {
        Category = ErrorCategory.RateLimited,
        Message = $"{places} calls of the {who} are running, and none of them ended in the time that this one could wait. It was not sent.",
        RetryAfter = retryAfter,
    };
}
