using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Secrets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IntegrationHub.Host.Tests.Fakes;

/// <summary>Access, secrets and connections on a real socket of loopback, over stores in memory.</summary>
internal sealed class FeatureHub : IAsyncDisposable
{
    public static readonly string AdminKey = "admin-" + new string('k', 40);

    private readonly WebApplication app;
    private readonly LogSink logs = new();

    private FeatureHub(HubOptions options, Dictionary<string, string> variables)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders().AddProvider(logs).SetMinimumLevel(LogLevel.Trace);
        builder.Services
            .AddSingleton(Microsoft.Extensions.Options.Options.Create(options))
            .AddSingleton<TimeProvider>(Time)
            .AddSingleton<IDataKeyStore>(DataKeys)
            .AddSingleton<IWrappedKeyStore, NoWrappedKeys>()
            .AddSingleton<IApiKeyStore>(Keys)
            .AddSingleton<IAuditStore>(Audit)
            .AddSingleton<IConnectionStore>(Connections)
            .AddSingleton<IProviderCatalog>(Catalog)
            .AddSingleton(new EnvironmentVariables(name => variables.GetValueOrDefault(name)))
            .AddSecrets().AddAccess().AddHubConnections();
        app = builder.Build();
        app.UseMiddleware<ProblemMiddleware>();
        app.UseRouting();
        app.UseAccess();
        app.MapAccess();
        app.MapConnections();
        app.MapGet("/api/undeclared", () => "never");
        app.MapGet("/api/open", () => "open").AllowWithoutKey("for the test");
    }

    public FakeTimeProvider Time { get; } = new();

    public InMemoryDataKeyStore DataKeys { get; } = new();

    public InMemoryApiKeyStore Keys { get; } = new();

    public InMemoryAuditStore Audit { get; } = new();

    public InMemoryConnectionStore Connections { get; } = new();

    public FixedCatalog Catalog { get; } = new();

    public string Logs => string.Join('\n', logs.Lines);

    public IServiceProvider Services => app.Services;

    public IEnumerable<RouteEndpoint> Endpoints => ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>();

    public static async Task<FeatureHub> StartAsync(Action<HubOptions>? configure = null, Dictionary<string, string>? variables = null)
    {
        var options = new HubOptions { AdminKey = AdminKey, MasterKey = Convert.ToBase64String(new byte[MasterKey.Size]) };
        configure?.Invoke(options);
        var hub = new FeatureHub(options, variables ?? []);
        hub.Catalog.Providers.AddRange([SomeProvider.Cards(), SomeProvider.Index()]);
        await hub.Services.GetRequiredService<MasterKeyStartup>().InitializeAsync(CancellationToken.None);
        await hub.Services.GetRequiredService<KeyRing>().InitializeAsync(CancellationToken.None);
        await hub.Services.GetRequiredService<BootstrapKey>().InitializeAsync(CancellationToken.None);
        await hub.app.StartAsync();
        return hub;
    }

    /// <summary>A client with the key; <see langword="null"/> for none.</summary>
    public HttpClient Client(string? key)
    {
        var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        if (key is not null)
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);

        return client;
    }

    public HttpClient Admin() => Client(AdminKey);

    /// <summary>Makes a key through the API, and a client with it.</summary>
    public async Task<HttpClient> ClientAsync(string role, params string[] projects)
    {
        using var admin = Admin();
        var created = await admin.PostAsJsonAsync("/api/keys", new { name = role, role, projects = projects.Length == 0 ? null : projects });
        return Client((await created.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("key").GetString());
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }

    private sealed class LogSink : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue($"{formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }
}

internal static class HttpAnswers
{
    /// <summary>Sends JSON text as it is.</summary>
    public static async Task<Answer> SendAsync(
        this HttpClient client, string method, string path, string? json = null, string? ifMatch = null, string? idempotencyKey = null, CancellationToken cancellationToken = default)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (json is not null)
            request.Content = new StringContent(json, System.Text.Encoding.UTF8, "application/json");

        if (ifMatch is not null)
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);

        if (idempotencyKey is not null)
            request.Headers.TryAddWithoutValidation("Idempotency-Key", idempotencyKey);

        using var response = await client.SendAsync(request, cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        return new Answer((int)response.StatusCode, text, response.Headers, text.Length == 0 ? default : JsonElement.Parse(text));
    }
}

/// <summary>An answer of the hub.</summary>
internal sealed record Answer(int Status, string Text, HttpResponseHeaders Headers, JsonElement Json)
{
    public string? this[string member] => Json.GetProperty(member) is var value && value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText();

    public IReadOnlyList<string> Pointers => [.. Json.GetProperty("errors").EnumerateArray().Select(error => error.GetProperty("pointer").GetString()!)];
}
