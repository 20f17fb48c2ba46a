using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Events.Replays;

/// <summary>Keeps replays, and takes their steps: each makes deliveries and moves the position in one transaction, so that a crash repeats nothing. Thread-safe.</summary>
internal interface IReplayStore
{
    /// <summary>Stores it with <see cref="Replay.Total"/> and <see cref="Replay.Last"/> as they are now.</summary>
    Task<Replay> AddAsync(Replay replay, CancellationToken cancellationToken);

    Task<Replay?> GetAsync(string id, CancellationToken cancellationToken);

    /// <summary>Newest first.</summary>
    Task<Page<Replay>> ListAsync(ReplayState? state, IReadOnlySet<string>? visibleProjects, PageRequest page, CancellationToken cancellationToken);

    /// <summary>Those that run, by the time of their next step.</summary>
    Task<IReadOnlyList<Replay>> ListRunningAsync(CancellationToken cancellationToken);

    /// <summary>Makes up to <paramref name="batch"/> deliveries, unless it was cancelled or another node took this step; completes it when nothing is left.</summary>
    /// <returns>The replay after the step; <see langword="null"/> when no step was taken.</returns>
    Task<Replay?> StepAsync(Replay replay, int batch, DateTimeOffset now, CancellationToken cancellationToken);

    /// <returns>Whether it ran.</returns>
    Task<bool> CancelAsync(string id, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Deletes those that ended before a time, up to a number.</summary>
    Task<int> PurgeAsync(DateTimeOffset endedBefore, int batch, CancellationToken cancellationToken);
}
