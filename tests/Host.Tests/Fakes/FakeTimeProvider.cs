namespace IntegrationHub.Host.Tests.Fakes;

/// <summary>A clock that a test moves. Timers fire during <see cref="Advance"/>, in the order in which they are due.</summary>
internal sealed class FakeTimeProvider : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<FakeTimer> timers = [];
    private readonly List<(DateTimeOffset Due, TaskCompletionSource Seen)> expectations = [];
    private DateTimeOffset now;

    public FakeTimeProvider(DateTimeOffset? start = null) => now = start ?? new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>How far the wall clock is ahead: it jumps when this is set, and neither timers nor timestamps notice.</summary>
    public TimeSpan Ahead { get; set; }

    public override DateTimeOffset GetUtcNow()
    {
        lock (gate)
            return now + Ahead;
    }

    public override long GetTimestamp()
    {
        lock (gate)
            return now.Ticks;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new FakeTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock, and fires what becomes due on the way at its own time.</summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        DateTimeOffset end;
        lock (gate)
            end = now + by;

        while (true)
        {
            FakeTimer? next;
            lock (gate)
            {
                next = timers.Where(timer => timer.Due <= end).MinBy(timer => timer.Due);
                if (next is null)
                {
                    now = end;
                    return;
                }

                now = next.Due > now ? next.Due : now;
                next.Rearm();
            }

            // Outside the lock: callbacks run continuations, which may ask the clock.
            next.Fire();
        }
    }

    /// <summary>Completes when something waits for a timer that is due exactly so far from now: the way to know that a loop has gone to sleep.</summary>
    public Task WhenTimerIsDueInAsync(TimeSpan fromNow)
    {
        lock (gate)
        {
            var due = now + fromNow;
            if (timers.Any(timer => timer.Due == due))
                return Task.CompletedTask;

            var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            expectations.Add((due, seen));
            return seen.Task;
        }
    }

    private sealed class FakeTimer(FakeTimeProvider owner, Action callback) : ITimer
    {
        private TimeSpan period = Timeout.InfiniteTimeSpan;

        public DateTimeOffset Due { get; private set; }

        public void Fire() => callback();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (owner.gate)
            {
                this.period = period;
                owner.timers.Remove(this);
                if (dueTime != Timeout.InfiniteTimeSpan)
                    Arm(owner.now + dueTime);
                return true;
            }
        }

        /// <summary>Called under the lock when it is about to fire.</summary>
        public void Rearm()
        {
            owner.timers.Remove(this);
            if (period > TimeSpan.Zero)
                Arm(Due + period);
        }

        public void Dispose()
        {
            lock (owner.gate)
                owner.timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Arm(DateTimeOffset due)
        {
            Due = due;
            owner.timers.Add(this);
            foreach (var met in owner.expectations.Where(expected => expected.Due == due).ToArray())
            {
                owner.expectations.Remove(met);
                met.Seen.SetResult();
            }
        }
    }
}
