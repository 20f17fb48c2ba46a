using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Egress;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Events.DeadLetters;
using IntegrationHub.Host.Events.Replays;
using IntegrationHub.Host.Events.Retention;
using IntegrationHub.Host.Events.Stream;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Secrets;
using IntegrationHub.Host.Webhooks;
using IntegrationHub.Webhooks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace IntegrationHub.Host.Tests.Fakes;

/// <summary>Webhooks and events on a real socket, over fakes. Callers say who they are in <c>X-Test-Role</c> and <c>X-Test-Projects</c>.</summary>
internal sealed class HubServer : IAsyncDisposable
{
    private readonly WebApplication app;

    private HubServer(WebApplication app, FakeTimeProvider time)
    {
        this.app = app;
        Time = time;
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
    }

    public FakeTimeProvider Time { get; }

    public HttpClient Client { get; }

    public Uri Address => Client.BaseAddress!;

    public InMemoryEventStore Store => Get<InMemoryEventStore>();

    public InMemorySubscriptionStore Subscriptions => Get<InMemorySubscriptionStore>();

    public RecordingAuditTrail Audit => Get<RecordingAuditTrail>();

    public FakeConnections Connections => Get<FakeConnections>();

    public T Get<T>()
        where T : notnull => app.Services.GetRequiredService<T>();

    /// <param name="settings">Configuration, as in <c>Hub:Webhooks:MaxBytes</c>.</param>
    /// <param name="workers">Whether deliveries are sent.</param>
    /// <param name="outgoing">What answers the hub's own calls.</param>
    public static async Task<HubServer> StartAsync(IReadOnlyDictionary<string, string?>? settings = null, bool workers = false, HttpMessageHandler? outgoing = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        foreach (var (key, value) in settings ?? new Dictionary<string, string?>())
            builder.Configuration[key] = value;

        var time = new FakeTimeProvider();
        var services = builder.Services;
        services.AddSingleton<TimeProvider>(time).AddMetrics();
        services.AddOptions<HubOptions>().BindConfiguration(HubOptions.Section);
        services.AddSingleton<InMemoryEventStore>().AddSingleton<IEventStore>(s => s.GetRequiredService<InMemoryEventStore>()).AddSingleton<IDeliveryStore>(s => s.GetRequiredService<InMemoryEventStore>());
        services.AddSingleton<IDeadLetterStore>(s => s.GetRequiredService<InMemoryEventStore>()).AddSingleton<IReplayStore>(s => s.GetRequiredService<InMemoryEventStore>())
            .AddSingleton<IRetentionStore>(s => s.GetRequiredService<InMemoryEventStore>()).AddSingleton<IProjectRetentionStore, InMemoryProjectRetentionStore>();
        services.AddSingleton<IEventLog, InMemoryEventLog>();
        services.AddSingleton<InMemorySubscriptionStore>().AddSingleton<ISubscriptionStore>(s => s.GetRequiredService<InMemorySubscriptionStore>());
        services.AddSingleton<IEndpointStateStore, InMemoryEndpointStateStore>();
        services.AddSingleton<FakeSealer>().AddSingleton<ISealer>(s => s.GetRequiredService<FakeSealer>()).AddSingleton<IPayloadSealer>(s => s.GetRequiredService<FakeSealer>());
        services.AddSingleton<RecordingAuditTrail>().AddSingleton<IAuditTrail>(s => s.GetRequiredService<RecordingAuditTrail>());
        services.AddSingleton<FakeConnections>().AddSingleton<IConnectionResolver>(s => s.GetRequiredService<FakeConnections>());
        services.AddSingleton<IProviderCatalog>(s => new FakeCatalog(AcmeProvider.Create(time), AcmeProvider.WithoutWebhooks(), AcmeProvider.WithCertificate(time, s.GetRequiredService<IWebhookFetcher>())));
        services.AddSingleton<IEgressHandlers>(new FakeEgressHandlers(outgoing));
        services.AddSingleton<IWebhookFetcher, WebhookFetcher>();
        services.AddEvents().AddWebhooks();
        if (!workers)
        {
            foreach (var worker in services.Where(service => service.ServiceType == typeof(IHostedService) && service.ImplementationType is { } type && (type == typeof(DeliveryWorker) || type == typeof(RetentionWorker) || type == typeof(DeadLetterWorker) || type == typeof(ReplayWorker))).ToArray())
                services.Remove(worker);
        }

        var app = builder.Build();
        app.UseMiddleware<ProblemMiddleware>();
        app.Use((context, next) =>
        {
            if (Enum.TryParse<HubRole>(context.Request.Headers["X-Test-Role"], out var role))
            {
                var projects = context.Request.Headers["X-Test-Projects"].ToString();
                context.SetCaller(new Caller("key_test", "test", role, projects.Length == 0 ? null : projects.Split(',').ToHashSet()));
                if (context.GetEndpoint()?.Metadata.GetMetadata<RequiredRole>() is { } required && role < required.Role)
                {
                    context.Response.StatusCode = StatusCodes.Status403Forbidden;
                    return Task.CompletedTask;
                }
            }

            return next();
        });
        app.UseKnownQueries();
        var routes = app.MapGroup("").KnowsItsQuery();
        routes.MapWebhooks();
        routes.MapEvents();
        await app.StartAsync();
        return new HubServer(app, time);
    }

