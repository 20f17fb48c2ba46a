using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Adapters;
using IntegrationHub.Manifests;

namespace IntegrationHub.Webhooks;

/// <summary>
/// Signs requests as a provider would, by the same rules that <see cref="WebhookReceiver"/> verifies with: for simulators, test webhooks and tests.
/// Immutable and thread-safe.
/// </summary>
public sealed class WebhookSigner
{
    private readonly VerifyManifest scheme;
    private readonly SignedContent? content;
    private readonly BodyHashRule[] bodyHashes;

    /// <summary>Compiles a scheme.</summary>
    /// <exception cref="ArgumentException">A rule is faulty.</exception>
    /// <exception cref="NotSupportedException">It is none that <see cref="CanSign"/>.</exception>
    public WebhookSigner(VerifyManifest scheme)
    {
        ArgumentNullException.ThrowIfNull(scheme);
        if (!CanSign(scheme))
            throw new NotSupportedException($"Webhooks of the scheme {scheme.Scheme} cannot be signed here.");

        this.scheme = scheme;
        bodyHashes = [.. scheme.BodyHash.Select(pair => new BodyHashRule(pair.Key, pair.Value))];
        content = scheme.Scheme is VerifyScheme.Hmac or VerifyScheme.Ecdsa or VerifyScheme.Rsa ? new SignedContent(scheme, TimeProvider.System) : null;
    }

    /// <summary>
    /// Whether a scheme can be signed: <c>hmac</c>, <c>ecdsa</c>, <c>rsa</c>, <c>token</c>, <c>basic</c>, and trivially <c>none</c>; not where a certificate vouches for the key, which only the provider has.
    /// </summary>
    public static bool CanSign(VerifyManifest scheme)
    {
        ArgumentNullException.ThrowIfNull(scheme);
        return scheme.Certificate is null && scheme.Scheme is VerifyScheme.Hmac or VerifyScheme.Ecdsa or VerifyScheme.Rsa or VerifyScheme.Token or VerifyScheme.Basic or VerifyScheme.None;
    }

