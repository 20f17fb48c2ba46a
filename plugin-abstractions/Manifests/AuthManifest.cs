using System.Text.Json;
using System.Text.Json.Serialization;
using IntegrationHub.Manifests.Json;

namespace IntegrationHub.Manifests;

/// <summary>The ways to authenticate at a provider.</summary>
public enum AuthType
{
    /// <summary>No credentials.</summary>
    None,

    /// <summary>A key put into headers or query by <see cref="AuthManifest.Apply"/>.</summary>
    ApiKey,

    /// <summary>HTTP Basic (RFC 7617) from <see cref="AuthManifest.Username"/> and <see cref="AuthManifest.Password"/>.</summary>
    Basic,

    /// <summary>A bearer token (RFC 6750) from <see cref="AuthManifest.Token"/>.</summary>
    Bearer,

    /// <summary>OAuth 2.0 (RFC 6749); the token is applied as a bearer token unless <see cref="AuthManifest.Apply"/> says otherwise.</summary>
    Oauth2,

    /// <summary>A signed assertion exchanged for a token (RFC 7523 §2.1); the token is applied as <see cref="Oauth2"/>'s is.</summary>
    JwtBearer,

    /// <summary>AWS Signature Version 4.</summary>
    AwsSigv4,

    /// <summary>The plugin's own code authenticates.</summary>
    Custom,
}

/// <summary>One way to authenticate.</summary>
public sealed record AuthManifest
{
    /// <summary>The name a connection chooses it by. Default: the type's name.</summary>
    public string? Id { get; init; }

    /// <summary>What it is called in forms.</summary>
    public LocalizedText? Title { get; init; }

    /// <summary>The type.</summary>
    public required AuthType Type { get; init; }

    /// <summary>Config fields this way needs; it is chosen when a connection has them all. Default: the fields its templates name.</summary>
    public IReadOnlyList<string> Requires { get; init; } = [];

    /// <summary>What is put into each request.</summary>
    public ApplyManifest? Apply { get; init; }

    /// <summary>Template of the user name, for <see cref="AuthType.Basic"/>.</summary>
    public string? Username { get; init; }

    /// <summary>Template of the password, for <see cref="AuthType.Basic"/>. Default: empty.</summary>
    public string? Password { get; init; }

    /// <summary>Template of the token, for <see cref="AuthType.Bearer"/>.</summary>
    public string? Token { get; init; }

    /// <summary>Authorisation endpoint, for <see cref="AuthType.Oauth2"/> with a person's consent. Default: what the metadata of <see cref="Issuer"/> says.</summary>
    public string? AuthorizeUrl { get; init; }

    /// <summary>Token endpoint. Default: what the metadata of <see cref="Issuer"/> says.</summary>
    public string? TokenUrl { get; init; }

    /// <summary>Revocation endpoint (RFC 7009). Default: what the metadata of <see cref="Issuer"/> says, where an endpoint is looked up in it.</summary>
    public string? RevokeUrl { get; init; }

    /// <summary>
    /// Template of the authorisation server's issuer identifier (RFC 8414 §2). It is held against the <c>iss</c> of the provider's answer (RFC 9207), and endpoints that are left
    /// out are looked up in its metadata.
    /// </summary>
    public string? Issuer { get; init; }

    /// <summary>
    /// Template of the address of the issuer's metadata. Default: <c>/.well-known/openid-configuration</c> behind the issuer (OpenID Connect Discovery §4), then
    /// <c>/.well-known/oauth-authorization-server</c> between its host and path (RFC 8414 §3.1).
    /// </summary>
    public string? Discovery { get; init; }

    /// <summary><c>authorization_code</c> or <c>client_credentials</c>. Default: the former, unless nothing but a token endpoint is given and <see cref="Issuer"/> is not.</summary>
    public string? Grant { get; init; }

    /// <summary>Template of the client id. Default <c>{config.clientId}</c>, where the config schema has that field.</summary>
    public string? ClientId { get; init; }

    /// <summary>Template of the client secret. Default <c>{config.clientSecret}</c>, where the config schema has that field.</summary>
    public string? ClientSecret { get; init; }

    /// <summary>Scopes by name, with what each allows.</summary>
    public IReadOnlyDictionary<string, LocalizedText> Scopes { get; init; } = new Dictionary<string, LocalizedText>();

    /// <summary>The scopes asked for when the caller names none. Default: all of <see cref="Scopes"/>.</summary>
    public IReadOnlyList<string> DefaultScopes { get; init; } = [];

