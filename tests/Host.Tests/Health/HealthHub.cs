using System.Collections.Concurrent;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Connections.Health;
using IntegrationHub.Host.Health;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Operations;
using IntegrationHub.Host.Storage.Sqlite;
using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Host.Tests.Storage;
using IntegrationHub.Host.Tests.Storage.Sqlite;
using IntegrationHub.Manifests;
using IntegrationHub.Schemas;
using Microsoft.Extensions.Logging.Abstractions;

namespace IntegrationHub.Host.Tests.Health;

/// <summary>The health monitor over a real database; tests and sources say what the test has them say.</summary>
internal sealed class HealthHub : IConnectionResolver, IConnectionHealthSource, IAsyncDisposable
{
    private readonly string folder = SqliteHarness.NewFolder();
    private readonly SqliteStorage storage;
    private readonly SqliteConnectionStore connections;

    private HealthHub()
    {
        storage = SqliteHarness.New(folder);
        connections = new SqliteConnectionStore(storage);
        Store = new SqliteHealthStore(storage);
        Catalog.Providers.Add(new LoadedProvider
        {
            Manifest = new ProviderManifest { ManifestVersion = 1, Id = "stripe", Name = "Stripe", Version = "1.0.0", Category = "payment" },
            ManifestJson = default,
            Adapter = new RestAdapter(),
            Config = SchemaValidator.Compile(JsonElement.Parse("{}"u8)),
            Parameters = new Dictionary<string, Lazy<SchemaValidator>>(),
            SecretFields = new HashSet<string>(),
        });
        Monitor = NewMonitor();
    }

    public FakeTimeProvider Time { get; } = new();

    public FixedCatalog Catalog { get; } = new();

    public RecordingHubEvents Events { get; } = new();

    public SqliteHealthStore Store { get; }

    public HealthMonitor Monitor { get; private set; }

    /// <summary>What a source has against a connection.</summary>
    public ConcurrentDictionary<string, HealthFinding> Against { get; } = new();

    /// <summary>Why connections do not open.</summary>
    public Problem? Unopenable { get; set; }

    public static async Task<HealthHub> OpenAsync()
    {
        var hub = new HealthHub();
        await hub.storage.OpenAsync(CancellationToken.None);
        return hub;
    }

    /// <summary>The monitor of the next process.</summary>
    public async Task RestartAsync()
    {
        Monitor = NewMonitor();
        await Monitor.LoadAsync(CancellationToken.None);
    }

    public async Task<Connection> ConnectAsync(string alias = "default")
    {
        var connection = Some.Connection(alias);
        await connections.TryAddAsync(connection, CancellationToken.None);
        return connection;
    }

    /// <summary>A round of tests: <c>ok</c>, or the code of the error.</summary>
    public Task TestAsync(Connection connection, params string[] results) => Monitor.TestedAsync(
        connection,
        [.. results.Select((word, index) => new ConnectionTestResult($"test-{index}", word == "ok", 1, word == "ok" ? null : new ConnectionTestError(word, "It said so.", null, null)))],
        "corr-1",
        CancellationToken.None);

    public async ValueTask<Connection?> FindAsync(string id, CancellationToken cancellationToken) => await connections.GetAsync(id, cancellationToken);

    public ConnectionContext Open(Connection connection, LoadedProvider provider, JsonElement authorization = default) =>
        Unopenable is { } problem ? throw problem.ToException() : new()
        {
            Id = connection.Id, Project = connection.Project, Provider = connection.Provider, Environment = connection.Environment, Alias = connection.Alias, Config = connection.Config, BaseUrl = "",
        };

    public ValueTask<HealthFinding?> FindAsync(Connection connection, CancellationToken cancellationToken) => ValueTask.FromResult(Against.GetValueOrDefault(connection.Id));

    public async ValueTask DisposeAsync()
    {
        await storage.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private HealthMonitor NewMonitor() => new(
        Store, this, Catalog, [this], Events, Microsoft.Extensions.Options.Options.Create(new HealthOptions { Jitter = 0 }), Time, NullLogger<HealthMonitor>.Instance);
}
