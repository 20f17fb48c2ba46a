using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Privacy;

internal enum ErasureState
{
    /// <summary>Under way, or waiting for its turn.</summary>
    Running,

    /// <summary>Nothing is left.</summary>
    Completed,
}

/// <summary>What is looked through, in this order.</summary>
internal enum ErasurePhase
{
    /// <summary>Events whose subject it is.</summary>
    Subjects,

    /// <summary>All events of the project, for the pointers.</summary>
    Data,

    /// <summary>Answers that are kept for repeated requests.</summary>
    Answers,

    /// <summary>Jobs, with what they were run with and what they answered.</summary>
    Jobs,

    /// <summary>Records of what operations changed.</summary>
    Effects,

    Done,
}

/// <summary>An order to delete what is held about one person in a project: durable, taken up again after a crash. The person's name stays sealed, and only as long as it is needed.</summary>
internal sealed record Erasure
{
    /// <summary><c>era_…</c></summary>
    public required string Id { get; init; }

    public required string Project { get; init; }

    /// <summary>The keyed hash of the subject: two orders about the same person can be told to be so, and nobody can try names against it.</summary>
    public required byte[] SubjectHash { get; init; }

    /// <summary><see cref="PersonQuery"/> as JSON, sealed with the id as context; <see langword="null"/> once it is completed.</summary>
    public byte[]? SealedQuery { get; init; }

    public required string Reason { get; init; }

    public required ErasureState State { get; init; }

    public required ErasurePhase Phase { get; init; }

    /// <summary>How far it is within the phase.</summary>
    public string Position { get; init; } = "";

    public ErasureCounts Counts { get; init; } = new();

    public required string Actor { get; init; }

    public string? Address { get; init; }

    public required string CorrelationId { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }
}

/// <summary>How much was deleted.</summary>
internal sealed record ErasureCounts(int Events = 0, int RawRequests = 0, int Deliveries = 0, int Attempts = 0, int Repetitions = 0, int Answers = 0, int Jobs = 0, int Effects = 0)
{
    public static ErasureCounts operator +(ErasureCounts one, ErasureCounts other) => new(
        one.Events + other.Events, one.RawRequests + other.RawRequests, one.Deliveries + other.Deliveries, one.Attempts + other.Attempts, one.Repetitions + other.Repetitions,
        one.Answers + other.Answers, one.Jobs + other.Jobs, one.Effects + other.Effects);
}

/// <summary>A kept thing that may be about somebody: what has to be opened to know it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Position">Where the next look begins after it.</param>
/// <param name="Sealed">What is sealed of it, each with the context it was sealed with.</param>
/// <param name="Text">What is kept of it in the clear.</param>
internal sealed record HeldThing(string Id, string Position, IReadOnlyList<(byte[] Value, string Context)> Sealed, string? Text);

/// <summary>Keeps orders to delete, finds what may be meant, and deletes it. Thread-safe.</summary>
internal interface IErasureStore
{
    Task AddAsync(Erasure erasure, CancellationToken cancellationToken);

    Task<Erasure?> GetAsync(string id, CancellationToken cancellationToken);

    /// <summary>Newest first.</summary>
    Task<Page<Erasure>> ListAsync(IReadOnlySet<string>? visibleProjects, PageRequest page, CancellationToken cancellationToken);

    /// <summary>The oldest that runs.</summary>
    Task<Erasure?> NextAsync(CancellationToken cancellationToken);

    /// <summary>The next things of a phase in a project, after a position; fewer than asked for when there are no more. <paramref name="subject"/> limits events to those it is the subject of.</summary>
    Task<IReadOnlyList<HeldThing>> ListAsync(ErasurePhase phase, string project, string? subject, string after, int limit, CancellationToken cancellationToken);

    /// <summary>Deletes things of the erasure's phase, overwriting what they held, and moves the erasure on to <paramref name="next"/> with its counts: one transaction.</summary>
    Task<Erasure> EraseAsync(Erasure erasure, PersonQuery person, IReadOnlyList<string> ids, Erasure next, CancellationToken cancellationToken);
}
