using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Connections.OAuth;

/// <summary>
/// The endpoints of a provider's authorisation server, for one connection; its identifier, where it is known, and whether it promises to name itself when it sends a browser back
/// (RFC 9207 §3).
/// </summary>
internal sealed record AuthorizationServer(string? Issuer, bool IssuerRequired, string? AuthorizeUrl, string? TokenUrl, string? RevokeUrl)
{
    public string RequireTokenUrl() => TokenUrl ?? throw new OAuthException(OAuthFaultKind.Refused, "misconfigured", "The provider's token endpoint is not known.");
}

/// <summary>Finds the endpoints: what the manifest says, and where it says nothing, the issuer's metadata (RFC 8414, OpenID Connect Discovery). Thread-safe.</summary>
internal sealed class AuthorizationServers(OAuthHttp http, TimeProvider time)
{
    private static readonly TimeSpan CacheTime = TimeSpan.FromHours(1);
    private const int CacheCapacity = 1000;

    private readonly LookupCache<Metadata> cache = new(time, CacheTime, CacheCapacity);

    /// <exception cref="OAuthException">The metadata cannot be had, names another issuer, or lacks an endpoint.</exception>
    public async ValueTask<AuthorizationServer> OfAsync(OAuthWay way, LoadedProvider provider, ConnectionContext connection, CancellationToken cancellationToken)
    {
        var manifest = way.Manifest;
        var issuer = way.Render(manifest.Issuer, connection);
        var written = new AuthorizationServer(
            issuer, false, way.Render(manifest.AuthorizeUrl, connection), way.Render(manifest.TokenUrl, connection), way.Render(manifest.RevokeUrl, connection));
        if (issuer is null || (written.TokenUrl is not null && (!way.ByPerson || written.AuthorizeUrl is not null)))
            return Checked(written);

        // The allow-list is the provider's own, so what one provider looked up is not another's.
        var discovery = way.Render(manifest.Discovery, connection);
        var found = await cache.GetAsync(
            $"{provider.Id}\n{connection.BaseUrl}\n{issuer}\n{discovery}",
            async (_, stop) => await FetchAsync(issuer, discovery, provider, connection, stop),
            cancellationToken);
        return Checked(new AuthorizationServer(
            issuer, found!.IssuerRequired, written.AuthorizeUrl ?? found.AuthorizeUrl, written.TokenUrl ?? found.TokenUrl, written.RevokeUrl ?? found.RevokeUrl));
    }

    private static AuthorizationServer Checked(AuthorizationServer server)
    {
        // What the hub calls itself is checked where it calls; a browser has nobody who does.
        if (server.AuthorizeUrl is { } url
            && !(Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Fragment.Length == 0 && uri.UserInfo.Length == 0
                && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback))))
            throw new OAuthException(OAuthFaultKind.Refused, "misconfigured", "The provider's authorisation endpoint is not an https address.");

        return server;
    }

    private async Task<Metadata?> FetchAsync(string issuer, string? discovery, LoadedProvider provider, ConnectionContext connection, CancellationToken cancellationToken)
    {
        OAuthException? last = null;
        foreach (var address in discovery is null ? WellKnown(issuer) : [discovery])
        {
            using var client = http.Create(provider, connection);
            using var request = new HttpRequestMessage(HttpMethod.Get, address) { Headers = { { "Accept", "application/json" } } };
            var (status, _, body, retryAfter) = await OAuthExchange.SendAsync(client, request, time, cancellationToken);
            if (status == 200)
                return Read(issuer, body);

            last = new OAuthException(OAuthFaultKind.Transient, "no_metadata", $"The metadata of the provider's authorisation server could not be read (status {status}).", retryAfter);
        }

        throw last!;
    }

    private static IEnumerable<string> WellKnown(string issuer)
    {
        if (!Uri.TryCreate(issuer, UriKind.Absolute, out var uri) || uri.Query.Length > 0 || uri.Fragment.Length > 0)
            throw new OAuthException(OAuthFaultKind.Refused, "misconfigured", "The issuer is not an absolute address without query and fragment.");

        yield return issuer.TrimEnd('/') + "/.well-known/openid-configuration";
        yield return $"{uri.Scheme}://{uri.Authority}/.well-known/oauth-authorization-server{uri.AbsolutePath.TrimEnd('/')}";
    }

    private static Metadata Read(string issuer, ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 32 });
            var root = document.RootElement;

            // RFC 8414 §3.3: a document that names another issuer must not be used.
            if (root.ValueKind != JsonValueKind.Object || Text(root, "issuer") != issuer)
                throw new OAuthException(
                    OAuthFaultKind.Refused, "issuer_mismatch",
                    $"The metadata names the issuer '{TokenAnswerReader.Printable(root.ValueKind == JsonValueKind.Object ? Text(root, "issuer") ?? "" : "")}', not '{issuer}'. Correct the issuer to the letter, or write the endpoints into the manifest.");

            return new Metadata(
                Text(root, "authorization_endpoint"), Text(root, "token_endpoint"), Text(root, "revocation_endpoint"),
                root.TryGetProperty("authorization_response_iss_parameter_supported", out var supported) && supported.ValueKind == JsonValueKind.True);
        }
        catch (JsonException)
        {
            throw new OAuthException(OAuthFaultKind.Transient, "no_metadata", "The metadata of the provider's authorisation server is not JSON.");
        }
    }

    private static string? Text(JsonElement root, string name) => root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private sealed record Metadata(string? AuthorizeUrl, string? TokenUrl, string? RevokeUrl, bool IssuerRequired);
}
