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

    /// <summary>A signed assertion exchanged for a token (RFC 7523).</summary>
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

    /// <summary>Authorisation endpoint, for <see cref="AuthType.Oauth2"/> with a person's consent.</summary>
    public string? AuthorizeUrl { get; init; }

    /// <summary>Token endpoint.</summary>
    public string? TokenUrl { get; init; }

    /// <summary>Revocation endpoint (RFC 7009).</summary>
    public string? RevokeUrl { get; init; }

    /// <summary><c>authorization_code</c> or <c>client_credentials</c>. Default: the former when <see cref="AuthorizeUrl"/> is there.</summary>
    public string? Grant { get; init; }

    /// <summary>Scopes by name, with what each allows.</summary>
    public IReadOnlyDictionary<string, LocalizedText> Scopes { get; init; } = new Dictionary<string, LocalizedText>();

    /// <summary>What stands between scopes. Default a space, as RFC 6749 §3.3 says.</summary>
    public string ScopeSeparator { get; init; } = " ";

    /// <summary>Whether PKCE with S256 (RFC 7636) is used. Default <see langword="true"/>.</summary>
    public bool Pkce { get; init; } = true;

    /// <summary>How the client authenticates at the token endpoint: <c>basic</c> (default) or <c>body</c>.</summary>
    public string TokenAuth { get; init; } = "basic";

    /// <summary>Further parameters of the authorisation request.</summary>
    public IReadOnlyDictionary<string, string> Extra { get; init; } = new Dictionary<string, string>();

    /// <summary>How long before expiry a token is refreshed. Default 15 minutes.</summary>
    public TimeSpan RefreshMargin { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>JSON pointer into the token answer to the provider's account id.</summary>
    public string? AccountId { get; init; }
}

/// <summary>What an authentication puts into each request; values are templates over <c>config</c>, <c>env</c> and <c>auth</c>.</summary>
public sealed record ApplyManifest
{
    /// <summary>Headers.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>Query parameters.</summary>
    public IReadOnlyDictionary<string, string> Query { get; init; } = new Dictionary<string, string>();
}
