namespace IntegrationHub.Host.Operations.Resilience;

internal static class TimeProviderExtensions
{
    /// <summary>The timestamp that lies so long after another.</summary>
    public static long After(this TimeProvider time, long timestamp, TimeSpan length) => timestamp + (long)(length.TotalSeconds * time.TimestampFrequency);

    /// <summary>How long it is until the timestamp; zero when it has passed.</summary>
    public static TimeSpan Until(this TimeProvider time, long timestamp, long now) => timestamp > now ? time.GetElapsedTime(now, timestamp) : TimeSpan.Zero;
}
