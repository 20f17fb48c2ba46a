using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Events.Retention;

/// <summary>How long things of a project are to be kept; what is left out is as the settings say.</summary>
internal sealed record RetentionRequest(string? RawBodies = null, string? Events = null, string? Deliveries = null, string? Attempts = null);

/// <summary>Reads and changes how long things of a project are kept. Thread-safe.</summary>
internal sealed class RetentionService(IProjectRetentionStore store, RetentionRegistry registry, IAuditTrail audit, TimeProvider time)
{
    private const string Example = "For example 90d, or 12h.";

    // Nobody means seconds: what a slip of a unit deletes is gone.
    private static readonly TimeSpan Shortest = TimeSpan.FromHours(1);
    private static readonly TimeSpan Longest = TimeSpan.FromDays(3650);

    /// <exception cref="ProblemException">The key may not see the project, or there can be none of that name.</exception>
    public RetentionView Find(Caller caller, string project)
    {
        Check(caller, project);
        return RetentionView.Of(project, registry.Current);
    }

    /// <exception cref="ProblemException">It is not valid, or the key may not see the project.</exception>
    public async Task<RetentionView> SetAsync(Caller caller, string project, RetentionRequest request, string correlationId, CancellationToken cancellationToken)
    {
        Check(caller, project);
        var times = Read(project, request);
        await RecordAsync(caller, "retention.changed", project, times, correlationId, cancellationToken);
        await store.SaveAsync(new SetRetention(project, times, time.GetUtcNow(), caller.KeyId), cancellationToken);
        await registry.LoadAsync(cancellationToken);
        return RetentionView.Of(project, registry.Current);
    }

    /// <exception cref="ProblemException">The key may not see the project, or there can be none of that name.</exception>
    public async Task ResetAsync(Caller caller, string project, string correlationId, CancellationToken cancellationToken)
    {
        Check(caller, project);
        await RecordAsync(caller, "retention.reset", project, new ProjectRetention(), correlationId, cancellationToken);
        await store.DeleteAsync(project, cancellationToken);
        await registry.LoadAsync(cancellationToken);
    }

    private static void Check(Caller caller, string project)
    {
        if (!caller.CanSee(project))
            throw Problem.NotFound("project", project).ToException();
        if (!ProjectName.IsValid(project))
            throw Problem.Invalid("The address names no project.", new ValidationIssue("", $"A project's name has {ProjectName.Rule}.")).ToException();
    }

    private ProjectRetention Read(string project, RetentionRequest request)
    {
        var issues = new List<ValidationIssue>();
        var times = new ProjectRetention
        {
            RawBodies = Read("rawBodies", request.RawBodies, TimeSpan.Zero, issues),
            Events = Read("events", request.Events, Shortest, issues),
            Deliveries = Read("deliveries", request.Deliveries, Shortest, issues),
            Attempts = Read("attempts", request.Attempts, Shortest, issues),
        };
        if (issues.Count == 0)
        {
            var events = registry.Current.EffectiveIf(project, times).Events;
            foreach (var (name, own) in new[] { ("rawBodies", times.RawBodies), ("deliveries", times.Deliveries), ("attempts", times.Attempts) })
                if (own > events)
                    issues.Add(new("/" + name, $"This is longer than events are kept ({DurationText.Of(events)}), without which nobody finds them.", "Make it shorter, or set 'events' as well."));
        }

        return issues.Count == 0 ? times : throw Problem.Invalid("The times are not valid.", issues).ToException();
    }

    private static TimeSpan? Read(string name, string? text, TimeSpan shortest, List<ValidationIssue> issues)
    {
        if (text is null)
            return null;

        var read = DurationText.Parse(text);
        if (read is null)
            issues.Add(new("/" + name, DurationText.Rule, Example));
        else if (read < shortest || read > Longest)
            issues.Add(new("/" + name, $"It must be from {DurationText.Of(shortest)} to {DurationText.Of(Longest)}.", Example));
        return read;
    }

    // On record before anything is deleted by it.
    private Task RecordAsync(Caller caller, string action, string project, ProjectRetention after, string correlationId, CancellationToken cancellationToken) => audit.RecordAsync(
        time, caller, action, project, project, correlationId,
        new { before = RetentionTimes.Of(registry.Current.SetOf(project)?.Times ?? new ProjectRetention()), after = RetentionTimes.Of(after) }, cancellationToken);
}
