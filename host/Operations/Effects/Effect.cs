using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Operations.Effects;

/// <summary>What an operation that changes something came to.</summary>
internal enum EffectVerdict
{
    /// <summary>Under way.</summary>
    Pending,

    /// <summary>The provider did it.</summary>
    Succeeded,

    /// <summary>The provider did not do it.</summary>
    Failed,

    /// <summary>It was sent and no answer came, so nobody here knows. Never repeated blindly; a person looks at the provider and settles it.</summary>
    Unknown,
}

/// <summary>
/// The record of one operation that changes something at a provider. It is durable before the request leaves, so that a crash leaves behind what may have been done.
/// Of what was sent it keeps a keyed hash only.
/// </summary>
internal sealed record Effect
{
    /// <summary><c>eff_…</c></summary>
    public required string Id { get; init; }

    public required string ConnectionId { get; init; }

    public required string Project { get; init; }

    public required string Environment { get; init; }

    public required string Provider { get; init; }

    public required string Operation { get; init; }

    /// <summary>The id of the API key, or <c>system</c>.</summary>
    public required string Actor { get; init; }

    public required string CorrelationId { get; init; }

    /// <summary>HMAC-SHA256 of the parameters' canonical JSON under a key of the hub: equal parameters have equal hashes, and nobody can try values against it.</summary>
    public required byte[] ParametersHash { get; init; }

    /// <summary>The key under which the provider recognises a repetition; <see langword="null"/> when none was sent.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>The job that ran it.</summary>
    public string? JobId { get; init; }

    /// <summary>The idempotent request that ran it.</summary>
    public string? RequestId { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }

    public required EffectVerdict Verdict { get; init; }

    /// <summary>Why it failed or is unknown, as a sentence.</summary>
    public string? Reason { get; init; }

    public IReadOnlyList<OperationAttempt> Attempts { get; init; } = [];

    /// <summary>How a person settled what was unknown.</summary>
    public EffectSettlement? Settlement { get; init; }

    /// <summary>
    /// Whether the provider certainly did nothing: each attempt was refused before it was carried out, or a person found so. A provider that answered 500 may have done it before it failed.
    /// </summary>
    public bool CertainlyDidNothing =>
        Verdict == EffectVerdict.Failed && (Settlement is not null || Attempts.All(attempt => !attempt.OutcomeUnknown && attempt.ProviderStatus is null or < 500));
}

/// <summary>What a person found out.</summary>
/// <param name="Verdict"><see cref="EffectVerdict.Succeeded"/> or <see cref="EffectVerdict.Failed"/>.</param>
/// <param name="By">The id of the API key.</param>
/// <param name="At">When.</param>
/// <param name="Note">How they know.</param>
internal sealed record EffectSettlement(EffectVerdict Verdict, string By, DateTimeOffset At, string? Note);

/// <summary>Keeps effect records. Thread-safe.</summary>
internal interface IEffectStore
{
    /// <summary>Completes when the record is durable.</summary>
    Task AddAsync(Effect effect, CancellationToken cancellationToken);

    /// <summary>Stores verdict, reason, attempts and time of completion of a pending record.</summary>
    Task CompleteAsync(Effect effect, CancellationToken cancellationToken);

    /// <summary>Settles a record whose verdict is unknown.</summary>
    /// <returns>Whether it was unknown.</returns>
    Task<bool> SettleAsync(string id, EffectSettlement settlement, CancellationToken cancellationToken);

    /// <summary>Gives what was pending since before a time the verdict unknown: whoever ran it is gone.</summary>
    /// <returns>Which those are.</returns>
    Task<IReadOnlyList<Effect>> AbandonAsync(DateTimeOffset startedBefore, DateTimeOffset now, string reason, CancellationToken cancellationToken);

    Task<Effect?> GetAsync(string id, CancellationToken cancellationToken);

    /// <summary>Newest first.</summary>
    Task<Page<Effect>> ListAsync(EffectQuery query, PageRequest page, CancellationToken cancellationToken);

    /// <summary>Deletes records completed before a time, up to a number; what is unknown stays until it is settled.</summary>
    /// <returns>How many.</returns>
    Task<int> PurgeAsync(DateTimeOffset completedBefore, int batch, CancellationToken cancellationToken);
}

internal static class EffectStoreExtensions
{
    public static async Task<Effect?> LatestAsync(this IEffectStore store, EffectQuery query, CancellationToken cancellationToken) =>
        (await store.ListAsync(query, new PageRequest(1), cancellationToken)).Items is [var latest, ..] ? latest : null;
}

internal sealed record EffectQuery
{
    public string? ConnectionId { get; init; }

    public string? Provider { get; init; }

    public string? Operation { get; init; }

    public EffectVerdict? Verdict { get; init; }

    public string? JobId { get; init; }

    public string? RequestId { get; init; }

    /// <summary>By time of start.</summary>
    public DateTimeOffset? From { get; init; }

    public DateTimeOffset? To { get; init; }

    public IReadOnlySet<string>? VisibleProjects { get; init; }
}
