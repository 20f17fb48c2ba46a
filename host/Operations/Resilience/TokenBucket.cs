namespace IntegrationHub.Host.Operations.Resilience;

/// <summary>
/// A token bucket whose tokens can be taken before they are there: whoever takes one is told when it will be, which makes a fair queue without a timer. (The limiters of
/// System.Threading.RateLimiting fill by the machine's clock, which no <see cref="TimeProvider"/> replaces, and cannot say how long the wait will be.) Kept as the generic cell rate algorithm
/// does: one timestamp, at which the bucket is full again. Not thread-safe: the gate's lock guards it.
/// </summary>
internal sealed class TokenBucket(TimeProvider time)
{
    // Doubles hold timestamps of a short time exactly, not those since a year one.
    private readonly long origin = time.GetTimestamp();
    private double interval;
    private int burst = 1;
    private double fullAt;

    /// <summary>Counts up when what was taken no longer counts: tokens of an earlier round cannot be given back.</summary>
    public int Round { get; private set; }

    /// <summary>Whether there is a limit at all.</summary>
    public bool IsLimited => interval > 0;

    /// <summary>Sets rate and size. What was taken stays taken.</summary>
    public void Set(double? requestsPerSecond, int size, long now)
    {
        var taken = IsLimited ? Math.Max(0, fullAt - (now - origin)) / interval : 0;
        interval = requestsPerSecond is { } rate ? time.TimestampFrequency / rate : 0;
        burst = size;
        fullAt = now - origin + (taken * interval);
    }

    /// <summary>Tokens that are there now; negative when some are taken in advance.</summary>
    public double Tokens(long now) => IsLimited ? burst - (Math.Max(0, fullAt - (now - origin)) / interval) : double.PositiveInfinity;

    /// <summary>Takes a token.</summary>
    /// <returns>The timestamp from which it may be used.</returns>
    public long Take(long now)
    {
        if (!IsLimited)
            return now;

        fullAt = Math.Max(fullAt, now - origin) + interval;
        return Math.Max(now, origin + (long)Math.Ceiling(fullAt - (burst * interval)));
    }

    /// <summary>Gives a token back that was not used.</summary>
    /// <param name="round">The <see cref="Round"/> in which it was taken.</param>
    public void GiveBack(int round)
    {
        if (round == Round)
            fullAt -= interval;
    }

    /// <summary>Lowers what is there to what the provider says is left.</summary>
    public void AtMost(int tokens, long now)
    {
        if (!IsLimited || tokens >= burst || now - origin + ((burst - tokens) * interval) is var full && full <= fullAt)
            return;

        fullAt = full;
        Round++;
    }

    /// <summary>Fills it.</summary>
    public void Reset()
    {
        fullAt = 0;
        Round++;
    }
}
