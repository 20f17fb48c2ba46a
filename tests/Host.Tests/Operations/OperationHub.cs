using System.Text;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Insights;
using IntegrationHub.Host.Operations;
using IntegrationHub.Host.Operations.Resilience;
using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Manifests;
using IntegrationHub.Schemas;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IntegrationHub.Host.Tests.Operations;

/// <summary>The operations feature on a real socket, with one connection of a provider whose adapter the test writes.</summary>
internal sealed class OperationHub : IAsyncDisposable, IConnectionResolver, IUsageStore
{
    public const string ConnectionId = "conn_1";
    public static readonly string Secret = "sk_" + "test_" + "neverinanswers";

    private readonly WebApplication app;
    private int leases;

    public OperationHub(TimeProvider? time = null, params (string Key, string Value)[] settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value)));
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services
            .AddSingleton(time ?? Time)
            .AddSingleton<IConnectionResolver>(this)
            .AddSingleton<IUsageStore>(this)
            .AddSingleton<IProviderCatalog>(new LeasingCatalog(this))
            .AddSingleton<IAuditTrail>(Audit)
            .AddInsights()
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

    public FakeTimeProvider Time { get; } = new();

    public RecordingAuditTrail Audit { get; } = new();

    public List<UsageRecord> Usage { get; } = [];

    public Connection Connection { get; set; }

    public Caller Caller { get; set; } = new("key_1", "test", HubRole.Developer, null);

    public Func<OperationRequest, CancellationToken, ValueTask<OperationResult>> Adapter { get; set; } = (_, _) => ValueTask.FromResult(Value("{}"));

    public bool IsCode { get; set; }

    /// <summary>What the test makes of the provider's manifest.</summary>
    public Func<ProviderManifest, ProviderManifest> Change { get; set; } = manifest => manifest;

    /// <summary>Where the connection's requests go.</summary>
    public string BaseUrl { get; set; } = "";

    /// <summary>Cancelled when the plugin's time to finish is over.</summary>
    public CancellationToken Stopping { get; set; }

    public IServiceProvider Services => app.Services;

    /// <summary>Leases that are not given back.</summary>
    public int Leases => leases;

    public HttpClient Client { get; private set; } = null!;

    public static OperationResult Value(string json, string? nextCursor = null, JsonElement? items = null) =>
        OperationResult.Success(JsonElement.Parse(json), 200, "req_provider", nextCursor, items);

    public static Task<OperationHub> StartAsync() => StartAsync(null);

    public static async Task<OperationHub> StartAsync(TimeProvider? time, params (string Key, string Value)[] settings)
    {
        var hub = new OperationHub(time, settings);
        await hub.app.StartAsync();
        hub.Client = new HttpClient { BaseAddress = new Uri(hub.app.Urls.First()) };
        return hub;
    }

    public Task<Answer> RunAsync(string operation, string json = "{}") => Client.SendAsync("POST", $"/api/connections/{ConnectionId}/operations/{operation}", json);

    /// <summary>Stops the host, which writes what waits.</summary>
    public Task StopAsync() => app.StopAsync();

    public ValueTask<Connection?> FindAsync(string id, CancellationToken cancellationToken) => ValueTask.FromResult(id == Connection.Id ? Connection : null);

    public ConnectionContext Open(Connection connection, LoadedProvider provider, JsonElement authorization = default) => new()
    {
        Id = connection.Id, Project = connection.Project, Provider = connection.Provider, Environment = connection.Environment, Alias = connection.Alias,
        Config = JsonSerializer.SerializeToElement(new { secretKey = Secret }), BaseUrl = BaseUrl, BaseUrlOverridden = BaseUrl.Length > 0,
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
        await app.DisposeAsync();
    }

    private LoadedProvider Load() => new()
    {
        Manifest = Change(new ProviderManifest
        {
            ManifestVersion = 1, Id = "acme", Name = "Acme", Version = "1.0.0", Category = "payment",
            Entry = IsCode ? new EntryManifest { Assembly = "Acme.dll", Type = "Acme" } : null,
            Retry = new RetryManifest { AttemptTimeout = TimeSpan.FromSeconds(5) },
            Operations = new Dictionary<string, OperationManifest>
            {
                ["pay"] = new() { Scopes = ["payments:write"], Idempotency = new IdempotencyManifest { Header = "Idempotency-Key" } },
                ["list"] = new() { Pagination = new PaginationManifest { Style = PaginationStyle.Cursor } },
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
