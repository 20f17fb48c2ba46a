using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Manifests;

namespace IntegrationHub.Host.Connections.OAuth;

/// <summary>Asks token and revocation endpoints. Remembers nothing. Thread-safe.</summary>
internal sealed class TokenClient(OAuthHttp http, AuthorizationServers servers, TimeProvider time)
{
    /// <summary>RFC 6749 §4.1.3, with RFC 7636's verifier.</summary>
    /// <exception cref="OAuthException">There is no token.</exception>
    public Task<TokenGrant> RedeemAsync(OAuthCall call, string code, string redirectUri, string? verifier, CancellationToken cancellationToken)
    {
        var form = new Form().Add("grant_type", "authorization_code").AddSecret("code", code).Add("redirect_uri", redirectUri);
        if (verifier is not null)
            form.AddSecret("code_verifier", verifier);

        return AskAsync(call, form, false, cancellationToken);
    }

    /// <summary>RFC 6749 §6. No scope is sent: what was granted stays granted.</summary>
    /// <exception cref="OAuthException">There is no token.</exception>
    public Task<TokenGrant> RefreshAsync(OAuthCall call, string refreshToken, CancellationToken cancellationToken) =>
        AskAsync(call, new Form().Add("grant_type", "refresh_token").AddSecret("refresh_token", refreshToken), true, cancellationToken);

    /// <summary>The grants that need nobody: client credentials (RFC 6749 §4.4), or a signed assertion (RFC 7523 §2.1).</summary>
    /// <exception cref="OAuthException">There is no token.</exception>
    public async Task<TokenGrant> ObtainAsync(OAuthCall call, CancellationToken cancellationToken)
    {
        var way = call.Way;
        var scopes = way.ScopesToRequest(null);
        var scope = scopes.Count > 0 ? string.Join(way.Manifest.ScopeSeparator, scopes) : null;
        var form = new Form();
        if (way.Manifest.Type == AuthType.JwtBearer)
        {
            var server = await servers.OfAsync(way, call.Provider, call.Connection, cancellationToken);
            var inClaim = way.Manifest.Assertion!.ScopeIn == "claim";
            form.Add("grant_type", SignedAssertion.GrantType)
                .AddSecret("assertion", SignedAssertion.Create(way, call.Connection, server.RequireTokenUrl(), inClaim ? scope : null, forClient: false, time.GetUtcNow()));
            scope = inClaim ? null : scope;
        }
        else
        {
            form.Add("grant_type", "client_credentials");
        }

        if (scope is not null)
            form.Add("scope", scope);

        if (way.Render(way.Manifest.Audience, call.Connection) is { } audience)
            form.Add("audience", audience);

        var grant = await AskAsync(call, form, false, cancellationToken);

        // RFC 6749 §5.1: an answer without a scope grants what was asked for.
        return grant.Scopes is null && scopes.Count > 0 ? grant with { Scopes = scopes } : grant;
    }

    /// <summary>RFC 7009.</summary>
    /// <returns><see langword="false"/> when the provider has no revocation endpoint.</returns>
    /// <exception cref="OAuthException">It did not revoke the token.</exception>
    public async Task<bool> RevokeAsync(OAuthCall call, string token, string hint, CancellationToken cancellationToken)
    {
        var server = await servers.OfAsync(call.Way, call.Provider, call.Connection, cancellationToken);
        if (server.RevokeUrl is not { } url)
            return false;

        var form = new Form().AddSecret("token", token).Add("token_type_hint", hint);
        var (status, mediaType, body, retryAfter) = await PostAsync(call, url, server.TokenUrl ?? url, form, cancellationToken);

        // Unknown tokens are answered with success too (§2.2).
        if (status is >= 200 and < 300)
            return true;

        call.Way.Answer.Read(status, mediaType, body, retryAfter, ofGrant: false, SecretsOf(call, form));
        throw new OAuthException(OAuthFaultKind.Refused, "refused", "The revocation endpoint refused the request.");
    }

