namespace IntegrationHub.Host.Operations;

/// <summary>How executed operations are kept on record: section <c>Hub:Execution</c>.</summary>
internal sealed class ExecutionOptions
{
    public const string Section = HubOptions.Section + ":Execution";

    /// <summary>How long an <c>Idempotency-Key</c> answers with the first result. Default 24 h.</summary>
    public TimeSpan IdempotencyWindow { get; set; } = TimeSpan.FromHours(24);

    /// <summary>No operation without content runs longer; who has not ended by then is taken to be gone. Default 15 min.</summary>
    public TimeSpan LongestRun { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>How long effect records are kept after the operation. What is unknown stays until it is settled. Default 90 days.</summary>
    public TimeSpan KeepEffects { get; set; } = TimeSpan.FromDays(90);

    /// <summary>How long finished jobs and their results are kept. Default 7 days.</summary>
    public TimeSpan KeepJobs { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How often what is no longer kept is deleted. Default 5 min.</summary>
    public TimeSpan PurgeInterval { get; set; } = TimeSpan.FromMinutes(5);

    public static IEnumerable<string> Faults(ExecutionOptions options)
    {
        if (options.IdempotencyWindow <= TimeSpan.Zero)
            yield return $"{Section}:IdempotencyWindow must be longer than zero.";
        if (options.LongestRun <= TimeSpan.Zero)
            yield return $"{Section}:LongestRun must be longer than zero.";
        if (options.KeepEffects <= TimeSpan.Zero)
            yield return $"{Section}:KeepEffects must be longer than zero.";
        if (options.KeepJobs <= TimeSpan.Zero)
            yield return $"{Section}:KeepJobs must be longer than zero.";
        if (options.PurgeInterval <= TimeSpan.Zero)
            yield return $"{Section}:PurgeInterval must be longer than zero.";
    }
}
