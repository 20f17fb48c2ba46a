namespace IntegrationHub.Host.Events.Stream;

/// <summary>Event streams, section <c>Hub:Stream</c>.</summary>
internal sealed class StreamOptions
{
    public const string Section = HubOptions.Section + ":Stream";

    /// <summary>Streams open at once on this node. Default 1000.</summary>
    public int MaxOpen { get; set; } = 1000;

    /// <summary>Streams open at once with one API key on this node. Default 100.</summary>
    public int MaxOpenPerKey { get; set; } = 100;

    /// <summary>The longest silence: then a comment is sent, so that nothing in between takes the connection for dead. Default 15 s.</summary>
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How often an open stream's API key is looked at again. Default 5 s.</summary>
    public TimeSpan KeyCheck { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How many of the newest events all streams share in memory. Who is further behind reads from the store. Default 1024.</summary>
    public int Shared { get; set; } = 1024;

    /// <summary>How long a ticket opens streams, and keeps them open. Default 12 h.</summary>
    public TimeSpan Ticket { get; set; } = TimeSpan.FromHours(12);

    public static IEnumerable<string> Faults(StreamOptions options)
    {
        if (options.MaxOpen < 0)
            yield return $"{Section}:MaxOpen must not be negative; 0 turns streams off.";
        if (options.MaxOpenPerKey < 0)
            yield return $"{Section}:MaxOpenPerKey must not be negative.";
        if (options.Heartbeat < TimeSpan.FromSeconds(1) || options.Heartbeat > TimeSpan.FromMinutes(5))
            yield return $"{Section}:Heartbeat must be from 00:00:01 to 00:05:00.";
        if (options.KeyCheck < TimeSpan.FromMilliseconds(100) || options.KeyCheck > TimeSpan.FromMinutes(5))
            yield return $"{Section}:KeyCheck must be from 00:00:00.1 to 00:05:00.";
        if (options.Shared is < 16 or > 65_536)
            yield return $"{Section}:Shared must be from 16 to 65536.";
        if (options.Ticket < TimeSpan.FromMinutes(1) || options.Ticket > TimeSpan.FromDays(7))
            yield return $"{Section}:Ticket must be from 00:01:00 to 7.00:00:00.";
    }
}
