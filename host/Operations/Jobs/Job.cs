using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Operations.Jobs;

internal enum JobState
{
    /// <summary>Waits for its first or next run.</summary>
    Queued,

    /// <summary>Being run.</summary>
    Running,

    /// <summary>The operation succeeded.</summary>
    Succeeded,

    /// <summary>Ran out of runs, or can never succeed: a dead letter.</summary>
    Dead,

    /// <summary>Its last run was sent and not answered. Not run again until a person settles the effect.</summary>
    Unknown,

    /// <summary>Somebody called it off before it ran.</summary>
    Cancelled,
}

/// <summary>An operation that was accepted and is run behind the caller's back: durable, retried, and kept with its result.</summary>
internal sealed record Job
{
    /// <summary><c>job_…</c></summary>
    public required string Id { get; init; }

    public required string ConnectionId { get; init; }

    public required string Project { get; init; }

    public required string Environment { get; init; }

    public required string Provider { get; init; }

    public required string Operation { get; init; }

    /// <summary>The id of the API key that asked for it.</summary>
    public required string Actor { get; init; }

    /// <summary>Where the request came from.</summary>
    public string? Address { get; init; }

    public required string CorrelationId { get; init; }

    /// <summary>The same for every run, so that a provider that recognises repetitions does it once.</summary>
    public required string IdempotencyKey { get; init; }

    /// <summary>Parameters and cursor: <see cref="JobInput"/> as JSON, sealed with the id as context.</summary>
    public required byte[] SealedInput { get; init; }

    public required JobState State { get; init; }

    /// <summary>How often it was begun. More than <see cref="Runs"/> has when a run was lost with its process.</summary>
    public int Begun { get; init; }

    /// <summary>How many of them belong to earlier rounds: a job that a person runs again has its whole schedule before it.</summary>
    public int EarlierRounds { get; init; }

    public required DateTimeOffset NextRunAt { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>The error's code, of the last run.</summary>
    public string? ErrorCode { get; init; }

    /// <summary>Why the last run failed, as a sentence.</summary>
    public string? Reason { get; init; }

    /// <summary>The answer, sealed with the id as context; once it succeeded.</summary>
    public byte[]? SealedResult { get; init; }

    /// <summary>The record of what the last run changed.</summary>
    public string? EffectId { get; init; }

    /// <summary>What the runs came to, in order.</summary>
    public IReadOnlyList<JobRun> Runs { get; init; } = [];
}

/// <summary>What a job is run with.</summary>
internal sealed record JobInput(System.Text.Json.JsonElement Parameters, string? Cursor);

/// <summary>One run of a job: an operation with all its attempts.</summary>
internal sealed record JobRun(int Number, DateTimeOffset StartedAt, TimeSpan Duration, int Attempts, string Outcome, string? Reason);

/// <summary>Keeps jobs and leases them to workers. Thread-safe.</summary>
internal interface IJobStore
{
    /// <summary>Completes when the job is durable.</summary>
    Task AddAsync(Job job, CancellationToken cancellationToken);

    /// <summary>
    /// Leases up to <paramref name="max"/> jobs that are due and not leased, the longest due first, passing over the connections named; counts a run begun for each. A lease keeps
    /// a job to one worker until it expires, and beyond that while the worker says that it <paramref name="runs"/> the job: where a clock jumped ahead, a lease has ended and its worker has not.
    /// </summary>
    Task<IReadOnlyList<Job>> LeaseAsync(
        string owner, DateTimeOffset now, TimeSpan leaseFor, int max, IReadOnlyCollection<string> exceptConnections, IReadOnlyCollection<string> runs, CancellationToken cancellationToken);

    /// <summary>Stores what a run came to and ends the lease. Ignored when another owner has taken the job over.</summary>
    Task RecordAsync(string owner, Job job, CancellationToken cancellationToken);

    /// <summary>Gives leased jobs back as if they had not been begun.</summary>
    Task ReleaseAsync(string owner, IReadOnlyList<string> ids, CancellationToken cancellationToken);

    /// <summary>At start: whoever held leases in this data folder is gone.</summary>
    Task<int> AbandonAsync(CancellationToken cancellationToken);

    /// <summary>When the next job can be leased; <see langword="null"/> when none waits.</summary>
    Task<DateTimeOffset?> NextDueAsync(CancellationToken cancellationToken);

    Task<Job?> GetAsync(string id, CancellationToken cancellationToken);

    /// <summary>Newest first; without input and result.</summary>
    Task<Page<Job>> ListAsync(JobQuery query, PageRequest page, CancellationToken cancellationToken);

    /// <summary>Moves a job that nobody holds from one state to another.</summary>
    /// <returns>Whether it was in that state, and free.</returns>
    Task<bool> MoveAsync(string id, JobState from, JobState to, DateTimeOffset now, string? reason, CancellationToken cancellationToken);

    /// <summary>Deletes jobs completed before a time, up to a number; what is unknown stays.</summary>
    Task<int> PurgeAsync(DateTimeOffset completedBefore, int batch, CancellationToken cancellationToken);
}

internal sealed record JobQuery
{
    public JobState? State { get; init; }

    public string? ConnectionId { get; init; }

    public string? Provider { get; init; }

    public string? Operation { get; init; }

    public DateTimeOffset? From { get; init; }

    public DateTimeOffset? To { get; init; }

    public IReadOnlySet<string>? VisibleProjects { get; init; }
}
