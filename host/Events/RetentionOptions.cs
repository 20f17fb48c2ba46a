using IntegrationHub.Host.Access;

namespace IntegrationHub.Host.Events;

/// <summary>How long things are kept: section <c>Hub:Retention</c>.</summary>
internal sealed class RetentionOptions
{
    public const string Section = HubOptions.Section + ":Retention";

    /// <summary>How long the raw requests of webhooks are kept. Default 7 days. Zero keeps them until the next purge only. Counts from when a request arrives: a change concerns later ones.</summary>
    public TimeSpan RawBodies { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How long events are kept, with their data, deliveries and dead letters. Default 90 days. An event with a pending delivery stays until that has ended.</summary>
    public TimeSpan Events { get; set; } = TimeSpan.FromDays(90);

    /// <summary>How long deliveries that were delivered or cancelled are kept, if shorter than <see cref="Events"/>. Default 90 days. Dead letters stay as long as their events.</summary>
    public TimeSpan Deliveries { get; set; } = TimeSpan.FromDays(90);

    /// <summary>How long the attempts of ended deliveries are kept, with the answers they got. Default 30 days.</summary>
    public TimeSpan Attempts { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Other times for some projects, by name. What is set through the API (<see cref="Retention.RetentionRegistry"/>) counts before them.</summary>
    public IDictionary<string, ProjectRetention> Projects { get; } = new Dictionary<string, ProjectRetention>(StringComparer.Ordinal);

    /// <summary>How often what expired is deleted. Default 5 minutes.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>The most rows deleted in one transaction. Default 500; a transaction that takes longer than <see cref="Slice"/> ends earlier.</summary>
    public int Batch { get; set; } = 500;

    /// <summary>How long deleting may hold the writer at a time: webhooks wait so much longer at the most. Default 3 ms.</summary>
    public TimeSpan Slice { get; set; } = TimeSpan.FromMilliseconds(3);

    /// <summary>How long the pause after a slice is at least, in slices. Default 4: deleting takes a fifth of the writer's time at the most.</summary>
    public double Yield { get; set; } = 4;

    public static IEnumerable<string> Faults(RetentionOptions options)
    {
        if (options.RawBodies < TimeSpan.Zero)
            yield return $"{Section}:RawBodies must not be negative.";
        if (options.Events <= TimeSpan.Zero)
            yield return $"{Section}:Events must be longer than zero.";
        if (options.Deliveries <= TimeSpan.Zero)
            yield return $"{Section}:Deliveries must be longer than zero.";
        if (options.Attempts <= TimeSpan.Zero)
            yield return $"{Section}:Attempts must be longer than zero.";
        if (options.Interval <= TimeSpan.Zero)
            yield return $"{Section}:Interval must be longer than zero.";
        if (options.Batch < 1)
            yield return $"{Section}:Batch must be at least 1.";
        if (options.Slice <= TimeSpan.Zero)
            yield return $"{Section}:Slice must be longer than zero.";
        if (options.Yield is not >= 0)
            yield return $"{Section}:Yield must not be negative.";
        foreach (var (project, own) in options.Projects)
        {
            if (!ProjectName.IsValid(project))
                yield return $"{Section}:Projects: '{project}' is no project's name: it has {ProjectName.Rule}.";
            if (own.RawBodies < TimeSpan.Zero)
                yield return $"{Section}:Projects:{project}:RawBodies must not be negative.";
            if (own.Events <= TimeSpan.Zero || own.Deliveries <= TimeSpan.Zero || own.Attempts <= TimeSpan.Zero)
                yield return $"{Section}:Projects:{project}: Events, Deliveries and Attempts must be longer than zero.";
        }
    }
}

/// <summary>How long things of one project are kept; what is left out is as for the others.</summary>
internal sealed record ProjectRetention
{
    public TimeSpan? RawBodies { get; set; }

    public TimeSpan? Events { get; set; }

    public TimeSpan? Deliveries { get; set; }

    public TimeSpan? Attempts { get; set; }
}
