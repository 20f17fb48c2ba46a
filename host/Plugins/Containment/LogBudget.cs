namespace IntegrationHub.Host.Plugins;

/// <summary>
/// A token bucket for one plugin's log messages. What is over it is dropped and counted; while messages are dropped, the host logs how many every ten seconds, and each such
/// period is a fault. Thread-safe.
/// </summary>
internal sealed partial class LogBudget(string plugin, PluginLimits limits, FaultLedger ledger, TimeProvider time, ILogger logger)
{
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    private readonly PatientLock gate = new();
    private double tokens = limits.LogBurst;
    private long filledAt = time.GetTimestamp();
    private long toldAt;
    private long dropped;

    /// <summary>Whether a message may be written.</summary>
    public bool TryTake()
    {
        long tell = 0;
        bool took, begins = false;
        using (gate.EnterScope())
        {
            Fill();
            took = tokens >= 1;
            if (took)
            {
                tokens--;
            }
            else if (dropped++ == 0 && toldAt == 0)
            {
                toldAt = time.GetTimestamp();
                begins = true;
            }

            if (dropped > 0 && IsPeriodOver())
                (tell, dropped) = (dropped, 0);
        }

        // Outside the lock: both are logged.
        if (begins)
            Uninterrupted.Run(this, static budget => budget.LogBegins());

        if (tell > 0)
            ledger.Record(new PluginFault(FaultKind.LogFlood, "Logging", $"went over {limits.LogRate} messages a second, and {tell} messages were dropped"));

        return took;
    }

    /// <summary>Tells what was dropped since it was last told: the plugin is leaving.</summary>
    public void Close()
    {
        long tell;
        using (gate.EnterScope())
            (tell, dropped) = (dropped, 0);

        if (tell > 0)
            Log.Dropped(logger, plugin, tell);
    }

    private void LogBegins() => Log.Begins(logger, plugin, limits.LogBurst, limits.LogRate);

    private void Fill()
    {
        var now = time.GetTimestamp();
        tokens = Math.Min(limits.LogBurst, tokens + (time.GetElapsedTime(filledAt, now).TotalSeconds * limits.LogRate));
        filledAt = now;
    }

    private bool IsPeriodOver()
    {
        if (time.GetElapsedTime(toldAt) < Period)
            return false;

        toldAt = time.GetTimestamp();
        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(1230, LogLevel.Warning, "Plugin {Plugin} floods the log: over {Burst} messages at once and {Rate} a second, the others are dropped")]
        public static partial void Begins(ILogger logger, string plugin, int burst, int rate);

        [LoggerMessage(1231, LogLevel.Warning, "Plugin {Plugin}: {Count} log messages were dropped")]
        public static partial void Dropped(ILogger logger, string plugin, long count);
    }
}
