namespace IntegrationHub.Host.Health;

/// <summary>How the health of connections is looked after: section <c>Hub:Health</c>.</summary>
internal sealed class HealthOptions
{
    public const string Section = HubOptions.Section + ":Health";

    /// <summary>Whether connections are tested by schedule. Default <see langword="true"/>.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>How long between two rounds of tests of a healthy connection. Default 15 min.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>How long between two rounds while it is not healthy. Default 2 min.</summary>
    public TimeSpan IntervalWhenUnhealthy { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>The share by which an interval may be off, 0 to 1, so that tests do not come in waves. Default 0.2.</summary>
    public double Jitter { get; set; } = 0.2;

    /// <summary>Connections tested at once. Default 4.</summary>
    public int Concurrency { get; set; } = 4;

    /// <summary>Rounds in a row that must fail before a connection counts as failing rather than degraded. Default 2.</summary>
    public int RoundsToFail { get; set; } = 2;

    /// <summary>How often is looked for what is due. Default 5 s.</summary>
    public TimeSpan Tick { get; set; } = TimeSpan.FromSeconds(5);

    public static IEnumerable<string> Faults(HealthOptions options)
    {
        if (options.Interval <= TimeSpan.Zero)
            yield return $"{Section}:Interval must be longer than zero.";
        if (options.IntervalWhenUnhealthy <= TimeSpan.Zero)
            yield return $"{Section}:IntervalWhenUnhealthy must be longer than zero.";
        if (options.Jitter is not (>= 0 and <= 1))
            yield return $"{Section}:Jitter must be from 0 to 1.";
        if (options.Concurrency is < 1 or > 1000)
            yield return $"{Section}:Concurrency must be from 1 to 1000.";
        if (options.RoundsToFail < 1)
            yield return $"{Section}:RoundsToFail must be at least 1.";
        if (options.Tick <= TimeSpan.Zero)
            yield return $"{Section}:Tick must be longer than zero.";
    }
}
