using System.Text;
using System.Text.Json;
using IntegrationHub.Manifests;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Testing.Quality;

/// <summary>
/// What a vendor really sent, kept with the plugin: <c>contract/webhooks/*.json</c> (requests) and <c>contract/errors/*.json</c> (answers). Neither is packed nor loaded.
/// A request: <c>{ "type", "source", "method"?, "url"?, "headers", "body" or "bodyBase64", "config", "receivedAt", "documents"? }</c>, where <c>config</c> has the secret it was signed with, and
/// <c>documents</c> what the hub would have fetched: text by address, such as the certificate that the request names.
/// An answer: <c>{ "operation", "source", "status", "headers"?, "body", "category", "code"? }</c>. <c>source</c> says where it was recorded.
/// </summary>
internal sealed record RecordedMaterial(IReadOnlyList<RecordedWebhook> Webhooks, IReadOnlyList<RecordedError> Errors, IReadOnlyList<(string File, string Problem)> Problems)
{
    public static RecordedMaterial Read(string folder)
    {
        var problems = new List<(string, string)>();
        return new RecordedMaterial(
            [.. Files(folder, "webhooks", problems).Select(pair => Try(pair, RecordedWebhook.Read, problems)).OfType<RecordedWebhook>()],
            [.. Files(folder, "errors", problems).Select(pair => Try(pair, RecordedError.Read, problems)).OfType<RecordedError>()],
            problems);
    }

    /// <summary>Every code that the manifest gives a category, with its place.</summary>
    public static IEnumerable<(string Code, string Pointer)> CodesOf(ProviderManifest manifest)
    {
        var places = manifest.Operations.Select(pair => (Pointer: $"/operations/{pair.Key}/response/errors", pair.Value.Response?.Errors)).Prepend(("/defaults/response/errors", manifest.Defaults.Response?.Errors));
        foreach (var (pointer, errors) in places)
            foreach (var (category, codes) in errors?.Categories ?? new Dictionary<Adapters.ErrorCategory, IReadOnlyList<string>>())
                for (var i = 0; i < codes.Count; i++)
                    yield return (codes[i], $"{pointer}/{JsonNamingPolicy.CamelCase.ConvertName(category.ToString())}/{i}");
    }

    private static IEnumerable<(string File, JsonElement Json)> Files(string folder, string kind, List<(string, string)> problems)
    {
        var place = Path.Combine(folder, "contract", kind);
        foreach (var path in Directory.Exists(place) ? Directory.GetFiles(place, "*.json").Order(StringComparer.Ordinal).ToArray() : [])
        {
            var name = $"contract/{kind}/{Path.GetFileName(path)}";
            JsonElement json;
            try
            {
                json = JsonElement.Parse(File.ReadAllBytes(path));
            }
            catch (JsonException fault)
            {
                problems.Add((name, $"It is not JSON: {fault.Message}"));
                continue;
            }

            yield return (name, json);
        }
    }

    private static T? Try<T>((string File, JsonElement Json) file, Func<string, JsonElement, T> read, List<(string, string)> problems)
        where T : class
    {
        try
        {
            return read(file.File, file.Json);
        }
        catch (Exception fault) when (fault is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            problems.Add((file.File, $"A member is missing or of the wrong kind: {fault.Message}"));
            return null;
        }
    }
}

/// <summary>A request that a vendor sent.</summary>
internal sealed record RecordedWebhook(string File, string? Type, string Method, string Url, IReadOnlyDictionary<string, IReadOnlyList<string>> Headers, byte[] Body, JsonElement Config, DateTimeOffset ReceivedAt)
    : IWebhookFetcher
{
    /// <summary>What was at addresses that the request names.</summary>
    private Dictionary<string, string> Documents { get; init; } = [];

    public ValueTask<ReadOnlyMemory<byte>?> FetchAsync(Uri address, CancellationToken cancellationToken) =>
        ValueTask.FromResult<ReadOnlyMemory<byte>?>(Documents.TryGetValue(address.AbsoluteUri, out var text) ? Encoding.UTF8.GetBytes(text) : null);

    public static RecordedWebhook Read(string file, JsonElement json) => new(
        file,
        json.TryGetProperty("type", out var type) ? type.GetString() : null,
        json.TryGetProperty("method", out var method) ? method.GetString()! : "POST",
        json.TryGetProperty("url", out var url) ? url.GetString()! : "https://hub.example.com/v1/webhooks/kit/conn_kit",
        json.GetProperty("headers").EnumerateObject().ToDictionary(header => header.Name, IReadOnlyList<string> (header) => [header.Value.GetString()!], StringComparer.OrdinalIgnoreCase),
        json.TryGetProperty("bodyBase64", out var bytes) ? bytes.GetBytesFromBase64() : Encoding.UTF8.GetBytes(json.GetProperty("body").GetString()!),
        json.GetProperty("config"),
        json.GetProperty("receivedAt").GetDateTimeOffset())
    {
        Documents = json.TryGetProperty("documents", out var documents)
            ? documents.EnumerateObject().ToDictionary(document => document.Name, document => document.Value.GetString()!, StringComparer.Ordinal)
            : [],
    };
}

/// <summary>A failure that a vendor answered.</summary>
internal sealed record RecordedError(string File, string Operation, int Status, IReadOnlyDictionary<string, string> Headers, string Body, string ContentType, string Category, string? Code)
{
    public static RecordedError Read(string file, JsonElement json) => new(
        file,
        json.GetProperty("operation").GetString()!,
        json.GetProperty("status").GetInt32(),
        json.TryGetProperty("headers", out var headers) ? headers.EnumerateObject().ToDictionary(header => header.Name, header => header.Value.GetString()!) : new Dictionary<string, string>(),
        json.GetProperty("body") is { ValueKind: JsonValueKind.String } text ? text.GetString()! : json.GetProperty("body").GetRawText(),
        json.TryGetProperty("contentType", out var contentType) ? contentType.GetString()! : "application/json",
        json.GetProperty("category").GetString()!,
        json.TryGetProperty("code", out var code) ? code.GetString() : null);

    public bool Proves(string code) => Code == code;
}
