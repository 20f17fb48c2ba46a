using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Events.Retention;

/// <summary>How long things of each project are kept, in memory: a reload swaps the whole snapshot. Thread-safe.</summary>
internal sealed class RetentionRegistry(IProjectRetentionStore store, IOptions<RetentionOptions> options) : IDisposable
{
    private readonly SemaphoreSlim reloading = new(1);
    private volatile RetentionSnapshot current = new(options.Value, []);

    public RetentionSnapshot Current => current;

    /// <summary>Reads what is set for projects. Call it at start, and after every change: a completed load includes all that was stored before it was called.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        // One at a time, or an older read could overwrite a newer one.
        await reloading.WaitAsync(cancellationToken);
        try
        {
            current = new RetentionSnapshot(options.Value, await store.ListAsync(cancellationToken));
        }
        finally
        {
            reloading.Release();
        }
    }

    public void Dispose() => reloading.Dispose();
}

/// <summary>How long things are kept at a moment: what was set through the API, else the settings' time for the project, else that for all. Immutable.</summary>
internal sealed class RetentionSnapshot
{
    private readonly RetentionOptions options;
    private readonly Dictionary<string, SetRetention> set;

    public RetentionSnapshot(RetentionOptions options, IReadOnlyList<SetRetention> set)
    {
        this.options = options;
        this.set = set.ToDictionary(one => one.Project, StringComparer.Ordinal);
        Projects = options.Projects.Keys.Union(this.set.Keys, StringComparer.Ordinal).ToDictionary(project => project, Own, StringComparer.Ordinal);
    }

    /// <summary>The projects with times of their own.</summary>
    public IReadOnlyDictionary<string, ProjectRetention> Projects { get; }

    public SetRetention? SetOf(string project) => set.GetValueOrDefault(project);

    public TimeSpan RawBodiesOf(string project) => Projects.GetValueOrDefault(project)?.RawBodies ?? options.RawBodies;

    /// <summary>What holds for a project. Deliveries and attempts go with their events at the latest.</summary>
    public KeptTimes EffectiveOf(string project) => EffectiveOf(Projects.GetValueOrDefault(project) ?? new ProjectRetention());

    /// <summary>What would hold for a project if this were set for it.</summary>
    public KeptTimes EffectiveIf(string project, ProjectRetention times) => EffectiveOf(Over(times, options.Projects.TryGetValue(project, out var configured) ? configured : null));

    private KeptTimes EffectiveOf(ProjectRetention own)
    {
        var events = own.Events ?? options.Events;
        return new KeptTimes(own.RawBodies ?? options.RawBodies, events, Shorter(own.Deliveries ?? options.Deliveries, events), Shorter(own.Attempts ?? options.Attempts, events));
    }

    private ProjectRetention Own(string project) =>
        Over(set.GetValueOrDefault(project)?.Times ?? new ProjectRetention(), options.Projects.TryGetValue(project, out var configured) ? configured : null);

    private static ProjectRetention Over(ProjectRetention times, ProjectRetention? configured) => new()
    {
        RawBodies = times.RawBodies ?? configured?.RawBodies,
        Events = times.Events ?? configured?.Events,
        Deliveries = times.Deliveries ?? configured?.Deliveries,
        Attempts = times.Attempts ?? configured?.Attempts,
    };

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}

/// <summary>How long things of a project are kept.</summary>
internal sealed record KeptTimes(TimeSpan RawBodies, TimeSpan Events, TimeSpan Deliveries, TimeSpan Attempts);
