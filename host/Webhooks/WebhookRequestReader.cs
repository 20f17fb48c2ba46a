using System.Text.Json;
using IntegrationHub.Webhooks;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Webhooks;

/// <summary>Makes what providers sign out of what the server received: the address as the provider called it, every header value, the raw bytes. Thread-safe.</summary>
internal sealed class WebhookRequestReader(IOptions<HubOptions> hub, IOptions<WebhookOptions> options, TimeProvider time)
{
    private readonly string? publicUrl = hub.Value.PublicUrl?.TrimEnd('/');

    public WebhookRequest Read(HttpRequest request, ReadOnlyMemory<byte> body)
    {
        var (path, query) = Target(request);
        var headers = new Dictionary<string, IReadOnlyList<string>>(request.Headers.Count, StringComparer.OrdinalIgnoreCase);
        foreach (var (name, values) in request.Headers)
            headers[name] = values.Count == 1 ? [values[0] ?? ""] : [.. values.Select(value => value ?? "")];

        return new WebhookRequest
        {
            Method = request.Method.ToUpperInvariant(),
            Url = $"{publicUrl ?? Origin(request)}{path}{query}",
            Path = path,
            QueryString = query,
            Headers = headers,
            Body = body,
            ReceivedAt = time.GetUtcNow(),
        };
    }

    /// <summary>Method, address and headers as JSON, for keeping.</summary>
    public static byte[] Head(WebhookRequest request)
    {
        using var stream = new MemoryStream(1024);
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteString("method"u8, request.Method);
            writer.WriteString("url"u8, request.Url);
            writer.WriteStartObject("headers"u8);
            foreach (var (name, values) in request.Headers)
            {
                writer.WriteStartArray(name);
                foreach (var value in values)
                    writer.WriteStringValue(value);
                writer.WriteEndArray();
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        return stream.ToArray();
    }

    /// <summary>A request as it was kept.</summary>
    public static WebhookRequest Of(ReadOnlyMemory<byte> head, ReadOnlyMemory<byte> body, DateTimeOffset receivedAt)
    {
        using var document = JsonDocument.Parse(head);
        var root = document.RootElement;
        var url = root.GetProperty("url").GetString()!;
        var start = url.IndexOf("://", StringComparison.Ordinal) is >= 0 and var scheme ? url.IndexOf('/', scheme + 3) : 0;
        var target = start >= 0 ? url[start..] : "/";
        var mark = target.IndexOf('?', StringComparison.Ordinal);
        return new WebhookRequest
        {
            Method = root.GetProperty("method").GetString()!,
            Url = url,
            Path = mark < 0 ? target : target[..mark],
            QueryString = mark < 0 ? "" : target[mark..],
            Headers = root.GetProperty("headers").EnumerateObject().ToDictionary(
                header => header.Name, header => (IReadOnlyList<string>)[.. header.Value.EnumerateArray().Select(value => value.GetString()!)], StringComparer.OrdinalIgnoreCase),
            Body = body,
            ReceivedAt = receivedAt,
        };
    }

    // Signatures cover the target as it was sent: decoding and encoding again would not give the same bytes.
    private static (string Path, string Query) Target(HttpRequest request)
    {
        var target = request.HttpContext.Features.Get<IHttpRequestFeature>()?.RawTarget;
        if (string.IsNullOrEmpty(target) || target[0] != '/')
            return (request.PathBase.ToUriComponent() + request.Path.ToUriComponent(), request.QueryString.Value ?? "");

        var mark = target.IndexOf('?', StringComparison.Ordinal);
        return mark < 0 ? (target, "") : (target[..mark], target[mark..]);
    }

    private string Origin(HttpRequest request)
    {
        var (scheme, host) = (request.Scheme, request.Host.Value);
        if (options.Value.TrustForwardedHeaders)
        {
            scheme = First(request.Headers["X-Forwarded-Proto"]) ?? scheme;
            host = First(request.Headers["X-Forwarded-Host"]) ?? host;
        }

        return $"{scheme}://{host}";
    }

    private static string? First(string? list) => list?.Split(',', 2)[0].Trim() is { Length: > 0 } first ? first : null;
}
