using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Operations.Effects;
using IntegrationHub.Manifests;

namespace IntegrationHub.Host.Operations;

/// <summary>One operation on its way through the pipeline. Used by one call at a time.</summary>
internal sealed class OperationInvocation
{
    public required Caller Caller { get; init; }

    public required Connection Connection { get; init; }

    public required LoadedProvider Provider { get; init; }

    public required string Operation { get; init; }

    public required OperationManifest Manifest { get; init; }

    public required JsonElement Parameters { get; init; }

    public OperationContent? Content { get; init; }

    public string? IdempotencyKey { get; init; }

    /// <summary>Whether the provider is given the key and recognises a repetition by it.</summary>
    public bool KeySent => IdempotencyKey is not null && Manifest.IdempotencyOf(Provider.Manifest) is not null;

    /// <summary>The job that runs it.</summary>
    public string? JobId { get; init; }

    /// <summary>The idempotent request that runs it.</summary>
    public string? RequestId { get; init; }

    /// <summary>The record of what it changes; <see langword="null"/> until something leaves the hub, and for operations that change nothing.</summary>
    public Effect? Effect { get; set; }

    public string? Cursor { get; init; }

    /// <summary>Where the next page begins, as the provider said it: what callers see may have a secret masked in it, and leads nowhere then.</summary>
    public string? NextCursor { get; set; }

    public required string CorrelationId { get; init; }

    /// <summary>What the hub obtained for the connection (an access token), for <see cref="ConnectionContext.Auth"/>. Undefined when there is nothing.</summary>
    public JsonElement Authorization { get; set; }

    /// <summary>How often the adapter was called.</summary>
    public int Attempts => AttemptLog.Count;

    /// <summary>What each attempt came to, in order.</summary>
    public List<OperationAttempt> AttemptLog { get; } = [];

    /// <summary>The time for one attempt; <see langword="null"/> while nobody has said.</summary>
    public TimeSpan? AttemptTimeout { get; set; }

    /// <summary>How long it waited in the hub: for its turn, and between attempts.</summary>
    public TimeSpan Waited { get; set; }

    /// <summary>Content that is read once cannot be sent again.</summary>
    public bool HasContent => Content is not null;

    /// <summary>Completes when the adapter no longer runs, even if the caller was answered before (a plugin that ignores its deadline).</summary>
    public Task AdapterDone { get; set; } = Task.CompletedTask;
}

/// <summary>One call of the adapter.</summary>
/// <param name="Number">From 1.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="Duration">How long it took.</param>
/// <param name="Outcome"><c>succeeded</c>, the error's category, or <c>cancelled</c>.</param>
/// <param name="ProviderStatus">The provider's HTTP status, when it answered.</param>
/// <param name="ProviderRequestId">The provider's name for the request.</param>
/// <param name="OutcomeUnknown">Whether it may have had an effect although it did not succeed.</param>
internal sealed record OperationAttempt(
    int Number, DateTimeOffset StartedAt, TimeSpan Duration, string Outcome, int? ProviderStatus, string? ProviderRequestId, bool OutcomeUnknown);

/// <summary>The rest of the pipeline.</summary>
internal delegate ValueTask<OperationResult> OperationNext(OperationInvocation invocation, CancellationToken cancellationToken);

/// <summary>
/// One concern of running an operation. A step answers by itself, or calls <c>next</c> (a retry does so more than once).
/// Steps are singletons, run in the order in which they are registered, and are thread-safe.
/// </summary>
internal interface IOperationStep
{
    ValueTask<OperationResult> InvokeAsync(OperationInvocation invocation, OperationNext next, CancellationToken cancellationToken);
}
