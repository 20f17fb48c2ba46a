using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Connections;
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

    public string? Cursor { get; init; }

    public required string CorrelationId { get; init; }

    /// <summary>How often the adapter was called.</summary>
    public int Attempts { get; set; }

    /// <summary>Completes when the adapter no longer runs, even if the caller was answered before (a plugin that ignores its deadline).</summary>
    public Task AdapterDone { get; set; } = Task.CompletedTask;
}

/// <summary>The rest of the pipeline.</summary>
internal delegate ValueTask<OperationResult> OperationNext(CancellationToken cancellationToken);

/// <summary>
/// One concern of running an operation. A step answers by itself, or calls <c>next</c> (a retry does so more than once).
/// Steps are singletons, run in the order in which they are registered, and are thread-safe.
/// </summary>
internal interface IOperationStep
{
    ValueTask<OperationResult> InvokeAsync(OperationInvocation invocation, OperationNext next, CancellationToken cancellationToken);
}
