namespace IntegrationHub.Host.Events.Stream;

/// <summary>
/// The stored events in the order in which they became visible. Each has a number; when a read has seen a number, no event with a smaller one appears later, and no number is
/// given twice, whatever is deleted meanwhile. That is what makes a number a place to go on from. Thread-safe.
/// </summary>
internal interface IEventLog
{
    /// <summary>The next events after a number that pass the filter, in order, with their data. Looks at a limited part of the log and reads a limited number of bytes, so that nobody is held up.</summary>
    Task<EventSlice> ReadAsync(long after, int max, EventLogFilter filter, CancellationToken cancellationToken);

    /// <summary>The newest number given; 0 when there was no event ever.</summary>
    Task<long> LastAsync(CancellationToken cancellationToken);

    /// <summary>A number after which every event stands that was received at this time or later.</summary>
    Task<long> BeforeAsync(DateTimeOffset receivedFrom, CancellationToken cancellationToken);
}

/// <summary>Which events are read.</summary>
internal sealed record EventLogFilter
{
    public static EventLogFilter All { get; } = new();

    /// <summary><see langword="null"/> for every project.</summary>
    public IReadOnlySet<string>? Projects { get; init; }

    public string? Environment { get; init; }

    /// <summary>A pattern as in subscriptions.</summary>
    public string? Type { get; init; }
}

/// <summary>An event and its place in the log.</summary>
internal sealed record NumberedEvent(long Number, HubEvent Event);

/// <summary>Part of the log.</summary>
/// <param name="Events">The events that pass the filter.</param>
/// <param name="UpTo">Where to go on: everything up to this number has been looked at.</param>
/// <param name="IsEnd">Whether that was all there was.</param>
internal sealed record EventSlice(IReadOnlyList<NumberedEvent> Events, long UpTo, bool IsEnd);
