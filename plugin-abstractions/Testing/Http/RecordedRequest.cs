using System.Text;
using IntegrationHub.Simulation;

namespace IntegrationHub.Testing.Http;

/// <summary>A request as it would have left the hub.</summary>
internal sealed record RecordedRequest
{
    public required string Method { get; init; }

    public required Uri Address { get; init; }

    /// <summary>All headers, the content's included, by name; several values joined as they are sent.</summary>
    public required IReadOnlyDictionary<string, string> Headers { get; init; }

    public required byte[] Body { get; init; }

    /// <summary>Why it was not let out; <see langword="null"/> when it was.</summary>
    public string? Denied { get; init; }

    public string? ContentType => Headers.GetValueOrDefault("Content-Type");

    public string BodyText => Encoding.UTF8.GetString(Body);

    /// <summary>As the simulator sees it: the path below the connection's base address.</summary>
    public SimulatedRequest ToSimulated(string baseUrl)
    {
        var path = Address.AbsolutePath;
        if (Uri.TryCreate(baseUrl, UriKind.Absolute, out var root) && root.AbsolutePath.TrimEnd('/') is { Length: > 0 } prefix && path.StartsWith(prefix + "/", StringComparison.Ordinal))
            path = path[prefix.Length..];

        return new SimulatedRequest { Method = Method, Path = path, Query = Address.Query, ContentType = ContentType, Body = Body };
    }

    public static async Task<RecordedRequest> ReadAsync(HttpRequestMessage request, string? denied, CancellationToken cancellationToken)
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, values) in request.Headers.NonValidated)
            headers[name] = values.ToString();

        var body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
        if (request.Content is not null)
            foreach (var (name, values) in request.Content.Headers.NonValidated)
                headers[name] = values.ToString();

        return new RecordedRequest { Method = request.Method.Method, Address = request.RequestUri!, Headers = headers, Body = body, Denied = denied };
    }
}
