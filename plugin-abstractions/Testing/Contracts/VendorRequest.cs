namespace IntegrationHub.Testing.Contracts;

/// <summary>A request as it would go out, with its body read. Immutable.</summary>
internal sealed record VendorRequest
{
    private static readonly ILookup<string, string> NoHeaders = Array.Empty<string>().ToLookup(name => name, StringComparer.OrdinalIgnoreCase);

    public required string Method { get; init; }

    /// <summary>Absolute. The host matters little: kits send to loopback. The path may carry the description's base path or not.</summary>
    public required Uri Address { get; init; }

    /// <summary>By name, without case; a name given twice has two values.</summary>
    public ILookup<string, string> Headers { get; init; } = NoHeaders;

    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The media type of the body as the request declares it, with its parameters.</summary>
    public string? ContentType => Headers["Content-Type"].FirstOrDefault();

    /// <summary>Reads what an adapter hands to its <see cref="HttpClient"/>. The content stays readable.</summary>
    public static async Task<VendorRequest> FromAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> body = default;
        if (request.Content is not null)
        {
            await request.Content.LoadIntoBufferAsync(cancellationToken);
            body = await request.Content.ReadAsByteArrayAsync(cancellationToken);
        }

        var address = request.RequestUri ?? throw new ArgumentException("The request has no address.", nameof(request));
        return new VendorRequest
        {
            Method = request.Method.Method,
            Address = address,
            Headers = request.Headers.NonValidated.Concat(request.Content?.Headers.NonValidated ?? [])
                .SelectMany(header => header.Value.Select(value => (header.Key, Value: value)))
                .ToLookup(pair => pair.Key, pair => pair.Value, StringComparer.OrdinalIgnoreCase),
            Body = body,
        };
    }
}