    /// <summary>Scopes asked for always, besides those the caller names (<c>offline_access</c>).</summary>
    public IReadOnlyList<string> AlwaysScopes { get; init; } = [];

    /// <summary>What stands between scopes. Default a space, as RFC 6749 §3.3 says.</summary>
    public string ScopeSeparator { get; init; } = " ";

    /// <summary>Whether PKCE with S256 (RFC 7636) is used. Default <see langword="true"/>.</summary>
    public bool Pkce { get; init; } = true;

    /// <summary>
    /// How the client authenticates at the token endpoint: <c>basic</c> (default) or <c>body</c> (RFC 6749 §2.3.1), <c>none</c> (a public client: only its id is sent), or
    /// <c>private_key_jwt</c> (RFC 7523 §2.2, signed as <see cref="Assertion"/> says).
    /// </summary>
    public string TokenAuth { get; init; } = "basic";

    /// <summary>
    /// Template of whom the token is for. Sent as <c>audience</c>, in the authorisation request where a person consents and else in the token request; servers that read RFC 8707
    /// take <c>resource</c> instead, in <see cref="Extra"/> and <see cref="TokenParams"/>.
    /// </summary>
    public string? Audience { get; init; }

    /// <summary>Further parameters of the authorisation request; values are templates.</summary>
    public IReadOnlyDictionary<string, string> Extra { get; init; } = new Dictionary<string, string>();

    /// <summary>Further parameters of every token request; values are templates.</summary>
    public IReadOnlyDictionary<string, string> TokenParams { get; init; } = new Dictionary<string, string>();

    /// <summary>The signed assertion of <see cref="AuthType.JwtBearer"/>, or of <see cref="TokenAuth"/> <c>private_key_jwt</c>.</summary>
    public AssertionManifest? Assertion { get; init; }

    /// <summary>Where things stand in the token answer, when not where RFC 6749 §5.1 puts them.</summary>
    public TokenAnswerManifest? Answer { get; init; }

    /// <summary>Parameters of the provider's redirect back that are kept, by the name they get in <c>{auth.name}</c>; the name <c>accountId</c> sets the account's id.</summary>
    public IReadOnlyDictionary<string, string> Callback { get; init; } = new Dictionary<string, string>();

    /// <summary>How long a token is taken to live when the answer does not say. Default: until the provider refuses it.</summary>
    public TimeSpan? TokenLifetime { get; init; }

    /// <summary>How long before expiry a token is refreshed. Default 15 minutes; for tokens that live less than twice as long, half of their life.</summary>
    public TimeSpan RefreshMargin { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Error codes of the token endpoint that mean that a person must authorise again, besides <c>invalid_grant</c> and OpenID Connect's <c>login_required</c>, <c>interaction_required</c>, <c>consent_required</c>.</summary>
    public IReadOnlyList<string> ReauthorizeOn { get; init; } = [];

    /// <summary>JSON pointer into the token answer to the provider's account id.</summary>
    public string? AccountId { get; init; }

    /// <summary>Whether a person must consent: the authorization-code grant of <see cref="AuthType.Oauth2"/>.</summary>
    public bool NeedsConsent() => Type == AuthType.Oauth2 && Grant != "client_credentials" && (Grant is not null || AuthorizeUrl is not null || Issuer is not null);

    /// <summary>
    /// The same way with its defaults written out: the id, client id and secret where the config schema has their fields, and in <see cref="Requires"/> the config fields that it
    /// needs. The hub and the REST adapter choose by these.
    /// </summary>
    /// <param name="config">The manifest's config schema.</param>
    public AuthManifest WithDefaults(JsonElement? config)
    {
        var client = Type == AuthType.Oauth2 || (Type == AuthType.JwtBearer && ClientSecret is not null);
        var complete = this with
        {
            Id = Id ?? JsonNamingPolicy.SnakeCaseLower.ConvertName(Type.ToString()),
            ClientId = ClientId ?? (client && HasField(config, "clientId") ? "{config.clientId}" : null),
            ClientSecret = ClientSecret ?? (Type == AuthType.Oauth2 && TokenAuth is "basic" or "body" && HasField(config, "clientSecret") ? "{config.clientSecret}" : null),
        };
        return Requires.Count > 0 ? complete : complete with { Requires = AuthTemplates.RequiredFields(complete) };
    }

    private static bool HasField(JsonElement? config, string name) =>
        config is { ValueKind: JsonValueKind.Object } schema && schema.TryGetProperty("properties", out var properties)
        && properties.ValueKind == JsonValueKind.Object && properties.TryGetProperty(name, out _);
}

/// <summary>A JSON Web Token that the hub signs (RFC 7519, RFC 7523 §3). Texts are templates over <c>config</c> and <c>env</c>.</summary>
public sealed record AssertionManifest
{
    /// <summary>
    /// Template of a key file as Google hands it out: a JSON object, or its text, with <c>client_email</c>, <c>private_key</c> and <c>private_key_id</c>. These stand in for
    /// <see cref="Issuer"/>, <see cref="PrivateKey"/> and <see cref="KeyId"/>.
    /// </summary>
    public string? Credentials { get; init; }