    /// <summary>Signs.</summary>
    /// <param name="request">The request as it would be sent without a signature.</param>
    /// <param name="connection">Where the secret comes from: the current configuration.</param>
    /// <param name="sentAt">The timestamp, in whole units of the scheme.</param>
    /// <param name="id">The message's id, for schemes with an id header.</param>
    /// <param name="privateKey">The private key in PEM, for <c>ecdsa</c> and <c>rsa</c>.</param>
    /// <returns>A copy with everything the scheme adds: headers, query parameters, values in the body.</returns>
    /// <exception cref="ArgumentException">The secret, the key or the id is missing or unreadable.</exception>
    public WebhookRequest Sign(WebhookRequest request, ConnectionContext connection, DateTimeOffset sentAt, string? id = null, string? privateKey = null)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(connection);
        var draft = new Draft(request);
        switch (scheme.Scheme)
        {
            case VerifyScheme.None:
                break;
            case VerifyScheme.Basic:
                var credentials = $"{Setting(scheme.Username, "username", connection)}:{Setting(scheme.Password, "password", connection)}";
                draft.SetHeader("Authorization", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials)));
                break;
            case VerifyScheme.Token:
                foreach (var element in Elements(draft))
                    Place(draft, element, SignatureFormat.Compile(scheme.Format).Write(Setting(scheme.Secret, "secret", connection), ""));
                break;
            default:
                foreach (var element in Elements(draft))
                    SignContent(draft, element, connection, sentAt, id, privateKey);
                break;
        }

        return draft.ToRequest();
    }

    /// <summary>The pointers to the elements that are signed one by one; one empty pointer when the request is signed as a whole.</summary>
    private IReadOnlyList<string> Elements(Draft draft)
    {
        if (scheme.Each is not { } each)
            return [""];

        using var parts = new RequestParts(draft.ToRequest());
        return parts.TryGetDocument(out var root, out _) && BodyPointer.Compile(each).TryFind(root, out var array) && array.ValueKind == JsonValueKind.Array
            ? [.. Enumerable.Range(0, array.GetArrayLength()).Select(index => $"{each}/{index.ToString(CultureInfo.InvariantCulture)}")]
            : throw new ArgumentException($"The body has no array at {each}.");
    }

    private void SignContent(Draft draft, string element, ConnectionContext connection, DateTimeOffset sentAt, string? id, string? privateKey)
    {
        var timestamp = content!.WriteTimestamp(sentAt);
        if (scheme.TimestampHeader is { } timestampHeader)
            draft.SetHeader(timestampHeader, timestamp);
        if (scheme.TimestampBody is { } timestampPointer)
            draft.SetBody(element + timestampPointer, long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? JsonValue.Create(number) : JsonValue.Create(timestamp));
        if (scheme.IdHeader is { } idHeader)
            draft.SetHeader(idHeader, !string.IsNullOrEmpty(id) ? id : throw new ArgumentException("The scheme needs an id.", nameof(id)));
        foreach (var rule in bodyHashes)
            draft.SetPart(rule.Part, rule.Write(draft.Body.Span));

        using var parts = new RequestParts(draft.ToRequest());
        if (element.Length > 0 && parts.TryGetDocument(out var root, out _) && BodyPointer.Compile(element).TryFind(root, out var part))
            parts.LookAt(part);
        var secret = scheme.Scheme == VerifyScheme.Hmac ? Setting(scheme.Secret, "secret", connection) : null;
        var buffer = new SignedBuffer(draft.Body.Length + 256);
        content.Template.Write(
            ref buffer,
            new PartValues { Request = parts, Connection = connection, Config = connection.Config, Timestamp = timestamp, Id = id, Secret = secret });
        var signature = scheme.Scheme == VerifyScheme.Hmac ? Hash(buffer.Written, secret!) : SignWithKey(buffer.Written, privateKey);
        buffer.Dispose();
        Place(draft, element, content.Source.Format.Write(SignatureText.Encode(signature, content.Encoding), timestamp));
    }

    private byte[] Hash(ReadOnlySpan<byte> data, string secret)
    {
        var algorithm = Algorithms.Hash(scheme.Algorithm);
        if ((content!.Template.Parts & Part.Secret) != 0)
            return CryptographicOperations.HashData(algorithm, data);

        return SecretKey.TryDecode(SecretKey.Strip(secret, SecretKey.Prefix(scheme.SecretPrefix)), SecretKey.Encoding(scheme.SecretEncoding), out var key)
            ? CryptographicOperations.HmacData(algorithm, key, data)
            : throw new ArgumentException("The secret is not in the scheme's encoding.");
    }

    private byte[] SignWithKey(ReadOnlySpan<byte> data, string? privateKey)
    {
        var algorithm = Algorithms.Hash(scheme.Algorithm);
        ArgumentException.ThrowIfNullOrEmpty(privateKey);
        if (scheme.Scheme == VerifyScheme.Ecdsa)
        {
            using var elliptic = ECDsa.Create();
            elliptic.ImportFromPem(privateKey);
            return elliptic.SignData(data, algorithm, DSASignatureFormat.Rfc3279DerSequence);
        }

        using var rsa = RSA.Create();
        rsa.ImportFromPem(privateKey);
        return rsa.SignData(data, algorithm, RSASignaturePadding.Pkcs1);
    }

    private void Place(Draft draft, string element, string value)
    {
        if (scheme.Header is { } header)
            draft.SetHeader(header, value);
        else if (scheme.Query is { } query)
            draft.AddQuery(query, value);
        else
            draft.SetBody(element + (scheme.Body ?? throw new ArgumentException("The scheme has no place for its signature.")), JsonValue.Create(value));
    }

    private static string Setting(string? template, string name, ConnectionContext connection)
    {
        var compiled = RequestTemplate.Compile(template ?? throw new ArgumentException($"The scheme has no '{name}'."), Part.Connection, $"verify.{name}");
        using var nothing = new RequestParts(Draft.Empty);
        return compiled.Render(new PartValues { Request = nothing, Connection = connection, Config = connection.Config }) is { Length: > 0 } value
            ? value
            : throw new ArgumentException($"The connection has no value for the scheme's '{name}'.");
    }

    /// <summary>A request in the making.</summary>
    private sealed class Draft(WebhookRequest request)
    {
        private readonly Dictionary<string, IReadOnlyList<string>> headers = new(request.Headers, StringComparer.OrdinalIgnoreCase);
        private string url = request.Url;
        private string queryString = request.QueryString;

        public static WebhookRequest Empty { get; } = new()
        {
            Method = "POST", Url = "", Path = "", Headers = new Dictionary<string, IReadOnlyList<string>>(), Body = default, ReceivedAt = default,
        };

        public ReadOnlyMemory<byte> Body { get; private set; } = request.Body;

        public void SetHeader(string name, string value) => headers[name] = [value];

        public void AddQuery(string name, string value)
        {
            var pair = $"{Uri.EscapeDataString(name)}={Uri.EscapeDataString(value)}";
            url += (url.Contains('?', StringComparison.Ordinal) ? "&" : "?") + pair;
            queryString += (queryString.Length > 0 ? "&" : "?") + pair;
        }

        public void SetPart(string part, string value)
        {
            if (part.StartsWith("header.", StringComparison.Ordinal))
                SetHeader(part["header.".Length..], value);
            else if (part.StartsWith("query.", StringComparison.Ordinal))
                AddQuery(part["query.".Length..], value);
            else
                throw new ArgumentException($"A hash of the body cannot stand in {part} and be made here.");
        }

        public void SetBody(string pointer, JsonValue value)
        {
            var segments = BodyPointer.Compile(pointer).Segments;
            try
            {
                var root = JsonNode.Parse(Body.Span);
                var parent = root;
                for (var i = 0; i < segments.Count - 1; i++)
                    parent = parent is JsonArray array ? array[int.Parse(segments[i], CultureInfo.InvariantCulture)] : parent?[segments[i]];

                (parent as JsonObject ?? throw new ArgumentException($"The body has no object for {pointer}."))[segments[^1]] = value;
                Body = Encoding.UTF8.GetBytes(root!.ToJsonString());
            }
            catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException or ArgumentOutOfRangeException)
            {
                throw new ArgumentException($"The body is no JSON with a place for {pointer}.", exception);
            }
        }

        public WebhookRequest ToRequest() => new()
        {
            Method = request.Method, Url = url, Path = request.Path, QueryString = queryString, Headers = headers, Body = Body, ReceivedAt = request.ReceivedAt,
        };
    }
}
