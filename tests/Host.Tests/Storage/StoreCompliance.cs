using IntegrationHub.Host.Access;
using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Connections.OAuth;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Events.DeadLetters;
using IntegrationHub.Host.Events.Replays;
using IntegrationHub.Host.Events.Retention;
using IntegrationHub.Host.Events.Stream;
using IntegrationHub.Host.Health;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Insights;
using IntegrationHub.Host.Operations.Effects;
using IntegrationHub.Host.Operations.Idempotency;
using IntegrationHub.Host.Operations.Jobs;
using IntegrationHub.Host.Plugins;
using IntegrationHub.Host.Privacy;
using IntegrationHub.Host.Secrets;
using IntegrationHub.Host.Storage;

namespace IntegrationHub.Host.Tests.Storage;

/// <summary>An engine, open and empty, with its ports.</summary>
internal sealed record StorageHarness
{
    public required IHubStorage Engine { get; init; }

    public required IApiKeyStore ApiKeys { get; init; }

    public required IAuditStore Audit { get; init; }

    public required IDataKeyStore DataKeys { get; init; }

    public required IWrappedKeyStore WrappedKeys { get; init; }

    public required IEndedSecretStore EndedSecrets { get; init; }

    public required IConnectionStore Connections { get; init; }

    public required IEventStore Events { get; init; }

    public required IEventLog EventLog { get; init; }

    public required ISubscriptionStore Subscriptions { get; init; }

    public required IDeliveryStore Deliveries { get; init; }

    public required IEndpointStateStore EndpointStates { get; init; }

    public required IDeadLetterStore DeadLetters { get; init; }

    public required IReplayStore Replays { get; init; }

    public required IRetentionStore Retention { get; init; }

    public required IProjectRetentionStore ProjectRetention { get; init; }

    public required IErasureStore Erasures { get; init; }

    public required IUsageStore Usage { get; init; }

    public required IPluginStateStore PluginStates { get; init; }

    public required ITokenStore Tokens { get; init; }

    public required IPendingAuthorizationStore PendingAuthorizations { get; init; }

    public required IEffectStore Effects { get; init; }

    public required IIdempotencyStore IdempotentRequests { get; init; }

    public required IJobStore Jobs { get; init; }

    public required IHealthStore Health { get; init; }

    /// <summary>Closes the engine and removes what it kept.</summary>
    public required Func<ValueTask> CleanUp { get; init; }
}

/// <summary>What every storage engine must do, whatever it is made of: one suite per port, inherited once per engine.</summary>
public abstract class StoreCompliance : IAsyncLifetime
{
    private protected StorageHarness Storage { get; private set; } = null!;

    private protected static CancellationToken None => CancellationToken.None;

    public async Task InitializeAsync() => Storage = await OpenAsync();

    public async Task DisposeAsync() => await Storage.CleanUp();

    private protected abstract Task<StorageHarness> OpenAsync();

    /// <summary>Walks a list page by page.</summary>
    private protected static async Task<List<T>> ReadAllAsync<T>(Func<PageRequest, Task<Page<T>>> list, int limit)
    {
        var all = new List<T>();
        string? cursor = null;
        do
        {
            var page = await list(new PageRequest(limit, cursor));
            Assert.True(page.Items.Count <= limit);
            all.AddRange(page.Items);
            cursor = page.NextCursor;
        }
        while (cursor is not null);

        return all;
    }

    private protected static async Task RefusesCursorAsync<T>(Func<PageRequest, Task<Page<T>>> list, string cursor)
    {
        var exception = await Assert.ThrowsAsync<ProblemException>(() => list(new PageRequest(10, cursor)));
        Assert.Equal("invalid_request", exception.Problem.Code);
        Assert.Equal(400, exception.Problem.Status);
    }

    public static TheoryData<string> HostileCursors() => new(
        "", " ", "x", "=", "null", "../../etc/passwd", "evt_1", "!!!!", "AAAA", "AAAAAAAAAAAAAAAAAAAAAA", "'; DROP TABLE events; --", new string('A', 5000), "\u0000", "é");
}
