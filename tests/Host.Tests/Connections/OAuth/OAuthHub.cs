using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Connections.OAuth;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Insights;
using IntegrationHub.Host.Operations;
using IntegrationHub.Host.Operations.Effects;
using IntegrationHub.Host.Operations.Idempotency;
using IntegrationHub.Host.Operations.Jobs;
using IntegrationHub.Host.Secrets;
using IntegrationHub.Host.Storage.Sqlite;
using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Host.Tests.Storage.Sqlite;
using IntegrationHub.Manifests;
using IntegrationHub.Schemas;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IntegrationHub.Host.Tests.Connections.OAuth;

/// <summary>Connections, their authorisation and operations on a real socket, over stores in memory, a clock that tests move, and a token server on loopback.</summary>
internal sealed class OAuthHub : IAsyncDisposable, IUsageStore
{
    public static readonly string ClientSecret = "client:" + "secret/+ %é";

    private readonly WebApplication app;
    private readonly string folder = SqliteHarness.NewFolder();
    private readonly SqliteStorage storage;

    private OAuthHub(TokenServer server, AuthManifest auth, Action<OAuthOptions>? configure)
    {
        Server = server;
        storage = SqliteHarness.New(folder);
        var options = new HubOptions { AllowPrivateTargets = true, AllowBaseUrlOverride = true, MasterKey = Convert.ToBase64String(new byte[MasterKey.Size]) };
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders().AddProvider(Logs).SetMinimumLevel(LogLevel.Trace).AddFilter("Microsoft", LogLevel.Warning);

        // Tests send 200 calls at once, and none is to wait for another's place.
        builder.Configuration["Hub:Operations:ConnectionConcurrency"] = "256";
        builder.Services
            .AddSingleton(Microsoft.Extensions.Options.Options.Create(options))
            .AddSingleton(options)
            .AddSingleton<TimeProvider>(Time)
            .AddSingleton<IDataKeyStore>(new InMemoryDataKeyStore())
            .AddSingleton<IWrappedKeyStore>(new NoWrappedKeys())
            .AddSecrets()
            .AddSingleton<IEffectStore>(new SqliteEffectStore(storage))
            .AddSingleton<IIdempotencyStore>(new SqliteIdempotencyStore(storage))
            .AddSingleton<IJobStore>(new SqliteJobStore(storage))
            .AddSingleton<IConnectionStore>(Connections)
            .AddSingleton<IProviderCatalog>(Catalog)
            .AddSingleton<IAuditTrail>(Audit)
            .AddSingleton<IUsageStore>(this)
            .AddInsights()
            .AddHubConnections()
            .AddConnectionAuthorizationFakes()
            .AddOperations();
        if (configure is not null)
            builder.Services.Configure(configure);

        app = builder.Build();
        app.UseMiddleware<ProblemMiddleware>();
        app.Use((context, next) =>
        {
            context.SetCaller(Caller);
            return next(context);
        });
        app.MapConnections();
        app.MapConnectionAuthorization();
        app.MapOperations();
        Catalog.Providers.Add(Load(auth));
    }

    public FakeTimeProvider Time { get; } = new();

    public TokenServer Server { get; }

    public InMemoryConnectionStore Connections { get; } = new();

    public FixedCatalog Catalog { get; } = new();

    public RecordingAuditTrail Audit { get; } = new();

    public LogSink Logs { get; } = new();

    public Caller Caller { get; set; } = new("key_1", "the-key", HubRole.Developer, null) { Address = "192.0.2.7" };

    /// <summary>What the adapter does; it is given the token. Default: answers it.</summary>
    public Func<string, OperationResult> Adapter { get; set; } = token => OperationResult.Success(JsonSerializer.SerializeToElement(new { ok = true }), 200);

    /// <summary>The tokens that the adapter was given, in order.</summary>
    public ConcurrentQueue<string> Used { get; } = new();

    public ConcurrentQueue<ConnectionContext> Seen { get; } = new();

    public HttpClient Client { get; private set; } = null!;

    public InMemoryTokenStore Tokens => Get<InMemoryTokenStore>();

    public RecordingHubEvents Events => Get<RecordingHubEvents>();

    public string Id { get; private set; } = "";

    public T Get<T>()
        where T : notnull => app.Services.GetRequiredService<T>();

    /// <summary>A way with a person's consent, at the token server.</summary>
    public static AuthManifest Consent => new()
    {
        Type = AuthType.Oauth2,
        AuthorizeUrl = "{config.server}/authorize",
        TokenUrl = "{config.server}/token",
        RevokeUrl = "{config.server}/revoke",
        Scopes = new Dictionary<string, LocalizedText> { ["read"] = new("Read things"), ["write"] = new("Change things") },
        DefaultScopes = ["read"],
    };

    /// <summary>A way without anybody.</summary>
    public static AuthManifest Machine => new() { Type = AuthType.Oauth2, Grant = "client_credentials", TokenUrl = "{config.server}/token" };

    public static async Task<OAuthHub> StartAsync(AuthManifest auth, Action<OAuthOptions>? configure = null, string key = "")
    {
        var hub = new OAuthHub(await TokenServer.StartAsync(), auth, configure);
        await hub.storage.OpenAsync(CancellationToken.None);
        await hub.Get<MasterKeyStartup>().InitializeAsync(CancellationToken.None);
        await hub.Get<KeyRing>().InitializeAsync(CancellationToken.None);
        await hub.Get<ExecutionRecovery>().RunAsync(CancellationToken.None);
        await hub.app.StartAsync();
        hub.Client = hub.Browser();
        var created = await hub.Client.SendAsync("POST", "/api/connections", JsonSerializer.Serialize(new
        {
            provider = "acme", config = new { clientId = "client id", clientSecret = ClientSecret, server = hub.Server.Address, key },
        }));
        Assert.True(created.Status == 201, created.Text);
        hub.Id = created["id"]!;
        return hub;
    }

