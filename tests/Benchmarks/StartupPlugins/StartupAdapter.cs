using System.Text.Json;
using IntegrationHub.Adapters;
using Microsoft.Extensions.Logging;

namespace IntegrationHub.Benchmarks.StartupPlugins;

/// <summary>A provider with code, of the size that small ones have: an adapter that routes, a client that signs, JSON by source generation.</summary>
public sealed class StartupAdapter : IProviderAdapter
{
    private readonly Dictionary<string, Func<StoreClient, OperationRequest, CancellationToken, Task<OperationResult>>> routes = new(StringComparer.Ordinal)
    {
        ["putObject"] = static (client, request, token) => client.SendAsync(HttpMethod.Put, request.Parameters, token),
        ["getObject"] = static (client, request, token) => client.SendAsync(HttpMethod.Get, request.Parameters, token),
        ["headObject"] = static (client, request, token) => client.SendAsync(HttpMethod.Head, request.Parameters, token),
        ["listObjects"] = static (client, request, token) => client.ListAsync(request.Parameters, request.Cursor, token),
        ["deleteObject"] = static (client, request, token) => client.SendAsync(HttpMethod.Delete, request.Parameters, token),
    };

    private ProviderContext context = null!;
    private ILogger logger = null!;
    private IReadOnlyDictionary<string, string> limits = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <inheritdoc />
    public async ValueTask InitializeAsync(ProviderContext context, CancellationToken cancellationToken)
    {
        this.context = context;
        logger = context.Loggers.CreateLogger("store");

        // What plugins do while they start: read a setting of their own, look at their manifest, take the clock.
        using var settings = new MemoryStream("""{ "regions": [{ "name": "eu", "host": "eu.store.example" }, { "name": "us", "host": "us.store.example" }] }"""u8.ToArray());
        var read = await JsonSerializer.DeserializeAsync(settings, StoreJson.Default.StoreSettings, cancellationToken).ConfigureAwait(false);
        limits = read!.Regions.ToDictionary(region => region.Name, region => region.Host, StringComparer.Ordinal);
        if (logger.IsEnabled(LogLevel.Debug))
            logger.Log(LogLevel.Debug, default, context.Manifest.Operations.Count, null, static (count, _) => $"{count} operations");
    }

    /// <inheritdoc />
    public async ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (!routes.TryGetValue(request.Operation, out var route))
            throw new NotSupportedException($"There is no operation '{request.Operation}'.");

        using var http = context.Http.CreateClient(request.Connection);
        return await route(new StoreClient(http, limits.Values.First(), context.Time), request, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