    /// <summary>Calls the API as a key of a role.</summary>
    public async Task<(int Status, JsonElement Body)> CallAsync(string method, string path, object? body = null, HubRole role = HubRole.Admin, string projects = "")
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.Add("X-Test-Role", role.ToString());
        request.Headers.Add("X-Test-Projects", projects);
        if (body is not null)
            request.Content = new StringContent(body as string ?? JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        using var response = await Client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return ((int)response.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement.Clone());
    }

    /// <summary>Sends bytes as they are and reads until the server closes.</summary>
    public async Task<RawAnswer> SendRawAsync(byte[] request)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, Address.Port);
        await using var stream = socket.GetStream();
        await stream.WriteAsync(request);
        using var answer = new MemoryStream();
        await stream.CopyToAsync(answer).WaitAsync(TimeSpan.FromMinutes(2));
        var text = Encoding.UTF8.GetString(answer.ToArray());
        var head = text.Split("\r\n\r\n", 2);
        return new RawAnswer(int.Parse(text.AsSpan(9, 3)), head[0], head.Length > 1 ? head[1] : "");
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
    }
}

internal sealed record RawAnswer(int Status, string Head, string Body)
{
    /// <summary>The problem's code, wherever chunks were cut.</summary>
    public string? Code
    {
        get
        {
            var at = Body.IndexOf("\"code\":\"", StringComparison.Ordinal);
            return at < 0 ? null : Body[(at + 8)..Body.IndexOf('"', at + 8)];
        }
    }
}

internal sealed class FakeCatalog(params LoadedProvider[] providers) : IProviderCatalog
{
    /// <summary>As when a folder changed: the new version takes the place of the former.</summary>
    public void Replace(LoadedProvider provider) => providers[Array.FindIndex(providers, one => one.Id == provider.Id)] = provider;

    public IReadOnlyList<LoadedProvider> All => providers;

    public LoadedProvider? Find(string id) => providers.FirstOrDefault(provider => provider.Id == id);

    public ProviderLease? Acquire(string id) => Find(id) is { } provider ? new ProviderLease(provider, () => { }) : null;
}

internal sealed class FakeConnections : IConnectionResolver
{
    private readonly Dictionary<string, (Connection Connection, JsonElement Config, JsonElement[] Previous)> rows = [];

    public bool CannotOpen { get; set; }

    public void Add(string id, string provider, object config, bool enabled = true, params object[] previous)
    {
        var connection = new Connection
        {
            Id = id,
            Project = "shop",
            Provider = provider,
            Environment = "prod",
            Alias = "default",
            Config = JsonSerializer.SerializeToElement(new { }),
            Secrets = new Dictionary<string, SealedSecret>(),
            WrappedKey = [],
            MasterKeyId = "",
            Enabled = enabled,
            CreatedAt = DateTimeOffset.UnixEpoch,
            UpdatedAt = DateTimeOffset.UnixEpoch,
        };
        rows[id] = (connection, JsonSerializer.SerializeToElement(config), [.. previous.Select(value => JsonSerializer.SerializeToElement(value))]);
    }

    public ValueTask<Connection?> FindAsync(string id, CancellationToken cancellationToken) =>
        ValueTask.FromResult(rows.TryGetValue(id, out var row) ? row.Connection : null);

    public ConnectionContext Open(Connection connection, LoadedProvider provider, JsonElement authorization = default)
    {
        if (CannotOpen)
            throw new Problem(500, "cannot_decrypt", "The secrets cannot be opened").ToException();

        var (_, config, previous) = rows[connection.Id];
        return new ConnectionContext
        {
            Id = connection.Id,
            Project = connection.Project,
            Provider = connection.Provider,
            Environment = connection.Environment,
            Alias = connection.Alias,
            Config = config,
            PreviousConfigs = previous,
        };
    }
}