    /// <summary>A client with cookies of its own that follows no redirects.</summary>
    public HttpClient Browser() =>
        new(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = new CookieContainer() }) { BaseAddress = new Uri(app.Urls.First()) };

    public Task<Answer> StartFlowAsync(string json = "{}") => StartFlowAsync(Id, json);

    private Task<Answer> StartFlowAsync(string id, string json) => Client.SendAsync("POST", $"/api/connections/{id}/oauth/start", json);

    /// <summary>A further connection, authorised at a server of its own.</summary>
    /// <returns>Its id.</returns>
    public async Task<string> AddAuthorizedAsync(TokenServer server, string alias)
    {
        var created = await Client.SendAsync("POST", "/api/connections", JsonSerializer.Serialize(new
        {
            provider = "acme", alias, config = new { clientId = "client id", clientSecret = ClientSecret, server = server.Address, key = "" },
        }));
        Assert.True(created.Status == 201, created.Text);
        var asked = await OpenAsync(Client, (await StartFlowAsync(created["id"]!, "{}"))["authorizationUrl"]!);
        using var answer = await Client.GetAsync($"/oauth/callback?code=the-code&state={asked["state"]}");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return created["id"]!;
    }

    /// <summary>Opens a start address and goes on; answers what the provider's authorisation endpoint is asked.</summary>
    public static async Task<Dictionary<string, string>> OpenAsync(HttpClient browser, string startUrl)
    {
        using var page = await browser.GetAsync(startUrl);
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        using var left = await browser.PostAsync(startUrl, new FormUrlEncodedContent([new("confirm", ConfirmIn(await page.Content.ReadAsStringAsync()))]));
        Assert.Equal(HttpStatusCode.SeeOther, left.StatusCode);
        return QueryHelpers.ParseQuery(left.Headers.Location!.Query).ToDictionary(pair => pair.Key, pair => pair.Value.Single()!);
    }

    public static string ConfirmIn(string html) => html.Split("name=\"confirm\" value=\"")[1].Split('"')[0];

    /// <summary>The whole way of a person who consents.</summary>
    public async Task<HttpResponseMessage> AuthorizeAsync(HttpClient browser, string start = "{}", string extra = "")
    {
        var asked = await OpenAsync(browser, (await StartFlowAsync(start))["authorizationUrl"]!);
        return await browser.GetAsync($"/oauth/callback?code=the-code&state={asked["state"]}{extra}");
    }

    public async Task AuthorizeAsync()
    {
        using var answer = await AuthorizeAsync(Client);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    /// <summary>A round of the worker, to the end of what it began.</summary>
    public async Task RefreshDueAsync()
    {
        var worker = Get<TokenRefreshWorker>();
        await worker.StartDueAsync(CancellationToken.None);
        await worker.WhenIdleAsync(CancellationToken.None);
    }

    public Task<Answer> RunAsync(string operation = "list") => Client.SendAsync("POST", $"/api/connections/{Id}/operations/{operation}", "{}");

    public Task<Answer> ReadAsync() => Client.SendAsync("GET", $"/api/connections/{Id}");

    public async Task<TokenRecord> RecordAsync() => (await Tokens.GetAsync(Id, CancellationToken.None))!;

    public Task AddAsync(IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<Page<UsageRecord>> ListAsync(UsageQuery query, PageRequest page, CancellationToken cancellationToken) => Task.FromResult(new Page<UsageRecord>([], null));

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
        await Server.DisposeAsync();
        await storage.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private LoadedProvider Load(AuthManifest auth)
    {
        var config = JsonElement.Parse("""
            {
              "type": "object", "required": ["clientId", "server"], "additionalProperties": false,
              "properties": {
                "clientId": { "type": "string" }, "clientSecret": { "type": "string", "x-secret": true }, "server": { "type": "string" },
                "key": { "type": "string", "x-secret": true }
              }
            }
            """);
        return new LoadedProvider
        {
            Manifest = new ProviderManifest
            {
                ManifestVersion = 1, Id = "acme", Name = "Acme & Söhne", Version = "1.0.0", Category = "crm", Config = config, Auth = [auth],
                Network = new NetworkManifest { Allow = ["{config.server}"] },
                Retry = new RetryManifest { MaxAttempts = 1 },
                Operations = new Dictionary<string, OperationManifest> { ["list"] = new(), ["change"] = new() { Scopes = ["write"] }, ["upload"] = new() { Stream = new StreamManifest { Request = true } } },
            },
            ManifestJson = "{}"u8.ToArray(),
            Adapter = new TokenAdapter(this),
            Config = SchemaValidator.Compile(config),
            Parameters = new Dictionary<string, Lazy<SchemaValidator>>(),
            SecretFields = new HashSet<string> { "clientSecret", "key" },
        };
    }

    private sealed class TokenAdapter(OAuthHub hub) : IProviderAdapter
    {
        public ValueTask InitializeAsync(ProviderContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken)
        {
            var token = request.Connection.Auth.GetProperty("accessToken").GetString()!;
            hub.Used.Enqueue(token);
            hub.Seen.Enqueue(request.Connection);
            return ValueTask.FromResult(hub.Adapter(token));
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    internal sealed class LogSink : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<string> lines = new();

        public string Text => string.Join('\n', lines);

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue($"{formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }
}
