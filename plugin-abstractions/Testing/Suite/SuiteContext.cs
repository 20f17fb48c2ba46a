using IntegrationHub.Manifests;
using IntegrationHub.Testing.Running;

namespace IntegrationHub.Testing.Suite;

/// <summary>What the checks of one run share.</summary>
internal sealed class SuiteContext
{
    public required string Folder { get; init; }

    public required ConformanceOptions Options { get; init; }

    public required SuiteLog Log { get; init; }

    public required ProviderManifest Manifest { get; init; }

    public required PluginUnderTest Plugin { get; init; }

    public required ConnectionMaker Connections { get; init; }

    public required Caller Caller { get; init; }

    public required SimulatedProvider Provider { get; init; }

    public required SecretWatch Secrets { get; init; }

    public required IReadOnlyList<OperationSamples> Operations { get; init; }

    public required BlockedCalls Blocked { get; init; }

    public required DeniedRequests Denied { get; init; }

    /// <summary>A call answered by the simulator.</summary>
    public async Task<(CallOutcome Outcome, SimulatorAnswer? Answer)> SimulateAsync(
        OperationSamples operation, System.Text.Json.JsonElement parameters, Adapters.ConnectionContext? connection = null, string? cursor = null)
    {
        connection ??= Connections.Make();
        SimulatorAnswer? given = null;
        var outcome = await Caller.CallAsync(
            new CallSpec(operation.Name, parameters, Provider.Answering(operation.Name, parameters, connection.BaseUrl, cursor, answer => given = answer))
            {
                Connection = connection, Cursor = cursor,
            }).ConfigureAwait(false);
        return (outcome, given);
    }
}

/// <summary>Operations that did not return in time. Thread-safe.</summary>
internal sealed class BlockedCalls
{
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, bool> operations = new(StringComparer.Ordinal);
    private int calls;

    public IEnumerable<string> Operations => operations.Keys.Order(StringComparer.Ordinal);

    public void Add(string what) => operations.TryAdd(what, true);

    /// <summary>How many calls were watched.</summary>
    public int Calls => calls;

    public void Inspect(CallOutcome outcome)
    {
        Interlocked.Increment(ref calls);
        if (outcome.Blocked)
            Add(outcome.Operation);
    }
}

/// <summary>Requests that were not let out. Thread-safe.</summary>
internal sealed class DeniedRequests
{
    private readonly System.Collections.Concurrent.ConcurrentDictionary<(string Operation, string Why), bool> requests = new();
    private int watched;

    /// <summary>How many requests were watched, those that were let out included.</summary>
    public int Watched => watched;

    public IEnumerable<(string Operation, string Why)> Requests => requests.Keys.OrderBy(request => request.Operation, StringComparer.Ordinal).ThenBy(request => request.Why, StringComparer.Ordinal);

    public void Inspect(CallOutcome outcome)
    {
        Interlocked.Add(ref watched, outcome.Requests.Count);
        foreach (var request in outcome.Requests)
            if (request.Denied is { } why)
                requests.TryAdd((outcome.Operation, why), true);
    }
}
