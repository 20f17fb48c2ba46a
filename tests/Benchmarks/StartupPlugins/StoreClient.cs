using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using IntegrationHub.Adapters;

namespace IntegrationHub.Benchmarks.StartupPlugins;

internal sealed record StoreRegion([property: JsonPropertyName("name")] string Name, [property: JsonPropertyName("host")] string Host);

internal sealed record StoreSettings([property: JsonPropertyName("regions")] IReadOnlyList<StoreRegion> Regions);

internal sealed record StoreObject([property: JsonPropertyName("key")] string Key, [property: JsonPropertyName("size")] long Size);

internal sealed record StoreListing([property: JsonPropertyName("objects")] IReadOnlyList<StoreObject> Objects, [property: JsonPropertyName("next")] string? Next);

[JsonSerializable(typeof(StoreSettings))]
[JsonSerializable(typeof(StoreListing))]
internal sealed partial class StoreJson : JsonSerializerContext;

/// <summary>Sends signed requests to a store that there is not.</summary>
internal sealed class StoreClient(HttpClient http, string host, TimeProvider time)
{
    public async Task<OperationResult> SendAsync(HttpMethod method, JsonElement parameters, CancellationToken cancellationToken)
    {
        using var answer = await http.SendAsync(Sign(method, parameters.GetProperty("key").GetString()!), cancellationToken).ConfigureAwait(false);
        return OperationResult.Success(JsonElement.Parse($$"""{ "found": {{(answer.IsSuccessStatusCode ? "true" : "false")}} }"""), (int)answer.StatusCode);
    }

    public async Task<OperationResult> ListAsync(JsonElement parameters, string? cursor, CancellationToken cancellationToken)
    {
        var prefix = parameters.TryGetProperty("prefix", out var given) ? given.GetString() : "";
        using var answer = await http.SendAsync(Sign(HttpMethod.Get, $"?prefix={Uri.EscapeDataString(prefix ?? "")}&after={cursor}"), cancellationToken).ConfigureAwait(false);
        var stream = await answer.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        var listing = await JsonSerializer.DeserializeAsync(stream, StoreJson.Default.StoreListing, cancellationToken).ConfigureAwait(false);
        return OperationResult.Success(JsonSerializer.SerializeToElement(listing, StoreJson.Default.StoreListing), (int)answer.StatusCode, nextCursor: listing?.Next);
    }

    private HttpRequestMessage Sign(HttpMethod method, string path)
    {
        var at = time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(host), Encoding.UTF8.GetBytes($"{method} {path} {at}"));
        var request = new HttpRequestMessage(method, $"https://{host}/{path}");
        request.Headers.Add("X-Signature", $"t={at},v1={Convert.ToHexStringLower(signature)}");
        return request;
    }
}
