namespace IntegrationHub.Host.Webhooks;

/// <summary>Logs refused webhooks, so many in a while at the most: a flood of forgeries must not become a flood of log lines. Never logs a body or a header. Thread-safe.</summary>
internal sealed partial class RefusalLog(TimeProvider time, ILogger<RefusalLog> logger)
{
    public const int LinesPerWindow = 20;
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private readonly Lock gate = new();
    private long windowStart = time.GetTimestamp();
    private int lines;
    private int suppressed;

    public void Write(string provider, string connection, string reason, string? detail)
    {
        int missed;
        lock (gate)
        {
            if (time.GetElapsedTime(windowStart) >= Window)
            {
                windowStart = time.GetTimestamp();
                lines = 0;
            }

            if (lines >= LinesPerWindow)
            {
                suppressed++;
                return;
            }

            lines++;
            missed = suppressed;
            suppressed = 0;
        }

        if (missed > 0)
            Log.Suppressed(logger, missed);
        Log.Refused(logger, Shown(provider), Shown(connection), reason, detail);
    }

    // Both come from the address a stranger called.
    private static string Shown(string text) => new([.. text.Take(64).Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '?')]);

    private static partial class Log
    {
        [LoggerMessage(3001, LogLevel.Warning, "Webhook for {Provider}/{Connection} refused: {Reason} {Detail}")]
        public static partial void Refused(ILogger logger, string provider, string connection, string reason, string? detail);

        [LoggerMessage(3002, LogLevel.Warning, "{Count} further refused webhooks were not logged")]
        public static partial void Suppressed(ILogger logger, int count);
    }
}
