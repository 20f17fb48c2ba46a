using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Insights;
using IntegrationHub.Host.Operations.Effects;
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
    private readonly OperationNext run = Chained([.. steps]);

    // As many as there are names of operations and outcomes.
    private readonly ConcurrentDictionary<(string Operation, string Outcome), JsonElement> details = new();

    /// <summary>Finds the connection and its provider and takes a lease on it.</summary>
    /// <exception cref="ProblemException">No such connection (or not for this caller), its provider is not loaded, or it has no such operation.</exception>
    public async ValueTask<OperationTarget> FindAsync(Caller caller, string connectionId, string operation, CancellationToken cancellationToken)
    {
        var connection = await connections.FindAsync(connectionId, cancellationToken);
        if (connection is null || !caller.CanSee(connection.Project))
            throw Problem.NotFound("connection", connectionId).ToException();

        if (!connection.Enabled)
            throw Problem.Conflict($"The connection '{connectionId}' is disabled.", "/enabled", "Enable it with PATCH { \"enabled\": true }.").ToException();

        var lease = catalog.Acquire(connection.Provider) ?? throw OperationProblems.NotLoaded(connection.Provider).ToException();

        if (lease.Provider.Manifest.Operations.TryGetValue(operation, out var manifest))
            return new OperationTarget(connection, lease, operation, manifest);

        lease.Dispose();
        var known = string.Join(", ", lease.Provider.Manifest.Operations.Keys.Order(StringComparer.Ordinal));
        throw new Problem(404, "unknown_operation", "Unknown operation", $"'{connection.Provider}' has no operation '{operation}'. It has: {known}.").ToException();
    }

    /// <summary>Runs one call. Dispose the execution once the result's content is consumed, and the target, which may run several, after it.</summary>
    public async ValueTask<OperationExecution> ExecuteAsync(Caller caller, OperationTarget target, OperationCall call, CancellationToken cancellationToken)
    {
        var provider = target.Provider;
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
            IdempotencyKey = call.IdempotencyKey ?? (target.Manifest.IdempotencyOf(provider.Manifest) is null ? null : Ids.New("idem", time)),
            JobId = call.JobId,
            RequestId = call.RequestId,
            CorrelationId = call.CorrelationId,
        };

        using var activity = !HubTelemetry.Source.HasListeners() ? null : HubTelemetry.Source.StartActivity($"operation {provider.Id}.{target.Operation}", ActivityKind.Client);
        activity?.SetTag("hub.connection.id", target.Connection.Id).SetTag("hub.correlation_id", call.CorrelationId);

        var started = time.GetTimestamp();
        var outcome = "cancelled";
        OperationResult? result = null;
        try
        {
            result = await run(invocation, cancellationToken);
            outcome = result.Error is { } error ? OperationProblems.CodeOf(error.Category) : "succeeded";
            return new OperationExecution(result, invocation, time.GetElapsedTime(started));
        }
        finally
        {
            target.HoldUntil(invocation.AdapterDone);
            if (outcome != "succeeded")
                activity?.SetStatus(ActivityStatusCode.Error, outcome);

            if (!call.IsProbe || caller != Caller.System)
                Record(invocation, result, outcome, time.GetElapsedTime(started));
        }
    }

    /// <summary>The steps as one, made once: what each hands on to is the same for all calls. The last calls nobody.</summary>
    private static OperationNext Chained(IOperationStep[] steps)
    {
        OperationNext next = static (_, _) => throw new InvalidOperationException("There is no further step.");
        for (var i = steps.Length - 1; i >= 0; i--)
        {
            var (step, following) = (steps[i], next);
            next = (invocation, token) => step.InvokeAsync(invocation, following, token);
        }

        return next;
    }

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
            Details = details.GetOrAdd((invocation.Operation, outcome), static call => JsonSerializer.SerializeToElement(new { operation = call.Operation, outcome = call.Outcome }, HubJson.Options)),
        });
    }
}

/// <summary>What an operation runs on. It holds the provider's lease until it is disposed. Not thread-safe.</summary>
internal sealed class OperationTarget(Connection connection, ProviderLease lease, string operation, OperationManifest manifest) : IDisposable
{
    private Task running = Task.CompletedTask;

    public Connection Connection { get; } = connection;

    public LoadedProvider Provider => lease.Provider;

    public string Operation { get; } = operation;

    public OperationManifest Manifest { get; } = manifest;

    /// <summary>A plugin that outlives its deadline still runs its own code: the lease ends with it, but no caller waits.</summary>
    public void HoldUntil(Task adapterDone) => running = running.IsCompleted ? adapterDone : Task.WhenAll(running, adapterDone);

    public void Dispose()
    {
        if (running.IsCompleted)
            lease.Dispose();
        else
            _ = running.ContinueWith(_ => lease.Dispose(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }
}

/// <summary>What a caller gives.</summary>
internal sealed record OperationCall
{
    public required JsonElement Parameters { get; init; }

    public OperationContent? Content { get; init; }

    public string? Cursor { get; init; }

    public string? IdempotencyKey { get; init; }

    /// <summary>The job that runs it.</summary>
    public string? JobId { get; init; }

    /// <summary>The idempotent request that runs it.</summary>
    public string? RequestId { get; init; }

    public required string CorrelationId { get; init; }

    /// <summary>A connection test. Those that nobody asked for are neither usage nor news for the audit.</summary>
    public bool IsProbe { get; init; }
}

/// <summary>A finished call whose content may still be streaming.</summary>
internal sealed class OperationExecution(OperationResult result, OperationInvocation invocation, TimeSpan duration) : IAsyncDisposable
{
    public OperationResult Result { get; } = result;

    public int Attempts => invocation.Attempts;

    /// <summary>Where the next page begins, unmasked: for the hub's own next call, never for an answer.</summary>
    public string? NextCursor => invocation.NextCursor;

    /// <summary>What of the duration it waited in the hub.</summary>
    public TimeSpan Waited => invocation.Waited;

    /// <summary>The record of what it changed; <see langword="null"/> when nothing left the hub or nothing is changed by it.</summary>
    public Effect? Effect => invocation.Effect;

    /// <summary>Whether a repetition does no harm: by the operation's nature, because the provider recognises it by the key, or because it certainly did nothing this time.</summary>
    public bool IsRepeatable => invocation.Manifest.IsIdempotent() || invocation.KeySent || CertainlyDidNothing;

    /// <summary>Whether the provider certainly did nothing: no attempt left the hub, or its effect says so.</summary>
    public bool CertainlyDidNothing => !Result.Succeeded && (Effect is null || Effect.CertainlyDidNothing);

    public TimeSpan Duration { get; } = duration;

    public ValueTask DisposeAsync() => Result.Content?.DisposeAsync() ?? ValueTask.CompletedTask;
}
