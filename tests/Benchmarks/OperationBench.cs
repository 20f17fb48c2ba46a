using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Benchmarks;

/// <summary>
/// A hub with the provider <c>bench</c>, its healthy <c>neighbour</c>, and two that never answer: <c>hanging</c>, whose circuits open as they do by default, and <c>stubborn</c>, whose never do.
/// All are at one server on loopback, the worst case; hub and server have a process each.
/// </summary>
internal sealed class OperationBench : IAsyncDisposable
{
    private const string Secret = "sk_" + "test_" + "benchmarkbenchmark";
    private readonly HubProcess hub;
    private readonly Process provider;
    private readonly string folder;

    private OperationBench(HubProcess hub, Process provider, string folder, Uri direct) => (this.hub, this.provider, this.folder, Direct) = (hub, provider, folder, direct);

    private Process? forwarder;
    private Uri? forwarderAddress;

    /// <summary>The provider's operation, called without the hub.</summary>
    public Uri Direct { get; }

    public HubProcess Hub => hub;

    /// <summary>The processor time that the hub has used.</summary>
    public TimeSpan HubProcessor
    {
        get
        {
            using var process = Process.GetProcessById(hub.Id);
            return process.TotalProcessorTime;
        }
    }

    public static async Task<OperationBench> StartAsync()
    {
        var port = HubProcess.FreePort();
        var provider = await ProviderServer.StartAsync(port);
        var folder = Directory.CreateTempSubdirectory("hub-bench-").FullName;
        var address = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");
        const string Never = """{ "failures": 1000000 }""";
        const string Hangs = """{ "maxAttempts": 2, "attemptTimeout": "4s", "totalTimeout": "10s" }""";
        await WritePluginAsync(folder, "bench", address, "/things/{params.id}", "{}", Never);
        await WritePluginAsync(folder, "neighbour", address, "/things/{params.id}", "{}", Never);
        await WritePluginAsync(folder, "hanging", address, "/hang/{params.id}", Hangs, "{}");
        await WritePluginAsync(folder, "stubborn", address, "/hang/{params.id}", Hangs, Never);
        var list = Path.Combine(folder, "plugins.json");
        await File.WriteAllTextAsync(list, """{ "plugins": [{ "path": "bench" }, { "path": "neighbour" }, { "path": "hanging" }, { "path": "stubborn" }] }""");
        var variables = new Dictionary<string, string> { ["HUB_ALLOWPRIVATETARGETS"] = "true", ["HUB_ALLOWBASEURLOVERRIDE"] = "true" };
        var hub = await HubProcess.StartAsync(plugins: list, environment: "Production", variables: variables);
        return new OperationBench(hub, provider, folder, new Uri(address + "/things/7"));
    }

    /// <summary>Starts the forwarder, for <see cref="ForwarderRequest"/>.</summary>
    public async Task StartForwarderAsync()
    {
        var port = HubProcess.FreePort();
        forwarder = await ForwarderServer.StartAsync(port, Direct);
        forwarderAddress = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/"));
    }

    /// <summary>Makes a connection.</summary>
    /// <returns>The address of its operation.</returns>
    public async Task<Uri> ConnectAsync(string provider, string alias)
    {
        using var answer = await hub.Client.PostAsJsonAsync("/api/connections", new { provider, environment = "dev", alias, config = new { secretKey = Secret, region = "eu" } });
        var body = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return answer.IsSuccessStatusCode ? new Uri(hub.Address, $"/api/connections/{body.GetProperty("id").GetString()}/operations/get") : throw new InvalidOperationException(body.GetRawText());
    }

    /// <summary>The request that a caller without the hub sends.</summary>
    public HttpRequestMessage DirectRequest()
    {
        var request = new HttpRequestMessage(HttpMethod.Get, Direct);
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + Secret);
        return request;
    }

    /// <summary>The request that runs the operation through the hub.</summary>
    public HttpRequestMessage HubRequest(Uri operation) => Post(operation, hub.AdminKey);

    /// <summary>The same request to what stands in the same place and does nothing but forward it.</summary>
    public HttpRequestMessage ForwarderRequest() => Post(forwarderAddress!, Secret);

    public async ValueTask DisposeAsync()
    {
        await hub.StopAsync();
        await hub.DisposeAsync();
        hub.DeleteData();
        foreach (var server in new[] { provider, forwarder })
        {
            server?.Kill();
            server?.Dispose();
        }

        Directory.Delete(folder, recursive: true);
    }

    /// <summary>A request that runs an operation without parameters of its own.</summary>
    public static HttpRequestMessage Post(Uri address, string token)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(Body) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        return request;
    }

    private static readonly byte[] Body = Encoding.UTF8.GetBytes("""{"params":{"id":"7"}}""");

    private static async Task WritePluginAsync(string folder, string id, string address, string path, string retry, string breaker)
    {
        var plugin = Directory.CreateDirectory(Path.Combine(folder, id)).FullName;
        await File.WriteAllTextAsync(Path.Combine(plugin, "manifest.json"), $$"""
            {
              "manifestVersion": 1, "id": "{{id}}", "name": "{{id}}", "version": "1.0.0", "category": "payment",
              "config": {
                "type": "object", "required": ["secretKey"], "additionalProperties": false,
                "properties": { "secretKey": { "type": "string", "x-secret": true }, "region": { "type": "string", "default": "eu" } }
              },
              "environments": { "dev": { "baseUrl": "{{address}}" } },
              "network": { "allow": ["{{new Uri(address).Authority}}"] },
              "auth": [{ "type": "bearer", "token": "{config.secretKey}" }],
              "limits": { "requestsPerSecond": 1000000, "burst": 1000000 },
              "retry": {{retry}},
              "breaker": {{breaker}},
              "operations": {
                "get": {
                  "params": { "type": "object", "required": ["id"], "additionalProperties": false, "properties": { "id": { "type": "string", "maxLength": 40 } } },
                  "result": { "type": "object" },
                  "http": { "method": "GET", "path": "{{path}}" }
                }
              }
            }
            """);
    }
}
