namespace IntegrationHub.Host.Events;

/// <summary>How long things are kept: section <c>Hub:Retention</c>.</summary>
internal sealed class RetentionOptions
{
    public const string Section = HubOptions.Section + ":Retention";

    /// <summary>How long the raw requests of webhooks are kept. Default 7 days. Zero keeps them until the next purge only.</summary>
    public TimeSpan RawBodies { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How often what expired is deleted. Default 5 minutes.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Rows deleted in one transaction: small, so that it never stands in the way of webhooks. Default 500.</summary>
    public int Batch { get; set; } = 500;

    public static IEnumerable<string> Faults(RetentionOptions options)
    {
        if (options.RawBodies < TimeSpan.Zero)
            yield return $"{Section}:RawBodies must not be negative.";
        if (options.Interval <= TimeSpan.Zero)
            yield return $"{Section}:Interval must be longer than zero.";
        if (options.Batch < 1)
            yield return $"{Section}:Batch must be at least 1.";
    }
}
