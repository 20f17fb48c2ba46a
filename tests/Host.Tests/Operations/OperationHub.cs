using System.Text;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Insights;
using IntegrationHub.Host.Operations;
using IntegrationHub.Host.Operations.Effects;
using IntegrationHub.Host.Operations.Idempotency;
using IntegrationHub.Host.Operations.Jobs;
using IntegrationHub.Host.Operations.Resilience;
using IntegrationHub.Host.Secrets;
using IntegrationHub.Host.Storage.Sqlite;
using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Host.Tests.Storage.Sqlite;
using IntegrationHub.Manifests;
using IntegrationHub.Schemas;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IntegrationHub.Host.Tests.Operations;

/// <summary>
/// The operations feature on a real socket and a real database, with one connection of a provider whose adapter the test writes. Stopped and started again over the same folder it
/// is the next process.
/// </summary>
internal sealed class OperationHub : IAsyncDisposable, IConnectionResolver, IUsageStore
{
    public const string ConnectionId = "conn_1";
    public static readonly string Secret = "sk_" + "test_" + "neverinanswers";

    private readonly WebApplication app;
    private readonly string folder;
    private int leases;

    private OperationHub(string folder, FakeTimeProvider time, InMemoryDataKeyStore dataKeys, TimeProvider? realTime = null, params (string Key, string Value)[] settings)
    {
        this.folder = folder;
        Time = time;
        DataKeys = dataKeys;
        Storage = SqliteHarness.New(folder);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value)));
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration["Hub:Jobs:Jitter"] = "0";
        builder.Services
            .AddSingleton(Microsoft.Extensions.Options.Options.Create(new HubOptions { MasterKey = Convert.ToBase64String(new byte[MasterKey.Size]) }))
            .AddSingleton<IDataKeyStore>(dataKeys)
            .AddSingleton<IWrappedKeyStore>(new NoWrappedKeys())
            .AddSecrets()
            .AddSingleton<IHubEvents>(Events)
            .AddSingleton<IEffectStore>(new SqliteEffectStore(Storage))
            .AddSingleton<IIdempotencyStore>(new SqliteIdempotencyStore(Storage))
            .AddSingleton<IJobStore>(new SqliteJobStore(Storage))
            .AddSingleton(realTime ?? Time)
            .AddSingleton<IConnectionResolver>(this)
            .AddSingleton<IUsageStore>(this)
            .AddSingleton<IProviderCatalog>(new LeasingCatalog(this))
            .AddSingleton<IAuditTrail>(Audit)
            .AddInsights()
            .AddConnectionAuthorizationFakes()
            .AddOperations();
        app = builder.Build();
        app.UseMiddleware<ProblemMiddleware>();
        app.Use((context, next) =>
        {
            context.SetCaller(Caller);
            return next(context);
        });
        app.MapOperations();
        app.MapConnectionLimits();
        Connection = new Connection
        {
            Id = ConnectionId, Project = "shop", Provider = "acme", Environment = "dev", Alias = "default", Config = default,
            Secrets = new Dictionary<string, SealedSecret>(), WrappedKey = [], MasterKeyId = "", CreatedAt = default, UpdatedAt = default,
        };
    }

    public FakeTimeProvider Time { get; }

    public string Folder => folder;

    public InMemoryDataKeyStore DataKeys { get; }

    public SqliteStorage Storage { get; }

    public RecordingHubEvents Events { get; } = new();

    public RecordingAuditTrail Audit { get; } = new();

    public List<UsageRecord> Usage { get; } = [];

    public Connection Connection { get; set; }

    public Caller Caller { get; set; } = new("key_1", "test", HubRole.Developer, null);

    public Func<OperationRequest, CancellationToken, ValueTask<OperationResult>> Adapter { get; set; } = (_, _) => ValueTask.FromResult(Value("{}"));

    public bool IsCode { get; set; }

    /// <summary>The secret in the connection's config.</summary>
    public string KeptSecret { get; set; } = Secret;

    /// <summary>What the test makes of the provider's manifest.</summary>
    public Func<ProviderManifest, ProviderManifest> Change { get; set; } = manifest => manifest;

    /// <summary>Where the connection's requests go.</summary>
    public string BaseUrl { get; set; } = "";

    /// <summary>Why the connection cannot be opened, if it cannot.</summary>
    public Problem? Locked { get; set; }

    /// <summary>Cancelled when the plugin's time to finish is over.</summary>
    public CancellationToken Stopping { get; set; }

    /// <summary>Leases that are not given back.</summary>
    public int Leases => leases;

    public HttpClient Client { get; private set; } = null!;

    public static OperationResult Value(string json, string? nextCursor = null, JsonElement? items = null) =>
        OperationResult.Success(JsonElement.Parse(json), 200, "req_provider", nextCursor, items);

    public static Task<OperationHub> StartAsync() => StartAsync(realTime: null);

    /// <param name="realTime">Another clock than <see cref="Time"/>.</param>
    /// <param name="settings">The operator's settings.</param>
    public static Task<OperationHub> StartAsync(TimeProvider? realTime, params (string Key, string Value)[] settings) =>
        BeginAsync(new OperationHub(SqliteHarness.NewFolder(), new FakeTimeProvider(), new InMemoryDataKeyStore(), realTime, settings));

    /// <summary>The next process over what this one left behind. Dispose both.</summary>
    public async Task<OperationHub> RestartAsync()
    {
        await app.StopAsync();
        await Storage.DisposeAsync();
        return await BeginAsync(new OperationHub(folder, Time, DataKeys) { Adapter = Adapter, Connection = Connection });
    }

    private static async Task<OperationHub> BeginAsync(OperationHub hub)
    {
        await hub.Storage.OpenAsync(CancellationToken.None);
        await hub.Get<MasterKeyStartup>().InitializeAsync(CancellationToken.None);
        await hub.Get<KeyRing>().InitializeAsync(CancellationToken.None);
        await hub.Get<ExecutionRecovery>().RunAsync(CancellationToken.None);
        await hub.app.StartAsync();
        hub.Client = new HttpClient { BaseAddress = new Uri(hub.app.Urls.First()) };
        return hub;
    }

    public T Get<T>()
        where T : notnull => app.Services.GetRequiredService<T>();

    public Task<Answer> RunAsync(string operation, string json = "{}", string? key = null, string query = "", CancellationToken cancellationToken = default) =>
        Client.SendAsync("POST", $"/api/connections/{ConnectionId}/operations/{operation}{query}", json, idempotencyKey: key, cancellationToken: cancellationToken);

    /// <summary>Stops the host, which writes what waits.</summary>
    public Task StopAsync() => app.StopAsync();

    public ValueTask<Connection?> FindAsync(string id, CancellationToken cancellationToken) => ValueTask.FromResult(id == Connection.Id ? Connection : null);

    public ConnectionContext Open(Connection connection, LoadedProvider provider, JsonElement authorization = default) => Locked is { } problem ? throw problem.ToException() : new()
    {
        Id = connection.Id, Project = connection.Project, Provider = connection.Provider, Environment = connection.Environment, Alias = connection.Alias,
        Config = JsonSerializer.SerializeToElement(new { secretKey = KeptSecret }), BaseUrl = BaseUrl, BaseUrlOverridden = BaseUrl.Length > 0,
    };

    public Task AddAsync(IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken)
    {
        Usage.AddRange(records);
        return Task.CompletedTask;
    }

    public Task<Page<UsageRecord>> ListAsync(UsageQuery query, PageRequest page, CancellationToken cancellationToken) => Task.FromResult(new Page<UsageRecord>(Usage, null));

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
        await Storage.DisposeAsync();
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }

    private LoadedProvider Load() => new()
    {
        Manifest = Change(new ProviderManifest
        {
            ManifestVersion = 1, Id = "acme", Name = "Acme", Version = "1.0.0", Category = "payment",
            Entry = IsCode ? new EntryManifest { Assembly = "Acme.dll", Type = "Acme" } : null,
            Retry = new RetryManifest { MaxAttempts = 1, AttemptTimeout = TimeSpan.FromSeconds(5) },
            Operations = new Dictionary<string, OperationManifest>
            {
                ["pay"] = new() { Scopes = ["payments:write"], Idempotency = new IdempotencyManifest { Header = "Idempotency-Key" } },
                ["charge"] = new(),
                ["put"] = new() { Idempotent = true },
                ["list"] = new() { Safe = true, Pagination = new PaginationManifest { Style = PaginationStyle.Cursor } },
                ["upload"] = new() { Stream = new StreamManifest { Request = true } },
                ["download"] = new() { Stream = new StreamManifest { Response = true } },
            },
            Tests = [new TestManifest { Id = "acme-connection", Operation = "list", Params = JsonElement.Parse("""{ "key": "{config.secretKey}" }"""u8) }],
        }),
        ManifestJson = Encoding.UTF8.GetBytes("{}"),
        Adapter = new TestAdapter(this),
        Config = SchemaValidator.Compile(JsonElement.Parse("{}"u8)),
        Parameters = new Dictionary<string, Lazy<SchemaValidator>>
        {
            ["pay"] = new(() => SchemaValidator.Compile(JsonElement.Parse("""{ "type": "object", "required": ["amount"], "properties": { "amount": { "type": "integer" } }, "additionalProperties": false }"""u8))),
        },
        SecretFields = new HashSet<string> { "secretKey" },
        Stopping = Stopping,
    };

    private sealed class LeasingCatalog(OperationHub hub) : IProviderCatalog
    {
        public IReadOnlyList<LoadedProvider> All => [hub.Load()];

        public LoadedProvider? Find(string id) => id == "acme" ? hub.Load() : null;

        public ProviderLease? Acquire(string id)
        {
            if (Find(id) is not { } provider)
                return null;

            Interlocked.Increment(ref hub.leases);
            return new ProviderLease(provider, () => Interlocked.Decrement(ref hub.leases));
        }
    }

    private sealed class TestAdapter(OperationHub hub) : IProviderAdapter
    {
        public ValueTask InitializeAsync(ProviderContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken) => hub.Adapter(request, cancellationToken);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
