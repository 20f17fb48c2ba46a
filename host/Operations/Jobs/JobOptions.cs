using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Operations.Jobs;

/// <summary>How jobs are run: section <c>Hub:Jobs</c>.</summary>
internal sealed class JobOptions
{
    public const string Section = HubOptions.Section + ":Jobs";

    private static readonly IReadOnlyList<TimeSpan> StandardDelays =
        [TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2), TimeSpan.FromHours(5), TimeSpan.FromHours(10)];

    /// <summary>The pauses between runs. Default 10 s, 1 min, 5 min, 30 min, 2 h, 5 h, 10 h; when it is given it replaces the default as a whole.</summary>
    public IList<TimeSpan> Schedule { get; } = [];

    /// <summary>The share by which a pause may be off, 0 to 1. Default 0.2.</summary>
    public double Jitter { get; set; } = 0.2;

    /// <summary>Jobs run at once on this node. Default 32.</summary>
    public int Concurrency { get; set; } = 32;

    /// <summary>Jobs run at once for one connection, so that a slow provider leaves room for the others. Default 8.</summary>
    public int ConcurrencyPerConnection { get; set; } = 8;

    /// <summary>The time for one run with all its attempts. Default 5 min.</summary>
    public TimeSpan RunTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>The longest pause before the queue is looked at again although nothing woke the worker. Default 30 s.</summary>
    public TimeSpan Tick { get; set; } = TimeSpan.FromSeconds(30);

    public IReadOnlyList<TimeSpan> EffectiveSchedule => Schedule.Count > 0 ? [.. Schedule] : StandardDelays;

    /// <summary>How long a job belongs to the worker that took it: longer than a run, so that it is not taken over while it runs.</summary>
    public TimeSpan Lease => RunTimeout + TimeSpan.FromMinutes(1);

    public RetrySchedule CreateSchedule() => new(EffectiveSchedule, Jitter, Random.Shared);

    public static IEnumerable<string> Faults(JobOptions options)
    {
        if (options.Schedule.Any(delay => delay <= TimeSpan.Zero))
            yield return $"{Section}:Schedule: every pause must be longer than zero.";
        if (options.Jitter is not (>= 0 and <= 1))
            yield return $"{Section}:Jitter must be from 0 to 1.";
        if (options.Concurrency is < 1 or > 10_000)
            yield return $"{Section}:Concurrency must be from 1 to 10000.";
        if (options.ConcurrencyPerConnection < 1)
            yield return $"{Section}:ConcurrencyPerConnection must be at least 1.";
        if (options.RunTimeout <= TimeSpan.Zero)
            yield return $"{Section}:RunTimeout must be longer than zero.";
        if (options.Tick <= TimeSpan.Zero)
            yield return $"{Section}:Tick must be longer than zero.";
    }
}
