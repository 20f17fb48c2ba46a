namespace IntegrationHub.Host.Http;

/// <summary>When a failed delivery is tried again. Pure but for the randomness it is given; thread-safe if that is.</summary>
/// <param name="delays">The pause after the first, second, … failed attempt.</param>
/// <param name="jitter">How far a pause may be off, as a share of it: 0.2 for ±20 %.</param>
/// <param name="random">Where the jitter comes from.</param>
internal sealed class RetrySchedule(IReadOnlyList<TimeSpan> delays, double jitter, Random random)
{
    /// <summary>5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h: eight attempts within 28 hours, the example schedule of Standard Webhooks.</summary>
    public static readonly IReadOnlyList<TimeSpan> StandardDelays =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2), TimeSpan.FromHours(5), TimeSpan.FromHours(10), TimeSpan.FromHours(10),
    ];

    public int MaxAttempts => delays.Count + 1;

    /// <summary>The pause after so many failed attempts; <see langword="null"/> when they were all.</summary>
    public TimeSpan? Next(int failedAttempts)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(failedAttempts, 1);
        return failedAttempts > delays.Count ? null : delays[failedAttempts - 1] * (1 + (jitter * ((2 * random.NextDouble()) - 1)));
    }
}
