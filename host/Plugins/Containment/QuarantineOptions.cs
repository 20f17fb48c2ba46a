namespace IntegrationHub.Host.Plugins;

/// <summary>When a plugin with code is quarantined, section <c>Hub:Plugins:Quarantine</c>. Whichever is reached first.</summary>
internal sealed class QuarantineOptions
{
    public const string Section = PluginOptions.Section + ":Quarantine";

    /// <summary>Faults in a row, without an operation that came back properly between them. Default 5.</summary>
    public int ConsecutiveFaults { get; set; } = 5;

    /// <summary>Faults within <see cref="Window"/>. Default 20.</summary>
    public int Faults { get; set; } = 20;

    /// <summary>How long a fault counts. Default 5 minutes.</summary>
    public TimeSpan Window { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Calls that hung, within <see cref="Window"/>. Default 3.</summary>
    public int HungCalls { get; set; } = 3;

    /// <summary>Calls that hung, however long ago, and still hold their thread. Default 8: .NET cannot end a thread, so each is lost until the hub restarts.</summary>
    public int StuckCalls { get; set; } = 8;

    /// <summary>Exceptions on the plugin's own threads, timers and finalizers that nothing caught, within <see cref="Window"/>. Default 3. Elsewhere, one ends the process.</summary>
    public int StrayExceptions { get; set; } = 3;

    /// <summary>Periods of ten seconds in which log messages were dropped, within <see cref="Window"/>. Default 6: a minute of flood.</summary>
    public int LogFloods { get; set; } = 6;

    public bool IsValid =>
        ConsecutiveFaults > 0 && Faults > 0 && HungCalls > 0 && StuckCalls > 0 && StrayExceptions > 0 && LogFloods > 0 && Window > TimeSpan.Zero;
}
