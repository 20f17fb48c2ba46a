using IntegrationHub.Adapters;
using IntegrationHub.Host.Connections.Health;
using IntegrationHub.Manifests;

namespace IntegrationHub.Host.Tests.Operations.Resilience;

/// <summary>The pipeline with a provider whose answers the test writes, on a clock that the test moves.</summary>
public abstract class ResilienceScene
{
    private protected static readonly OperationResult Good = OperationHub.Value("{}");
    private protected int calls;

    private protected static string Limits => $"/api/connections/{OperationHub.ConnectionId}/limits";

    private protected static OperationResult Fail(ErrorCategory category, int? status, bool unknown, TimeSpan? retryAfter = null) => OperationResult.Failure(new ProviderError
    {
        Category = category, Message = "No.", ProviderStatus = status, OutcomeUnknown = unknown, RetryAfter = retryAfter,
    });

    private protected static async Task<HealthFinding?> HealthAsync(OperationHub hub) =>
        await hub.Get<IConnectionHealthSource>().FindAsync(hub.Connection, CancellationToken.None);

    private protected static async Task<OperationHub> StartAsync(RetryManifest? retry = null, LimitsManifest? limits = null, params (string, string)[] settings)
    {
        var hub = await OperationHub.StartAsync(null, settings);
        hub.Change = manifest => manifest with
        {
            Retry = retry,
            Limits = limits,
            Operations = new Dictionary<string, OperationManifest>(manifest.Operations)
            {
                ["get"] = new() { Http = new HttpManifest { Method = "GET", Path = "/" } },
                ["put"] = new() { Http = new HttpManifest { Method = "PUT", Path = "/" } },
                ["post"] = new() { Http = new HttpManifest { Method = "POST", Path = "/" } },
            },
        };
        return hub;
    }

    /// <summary>Answers in this order, and then always the last.</summary>
    private protected void Answer(OperationHub hub, params OperationResult[] results) =>
        hub.Adapter = (_, _) => ValueTask.FromResult(results[Math.Min(Interlocked.Increment(ref calls), results.Length) - 1]);
}
