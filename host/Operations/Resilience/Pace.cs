using IntegrationHub.Adapters;

namespace IntegrationHub.Host.Operations.Resilience;

/// <summary>
/// What a provider's answers say of the way it wants to be called: not at all for a while (429, nothing left in the window), or slower (little left in the window).
/// Not thread-safe: the gate's lock guards it. Times are timestamps.
/// </summary>
internal sealed class Pace(TimeProvider time, TimeSpan longestPause)
{
    /// <summary>Slower than this it does not go by itself: it must not refuse what the provider would still take.</summary>
    private static readonly TimeSpan LongestInterval = TimeSpan.FromSeconds(1);

    /// <summary>After a pause all that waited would go at once.</summary>
    private static readonly TimeSpan IntervalAfterPause = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan SlowAfterPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LastPause = TimeSpan.FromMinutes(1);

    private long pausedUntil;
    private long slowUntil;
    private long interval;
    private long next;
    private int refusedInARow;

    /// <summary>Counts up when all places are handed out anew: those of an earlier round are gone, and cannot be given back.</summary>
    public int Round { get; private set; }

    /// <summary>How long the pause goes on; zero when there is none.</summary>
    public TimeSpan Paused(long now) => time.Until(pausedUntil, now);

    /// <summary>The time between two calls, while it goes slower.</summary>
    public TimeSpan? Interval(long now) => slowUntil > now && interval > 0 ? time.GetElapsedTime(0, interval) : null;

    /// <summary>The timestamp at which a call that came now may go.</summary>
    public long Take(long now)
    {
        var earliest = Math.Max(now, pausedUntil);
        if (slowUntil <= earliest || interval == 0)
            return earliest;

        var at = Math.Min(Math.Max(earliest, next), slowUntil);
        next = at + interval;
        return at;
    }

    /// <summary>Gives back a place that was not used. It goes to whoever comes next: those that wait already keep the time they were told.</summary>
    /// <param name="round">The <see cref="Round"/> in which it was taken.</param>
    /// <param name="now">The timestamp.</param>
    public void GiveBack(int round, long now)
    {
        // Giving back what a pause has done away with would put two of those that waited onto one place.
        if (round == Round && slowUntil > now)
            next -= interval;
    }

    /// <summary>The provider refused a call because there were too many.</summary>
    /// <param name="retryAfter">For how long, if it said so; else longer each time.</param>
    /// <param name="now">The timestamp.</param>
    /// <returns>Whether a pause began.</returns>
    public bool Refused(TimeSpan? retryAfter, long now)
    {
        // Those that were in flight together are refused together.
        var before = Paused(now) == TimeSpan.Zero ? refusedInARow++ : refusedInARow - 1;
        var wait = retryAfter ?? (FirstPause * Math.Pow(2, Math.Clamp(before, 0, 10)) is var longer && longer < LastPause ? longer : LastPause);
        return Pause(wait, now);
    }

    /// <summary>An answer that was no such refusal, and what its headers say.</summary>
    /// <returns>Whether a pause began.</returns>
    public bool Answered(RateLimitSignal? signal, int inFlight, DateTimeOffset utcNow, long now)
    {
        refusedInARow = 0;
        if (signal is not { Remaining: { } remaining, ResetsAt: { } resetsAt } || resetsAt <= utcNow)
            return false;

        var window = resetsAt - utcNow;
        if (remaining <= 0)
            return Pause(window, now);

        var little = signal.Limit is { } limit ? Math.Max(1, limit / 5) : 10;
        if (remaining > little)
        {
            if (Paused(now) == TimeSpan.Zero)
                slowUntil = 0;

            return false;
        }

        // What is in flight will be counted too.
        var each = window / Math.Max(1, remaining - inFlight);
        var length = time.After(0, each < LongestInterval ? each : LongestInterval);
        if (slowUntil <= now)
            Round++;

        (interval, slowUntil, next) = (length, time.After(now, window < longestPause ? window : longestPause), Math.Max(now + length, Math.Min(next, now + (10 * length))));
        return false;
    }

    /// <returns>Whether there was a pause.</returns>
    public bool End(long now)
    {
        var paused = Paused(now) > TimeSpan.Zero;
        (pausedUntil, slowUntil, refusedInARow) = (0, 0, 0);
        Round++;
        return paused;
    }

    private bool Pause(TimeSpan wait, long now)
    {
        var until = time.After(now, wait < longestPause ? wait : longestPause);
        var begins = Paused(now) == TimeSpan.Zero;
        if (until <= Math.Max(now, pausedUntil))
            return false;

        pausedUntil = until;
        Round++;
        (interval, slowUntil, next) = (time.After(0, IntervalAfterPause), time.After(until, SlowAfterPause), until);
        return begins;
    }
}
