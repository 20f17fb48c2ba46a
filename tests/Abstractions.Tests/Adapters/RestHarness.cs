using System.Net;
using System.Text;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Manifests;
using Microsoft.Extensions.Logging;

namespace IntegrationHub.Abstractions.Tests.Adapters;

/// <summary>A RestAdapter with one operation, <c>op</c>, in front of a provider that records requests and gives the answer it is told to.</summary>
internal sealed class RestHarness : IProviderHttp
{
    public static readonly string Secret = "sk_" + "test_" + "0123456789abcdef";

    public DateTimeOffset Now { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public OperationManifest Operation { get; set; } = new() { Http = new HttpManifest { Method = "GET", Path = "/v1/things" } };

    public IReadOnlyList<AuthManifest> Auth { get; set; } = [];

    public DefaultsManifest Defaults { get; set; } = new();

    public LimitsManifest? Limits { get; set; }

    public EntryManifest? Entry { get; set; }

    public IReadOnlyDictionary<string, OperationManifest> OtherOperations { get; set; } = new Dictionary<string, OperationManifest>();

    public bool BaseUrlOverridden { get; set; }

    public string BaseUrl { get; set; } = "https://api.provider.test";

    public JsonElement Config { get; set; } = JsonElement.Parse($$"""{"secretKey":"{{Secret}}","region":"eu"}""");

    public JsonElement AuthValues { get; set; }

    public string? AuthId { get; set; }

    public List<Recorded> Requests { get; } = [];

    public Recorded Sent => Assert.Single(Requests);

    public List<string> LogLines { get; } = [];

    public Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> Answer { get; set; } =
        (_, _) => Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("{}", Encoding.UTF8, "application/json") });

    /// <summary>Replaces the fake provider by a real handler.</summary>
    public HttpMessageHandler? RealHandler { get; set; }

    public HttpManifest Http
    {
        set => Operation = Operation with { Http = value };
    }

    public static JsonElement Json(string json) => JsonElement.Parse(json);

    public RestHarness Responds(int status, string body = "{}", string contentType = "application/json", params (string Name, string Value)[] headers)
    {
        Answer = (_, _) =>
        {
            var response = new HttpResponseMessage((HttpStatusCode)status) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
            if (contentType.Length > 0)
                response.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);

            foreach (var (name, value) in headers)
                if (!response.Headers.TryAddWithoutValidation(name, value))
                    response.Content.Headers.TryAddWithoutValidation(name, value);

            return Task.FromResult(response);
        };
        return this;
    }

    public async Task<RestAdapter> StartAsync()
    {
        var adapter = new RestAdapter();
        await adapter.InitializeAsync(
            new ProviderContext
            {
                Manifest = new ProviderManifest
                {
                    ManifestVersion = 1, Id = "acme", Name = "Acme", Version = "1.0.0", Category = "other", Auth = Auth, Defaults = Defaults, Limits = Limits, Entry = Entry,
                    Config = Json("""{"type":"object","properties":{"secretKey":{"type":"string","x-secret":true},"region":{"type":"string"},"deep":{"type":"object","properties":{"pin":{"type":"string","x-secret":true}}}}}"""),
                    Operations = new Dictionary<string, OperationManifest>(OtherOperations) { ["op"] = Operation },
                },
                Loggers = new RecordingLoggers(LogLines), Time = new FixedTime(Now), Http = this,
            },
            CancellationToken.None);
        return adapter;
    }

    public async Task<OperationResult> RunAsync(
        string parameters = "{}", string? cursor = null, string? key = null, OperationContent? content = null, CancellationToken cancellationToken = default)
    {
        await using var adapter = await StartAsync();
        return await adapter.ExecuteAsync(
            new OperationRequest
            {
                Operation = "op", Parameters = Json(parameters), Cursor = cursor, IdempotencyKey = key, Content = content, CorrelationId = "corr",
                Connection = new ConnectionContext
                {
                    Id = "conn_1", Project = "shop", Provider = "acme", Environment = "dev", Alias = "main", Config = Config, BaseUrl = BaseUrl, BaseUrlOverridden = BaseUrlOverridden, Auth = AuthValues, AuthId = AuthId,
                    EnvironmentValues = Json("""{"name":"dev"}"""),
                },
            },
            cancellationToken);
    }

    public HttpClient CreateClient(ConnectionContext connection) => new(RealHandler ?? new Handler(this), disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };

    internal sealed record Recorded(string Method, Uri Uri, string Body, byte[] Bytes, IReadOnlyDictionary<string, string> Headers);

    private sealed class FixedTime(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }

    private sealed class Handler(RestHarness harness) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var bytes = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken);
            var headers = request.Headers.NonValidated.Concat(request.Content?.Headers.NonValidated.AsEnumerable() ?? [])
                .ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
            harness.Requests.Add(new(request.Method.Method, request.RequestUri!, Encoding.UTF8.GetString(bytes), bytes, headers));
            return await harness.Answer(request, cancellationToken);
        }
    }

    private sealed class RecordingLoggers(List<string> lines) : ILoggerFactory, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Add(formatter(state, exception) + exception);

        public void Dispose()
        {
        }
    }
}
