using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Adapters;
using IntegrationHub.Manifests;
using IntegrationHub.Schemas;
using IntegrationHub.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace IntegrationHub.Contract.Tests.Providers.Rig;

/// <summary>A provider of <c>plugins/</c> as the hub runs it: its manifest read, its operations on the REST adapter, a connection with invented secrets.</summary>
internal sealed class ProviderUnderTest
{
    private static readonly ConcurrentDictionary<string, ProviderManifest> Shipped = new();

    private static readonly JsonElement Token = JsonElement.Parse("""{ "accessToken": "contract" }""");

    private readonly RestAdapter adapter;

    private ProviderUnderTest(ProviderManifest manifest, RestAdapter adapter, JsonElement config)
    {
        Manifest = manifest;
        this.adapter = adapter;
        Config = config;
    }

    public static IReadOnlyList<string> Ids => ProviderCases.Providers;

    public ProviderManifest Manifest { get; }

    /// <summary>The connection's fields with the manifest's defaults.</summary>
    public JsonElement Config { get; }

    public static ReadOnlyMemory<byte> Source(string id) => File.ReadAllBytes(Repository.At("plugins", id, "manifest.json"));

    /// <summary>The manifest as it ships, read once.</summary>
    public static ProviderManifest Read(string id) => Shipped.GetOrAdd(id, static id => Read(Source(id)));

    private static ProviderManifest Read(ReadOnlyMemory<byte> source)
    {
        var read = ManifestReader.Read(source);
        Assert.True(read.Errors.Count == 0, string.Join('\n', read.Errors));
        return read.Manifest!;
    }

    /// <summary>Starts a provider, with its manifest as it is or as a test spoils it.</summary>
    public static async Task<ProviderUnderTest> StartAsync(string id, Action<JsonNode>? change = null, IProviderHttp? http = null)
    {
        var manifest = change is null ? Read(id) : Read(Changed(id, change));
        var adapter = new RestAdapter();
        await adapter.InitializeAsync(
            new ProviderContext { Manifest = manifest, Loggers = NullLoggerFactory.Instance, Time = TimeProvider.System, Http = http ?? new LoopbackHttp() }, CancellationToken.None);
        return new ProviderUnderTest(manifest, adapter, ProviderConfigs.Of(id, manifest));
    }

    private static byte[] Changed(string id, Action<JsonNode> change)
    {
        var node = JsonNode.Parse(Source(id).Span)!;
        change(node);
        return JsonSerializer.SerializeToUtf8Bytes(node);
    }

    public ConnectionContext Connection(string baseUrl, JsonElement? config = null) => new()
    {
        Id = "conn_contract", Project = "default", Provider = Manifest.Id, Environment = "dev", Alias = "default", Config = config ?? Config, BaseUrl = baseUrl, BaseUrlOverridden = true,
        AuthId = ProviderCases.Load(Manifest.Id).Authorization, Auth = Token,
    };

    public async Task<OperationResult> RunAsync(string baseUrl, string operation, JsonElement parameters, string? cursor = null, JsonElement? config = null) =>
        await adapter.ExecuteAsync(
            new OperationRequest
            {
                Operation = operation, Parameters = parameters, Connection = Connection(baseUrl, config), IdempotencyKey = "contract-1", Cursor = cursor, CorrelationId = "contract",
            },
            CancellationToken.None);

    public Task<OperationResult> RunAsync(string baseUrl, string operation, object parameters, string? cursor = null) =>
        RunAsync(baseUrl, operation, JsonSerializer.SerializeToElement(parameters), cursor);

    public IReadOnlyList<ValidationIssue> Check(OperationCase call) => SchemaValidator.Compile(Manifest.Operations[call.Operation].Params!.Value).Validate(call.Parameters);

    /// <summary>One client for the whole run, as the host's handlers are pooled: no redirects, no cookies, no timeout of its own.</summary>
    private sealed class LoopbackHttp : IProviderHttp
    {
        private static readonly LoopbackClient Client = new();

        public HttpClient CreateClient(ConnectionContext connection) => Client;
    }

    private sealed class LoopbackClient() : HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
    {
        public override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (!request.RequestUri!.IsLoopback)
                throw new InvalidOperationException($"Tests reach loopback only, not {request.RequestUri.Host}.");

            return base.SendAsync(request, cancellationToken);
        }
    }
}