    private async Task<TokenGrant> AskAsync(OAuthCall call, Form form, bool ofGrant, CancellationToken cancellationToken)
    {
        var server = await servers.OfAsync(call.Way, call.Provider, call.Connection, cancellationToken);
        foreach (var (name, template) in call.Way.Manifest.TokenParams)
            if (call.Way.Render(template, call.Connection) is { } value)
                form.Add(name, value);

        var (status, mediaType, body, retryAfter) = await PostAsync(call, server.RequireTokenUrl(), server.RequireTokenUrl(), form, cancellationToken);
        return call.Way.Answer.Read(status, mediaType, body, retryAfter, ofGrant, SecretsOf(call, form));
    }

    // The client secret may travel in a header, and others in what the manifest adds.
    private static List<string> SecretsOf(OAuthCall call, Form form) =>
    [
        .. form.Secrets,
        .. call.Provider.SecretFields.Select(field => call.Connection.Config.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null).OfType<string>(),
    ];

    private async Task<(int Status, string? MediaType, ReadOnlyMemory<byte> Body, TimeSpan? RetryAfter)> PostAsync(
        OAuthCall call, string url, string tokenUrl, Form form, CancellationToken cancellationToken)
    {
        using var client = http.Create(call.Provider, call.Connection);
        using var request = new HttpRequestMessage(HttpMethod.Post, url);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        Authenticate(call, tokenUrl, request, form);
        request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(form.ToString())) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-www-form-urlencoded") } };
        return await OAuthExchange.SendAsync(client, request, time, cancellationToken);
    }

    private void Authenticate(OAuthCall call, string tokenUrl, HttpRequestMessage request, Form form)
    {
        var (way, connection) = (call.Way, call.Connection);

        // An assertion stands for the client too, unless the manifest gives it credentials of its own (RFC 7523 §2.1).
        if (way.Manifest.Type == AuthType.JwtBearer && way.Manifest.ClientSecret is null)
        {
            if (way.Render(way.Manifest.ClientId, connection) is { } known)
                form.Add("client_id", known);

            return;
        }

        var id = way.Require(way.Manifest.ClientId, "client id", connection);
        switch (way.Manifest.TokenAuth)
        {
            case "none":
                form.Add("client_id", id);
                break;
            case "body":
                form.Add("client_id", id).AddSecret("client_secret", way.Require(way.Manifest.ClientSecret, "client secret", connection));
                break;
            case "private_key_jwt":
                form.Add("client_id", id)
                    .Add("client_assertion_type", SignedAssertion.ClientAssertionType)
                    .AddSecret("client_assertion", SignedAssertion.Create(way, connection, tokenUrl, null, forClient: true, time.GetUtcNow()));
                break;
            default:
                // RFC 6749 §2.3.1: each half is form-encoded first, so that a colon in the id does not end it.
                var credentials = $"{Form.Encode(id)}:{Form.Encode(way.Require(way.Manifest.ClientSecret, "client secret", connection))}";
                request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes(credentials)));
                break;
        }
    }
}

/// <summary>What a request to an authorisation server is about. It holds opened secrets and lives as long as the request.</summary>
internal sealed record OAuthCall(OAuthWay Way, LoadedProvider Provider, ConnectionContext Connection);

/// <summary>A body of <c>application/x-www-form-urlencoded</c> (RFC 6749 appendix B).</summary>
internal sealed class Form
{
    private readonly StringBuilder text = new();
    private readonly List<string> secrets = [];

    /// <summary>What no message may quote.</summary>
    public IReadOnlyList<string> Secrets => secrets;

    public Form AddSecret(string name, string value)
    {
        secrets.Add(value);
        return Add(name, value);
    }

    public Form Add(string name, string value)
    {
        text.Append(text.Length == 0 ? "" : "&").Append(Encode(name)).Append('=').Append(Encode(value));
        return this;
    }

    public static string Encode(string value) => Uri.EscapeDataString(value).Replace("%20", "+", StringComparison.Ordinal);

    public override string ToString() => text.ToString();
}