    /// <summary>Who signs: <c>iss</c>. Default: the <c>client_email</c> of <see cref="Credentials"/>, else the client id.</summary>
    public string? Issuer { get; init; }

    /// <summary>For whom: <c>sub</c>. Default: the issuer, for <c>private_key_jwt</c>; absent for others.</summary>
    public string? Subject { get; init; }

    /// <summary>Who it is meant for: <c>aud</c>. Default: the token endpoint.</summary>
    public string? Audience { get; init; }

    /// <summary><c>RS256</c> (default), <c>PS256</c> or <c>ES256</c> (RFC 7518 §3.1).</summary>
    public string Algorithm { get; init; } = "RS256";

    /// <summary>Template of the private key in PEM (PKCS#8, PKCS#1 or SEC 1). Line breaks may be written as <c>\n</c>.</summary>
    public string? PrivateKey { get; init; }

    /// <summary>Template of the key's id: the header <c>kid</c>.</summary>
    public string? KeyId { get; init; }

    /// <summary>From <c>iat</c> to <c>exp</c>. Default 5 minutes; Google takes an hour at the most, Salesforce five minutes.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Where the scopes go: <c>parameter</c> (default) of the token request, or <c>claim</c> of the assertion.</summary>
    public string ScopeIn { get; init; } = "parameter";

    /// <summary>Further headers (<c>x5t</c>).</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>Further claims.</summary>
    public IReadOnlyDictionary<string, string> Claims { get; init; } = new Dictionary<string, string>();
}

/// <summary>Where a token answer has what the hub looks for: JSON pointers, of which the first that leads to a value counts.</summary>
public sealed record TokenAnswerManifest
{
    /// <summary>The access token. Default <c>/access_token</c>.</summary>
    [JsonConverter(typeof(OneOrManyConverter<string>))]
    public IReadOnlyList<string> AccessToken { get; init; } = ["/access_token"];

    /// <summary>The refresh token. Default <c>/refresh_token</c>.</summary>
    [JsonConverter(typeof(OneOrManyConverter<string>))]
    public IReadOnlyList<string> RefreshToken { get; init; } = ["/refresh_token"];

    /// <summary>Seconds until the access token expires. Default <c>/expires_in</c>.</summary>
    [JsonConverter(typeof(OneOrManyConverter<string>))]
    public IReadOnlyList<string> ExpiresIn { get; init; } = ["/expires_in"];

    /// <summary>Seconds until the refresh token expires. Default <c>/refresh_token_expires_in</c>.</summary>
    [JsonConverter(typeof(OneOrManyConverter<string>))]
    public IReadOnlyList<string> RefreshExpiresIn { get; init; } = ["/refresh_token_expires_in"];

    /// <summary>The scopes granted: a text or an array. Default <c>/scope</c>.</summary>
    [JsonConverter(typeof(OneOrManyConverter<string>))]
    public IReadOnlyList<string> Scope { get; init; } = ["/scope"];

    /// <summary>What stands between scopes in the answer. Default: as in the request.</summary>
    public string? ScopeSeparator { get; init; }

    /// <summary>The code of an error (RFC 6749 §5.2). Default <c>/error</c>.</summary>
    [JsonConverter(typeof(OneOrManyConverter<string>))]
    public IReadOnlyList<string> Error { get; init; } = ["/error"];

    /// <summary>What an error means, in words. Default <c>/error_description</c>.</summary>
    [JsonConverter(typeof(OneOrManyConverter<string>))]
    public IReadOnlyList<string> ErrorDescription { get; init; } = ["/error_description"];

    /// <summary>Further values that are kept, by the name they get in <c>{auth.name}</c>.</summary>
    public IReadOnlyDictionary<string, string> Values { get; init; } = new Dictionary<string, string>();
}

/// <summary>What an authentication puts into each request; values are templates over <c>config</c>, <c>env</c> and <c>auth</c>.</summary>
public sealed record ApplyManifest
{
    /// <summary>Headers.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>Query parameters.</summary>
    public IReadOnlyDictionary<string, string> Query { get; init; } = new Dictionary<string, string>();
}
