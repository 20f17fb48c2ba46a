using System.Diagnostics;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Insights;
using IntegrationHub.Manifests;

namespace IntegrationHub.Host.Operations;

/// <summary>Runs operations: finds what is needed, sends the call through the steps, and leaves usage, audit, metric and trace behind. Thread-safe.</summary>
internal sealed class OperationExecutor(
    IEnumerable<IOperationStep> steps,
    IConnectionResolver connections,
    IProviderCatalog catalog,
    UsageRecorder usage,
    IAuditTrail audit,
    TimeProvider time)
{
    private readonly IOperationStep[] steps = [.. steps];

    /// <summary>Finds the connection and its provider and takes a lease on it.</summary>
    /// <exception cref="ProblemException">No such connection (or not for this caller), its provider is not loaded, or it has no such operation.</exception>
    public async ValueTask<OperationTarget> FindAsync(Caller caller, string connectionId, string operation, CancellationToken cancellationToken)
    {
        var connection = await connections.FindAsync(connectionId, cancellationToken);
        if (connection is null || !caller.CanSee(connection.Project))
            throw Problem.NotFound("connection", connectionId).ToException();

        if (!connection.Enabled)
            throw Problem.Conflict($"The connection '{connectionId}' is disabled.", "/enabled", "Enable it with PATCH { \"enabled\": true }.").ToException();

        var lease = catalog.Acquire(connection.Provider)
            ?? throw new Problem(503, "provider_not_loaded", "Provider not loaded",
                $"The plugin of '{connection.Provider}' is not loaded; GET /api/plugins says why.").ToException();

        if (lease.Provider.Manifest.Operations.TryGetValue(operation, out var manifest))
            return new OperationTarget(connection, lease, operation, manifest);

        lease.Dispose();
        var known = string.Join(", ", lease.Provider.Manifest.Operations.Keys.Order(StringComparer.Ordinal));
        throw new Problem(404, "unknown_operation", "Unknown operation", $"'{connection.Provider}' has no operation '{operation}'. It has: {known}.").ToException();
    }

    /// <summary>Runs one call. The execution holds the provider's lease until it is disposed, which the caller does once the result's content is consumed.</summary>
    public async ValueTask<OperationExecution> ExecuteAsync(Caller caller, OperationTarget target, OperationCall call, CancellationToken cancellationToken)
    {
        var provider = target.Lease.Provider;
        var invocation = new OperationInvocation
        {
            Caller = caller,
            Connection = target.Connection,
            Provider = provider,
            Operation = target.Operation,
            Manifest = target.Manifest,
            Parameters = call.Parameters,
            Content = call.Content,
            Cursor = call.Cursor,
            IdempotencyKey = call.IdempotencyKey ?? (Declares(target) ? Ids.New("idem", time) : null),
            CorrelationId = call.CorrelationId,
        };

        using var activity = HubTelemetry.Source.StartActivity($"operation {provider.Id}.{target.Operation}", ActivityKind.Client);
        activity?.SetTag("hub.connection.id", target.Connection.Id).SetTag("hub.correlation_id", call.CorrelationId);

        var started = time.GetTimestamp();
        var outcome = "cancelled";
        OperationResult? result = null;
        try
        {
            result = await RunAsync(invocation, 0, cancellationToken);
            outcome = result.Error is { } error ? OperationProblems.CodeOf(error.Category) : "succeeded";
            return new OperationExecution(result, invocation, target.Lease, time.GetElapsedTime(started));
        }
        catch
        {
            OperationExecution.Release(invocation, target.Lease);
            throw;
        }
        finally
        {
            if (outcome != "succeeded")
                activity?.SetStatus(ActivityStatusCode.Error, outcome);

            Record(invocation, result, outcome, time.GetElapsedTime(started));
        }
    }

    private ValueTask<OperationResult> RunAsync(OperationInvocation invocation, int step, CancellationToken cancellationToken) =>
        steps[step].InvokeAsync(invocation, token => RunAsync(invocation, step + 1, token), cancellationToken);

    private static bool Declares(OperationTarget target) =>
        (target.Manifest.Idempotency ?? target.Lease.Provider.Manifest.Defaults.Idempotency) is not null;

    private void Record(OperationInvocation invocation, OperationResult? result, string outcome, TimeSpan duration)
    {
        HubTelemetry.OperationDuration.Record(
            duration.TotalSeconds,
            new("hub.provider", invocation.Provider.Id),
            new("hub.operation", invocation.Operation),
            new("hub.outcome", outcome));

        usage.Record(new UsageRecord
        {
            Time = time.GetUtcNow(),
            ConnectionId = invocation.Connection.Id,
            Project = invocation.Connection.Project,
            Provider = invocation.Provider.Id,
            Operation = invocation.Operation,
            Actor = invocation.Caller.KeyId,
            CorrelationId = invocation.CorrelationId,
            Duration = duration,
            Attempts = invocation.Attempts,
            Outcome = outcome,
            ProviderStatus = result?.ProviderStatus,
            ProviderRequestId = result?.ProviderRequestId,
        });

        audit.RecordSoon(new AuditEntry
        {
            Time = time.GetUtcNow(),
            Actor = invocation.Caller.KeyId,
            Action = "operation.executed",
            Target = invocation.Connection.Id,
            Project = invocation.Connection.Project,
            Address = invocation.Caller.Address,
            CorrelationId = invocation.CorrelationId,
            Details = JsonSerializer.SerializeToElement(new { operation = invocation.Operation, outcome }, HubJson.Options),
        });
    }
}

/// <summary>What an operation runs on. Dispose the lease, or let the execution do it.</summary>
internal sealed record OperationTarget(Connection Connection, ProviderLease Lease, string Operation, OperationManifest Manifest);

/// <summary>What a caller gives.</summary>
internal sealed record OperationCall
{
    public required JsonElement Parameters { get; init; }

    public OperationContent? Content { get; init; }

    public string? Cursor { get; init; }

    public string? IdempotencyKey { get; init; }

    public required string CorrelationId { get; init; }
}

/// <summary>A finished call whose content may still be streaming.</summary>
internal sealed class OperationExecution(OperationResult result, OperationInvocation invocation, ProviderLease lease, TimeSpan duration) : IAsyncDisposable
{
    public OperationResult Result { get; } = result;

    public int Attempts => invocation.Attempts;

    public TimeSpan Duration { get; } = duration;

    public async ValueTask DisposeAsync()
    {
        if (Result.Content is { } content)
            await content.DisposeAsync();

        Release(invocation, lease);
    }

    /// <summary>A plugin that outlived its deadline still runs its own code: the lease ends with it, but no caller waits for that.</summary>
    public static void Release(OperationInvocation invocation, ProviderLease lease)
    {
        if (invocation.AdapterDone.IsCompleted)
            lease.Dispose();
        else
            _ = invocation.AdapterDone.ContinueWith(_ => lease.Dispose(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }
}
