namespace IntegrationHub.Host.Events.Retention;

/// <summary>Keeps the times that were set for projects through the API. Thread-safe.</summary>
internal interface IProjectRetentionStore
{
    Task<IReadOnlyList<SetRetention>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Stores what is set for a project, in place of what was.</summary>
    Task SaveAsync(SetRetention retention, CancellationToken cancellationToken);

    Task DeleteAsync(string project, CancellationToken cancellationToken);
}

/// <summary>What was set for a project, by whom and when.</summary>
internal sealed record SetRetention(string Project, ProjectRetention Times, DateTimeOffset ChangedAt, string ChangedBy);
