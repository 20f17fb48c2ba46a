namespace IntegrationHub.Host.Plugins;

/// <summary>What one plugin with code may take, section <c>Hub:Plugins:Limits</c>. Each generation of a plugin has these for itself.</summary>
internal sealed class PluginLimits
{
    public const string Section = PluginOptions.Section + ":Limits";

    /// <summary>How many of its operations run at the same time. Default 64. Webhook verifications have as many places of their own.</summary>
    public int ConcurrentCalls { get; set; } = 64;

    /// <summary>How long a call waits for a place before it is answered <c>unavailable</c>. Default 5 s.</summary>
    public TimeSpan QueueTime { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a call may go on after its token was cancelled (deadline, or the caller went away) before it counts as hung. Default 5 s.</summary>
    public TimeSpan AbandonAfter { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The time for <c>VerifyAsync</c>. Default 3 s: senders of webhooks wait a few seconds and no longer.</summary>
    public TimeSpan VerifyTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>The time for <c>DisposeAsync</c>, of the adapter and of content it returned. Default 5 s.</summary>
    public TimeSpan DisposeTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long content that a plugin returned may give no byte. Default 60 s.</summary>
    public TimeSpan ContentIdleTime { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long content may take as a whole: it keeps a version of the plugin from being unloaded. Default 1 h.</summary>
    public TimeSpan ContentTime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>The size of a result as JSON, in bytes. Default 32 MiB. Larger things are content.</summary>
    public int ResultBytes { get; set; } = 32 * 1024 * 1024;

    /// <summary>Log messages a second, in the long run. Default 100.</summary>
    public int LogRate { get; set; } = 100;

    /// <summary>Log messages at once. Default 500.</summary>
    public int LogBurst { get; set; } = 500;

    /// <summary>The length of one log message in characters; the rest is cut off. Default 8192.</summary>
    public int LogMessage { get; set; } = 8192;

    public bool IsValid =>
        ConcurrentCalls > 0 && ResultBytes > 0 && LogRate > 0 && LogBurst > 0 && LogMessage > 0
        && QueueTime > TimeSpan.Zero && AbandonAfter > TimeSpan.Zero && VerifyTimeout > TimeSpan.Zero && DisposeTimeout > TimeSpan.Zero
        && ContentIdleTime > TimeSpan.Zero && ContentTime > TimeSpan.Zero;
}
