using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Egress;
using IntegrationHub.Manifests;
using IntegrationHub.Templates;

namespace IntegrationHub.Host.Connections.OAuth;

/// <summary>The ways of a provider that obtain tokens, prepared once. Immutable; remembered weakly, so it keeps no plugin loaded.</summary>
internal sealed class OAuthSetup
{
    private static readonly ConditionalWeakTable<LoadedProvider, OAuthSetup> Prepared = [];

    private readonly List<OAuthWay> ways;
    private readonly bool only;

    // Choosing among several ways takes the opened config: once per copy of the connection in memory, not once per call.
    private readonly ConditionalWeakTable<Connection, StrongBox<OAuthWay?>> chosen = [];

    private OAuthSetup(LoadedProvider provider)
    {
        ways = [.. provider.Manifest.Auth.Where(OAuthWay.Handles).Select(auth => new OAuthWay(auth, provider.Manifest.Config))];
        only = ways.Count == 1 && provider.Manifest.Auth.Count == 1;
    }

    public static OAuthSetup Of(LoadedProvider provider) => Prepared.GetValue(provider, static loaded => new OAuthSetup(loaded));

    /// <summary>The way the connection uses, when it is one that obtains tokens.</summary>
    public OAuthWay? WayOf(Connection connection, LoadedProvider provider, IConnectionResolver connections)
    {
        if (ways.Count == 0)
            return null;

        if (only)
            return connection.AuthId is null || connection.AuthId == ways[0].Id ? ways[0] : null;

        if (connection.AuthId is { } id)
            return ways.Find(way => way.Id == id);

        if (chosen.TryGetValue(connection, out var known))
            return known.Value;

        var way = connections.Open(connection, provider).AuthId is { } found ? ways.Find(candidate => candidate.Id == found) : null;
        chosen.AddOrUpdate(connection, new StrongBox<OAuthWay?>(way));
        return way;
    }
}

/// <summary>One way that obtains tokens, with its templates compiled. Immutable.</summary>
internal sealed class OAuthWay
{
    private readonly Dictionary<string, Template> templates = new(StringComparer.Ordinal);

    // The copy of a connection in memory is immutable and replaced when it changes, so its binding is worked out once per copy.
    private readonly ConditionalWeakTable<Connection, byte[]> bindings = [];

    public OAuthWay(AuthManifest manifest, JsonElement? config)
    {
        Manifest = manifest.WithDefaults(config);
        var assertion = Manifest.Assertion;
        foreach (var text in new[]
        {
            Manifest.ClientId, Manifest.ClientSecret, Manifest.Issuer, Manifest.Discovery, Manifest.AuthorizeUrl, Manifest.TokenUrl, Manifest.RevokeUrl, Manifest.Audience,
            assertion?.Credentials, assertion?.Issuer, assertion?.Subject, assertion?.Audience, assertion?.PrivateKey, assertion?.KeyId,
        }.Concat(Manifest.Extra.Values).Concat(Manifest.TokenParams.Values).Concat(assertion?.Headers.Values ?? []).Concat(assertion?.Claims.Values ?? []).OfType<string>())
            templates.TryAdd(text, Template.Compile(text));

        Answer = new TokenAnswerReader(Manifest);
    }

    public AuthManifest Manifest { get; }

    public string Id => Manifest.Id!;

    /// <summary>Whether a person must consent.</summary>
    public bool ByPerson => Manifest.NeedsConsent();

    public TokenAnswerReader Answer { get; }

    /// <summary>Whether the hub obtains the token; else the plugin's own code does.</summary>
    public static bool Handles(AuthManifest auth) => auth.Type == AuthType.Oauth2 || (auth.Type == AuthType.JwtBearer && auth.Assertion is not null);

    /// <summary>Renders a template of the manifest over a connection; <see langword="null"/> when there is none, or a value is missing.</summary>
    /// <exception cref="OAuthException">A pipe cannot work on a value.</exception>
    public string? Render(string? template, ConnectionContext connection)
    {
        if (template is null)
            return null;

        try
        {
            return templates[template].RenderText(new TemplateScope().Set("config", connection.Config).Set("env", connection.EnvironmentValues));
        }
        catch (TemplateException)
        {
            throw new OAuthException(OAuthFaultKind.Refused, "misconfigured", "The connection's config does not fit what the manifest makes of it for its authorisation.");
        }
    }

    /// <summary>Renders what cannot be missing.</summary>
    /// <exception cref="OAuthException">It is.</exception>
    public string Require(string? template, string what, ConnectionContext connection) =>
        Render(template, connection) is { Length: > 0 } value
            ? value
            : throw new OAuthException(OAuthFaultKind.Refused, "misconfigured", $"The connection has no {what}. Complete its config.");

    /// <summary>The scopes to ask for: the caller's or the manifest's own, and those that always go along.</summary>
    public IReadOnlyList<string> ScopesToRequest(IReadOnlyList<string>? wanted)
    {
        IEnumerable<string> own = Manifest.DefaultScopes.Count > 0 ? Manifest.DefaultScopes : Manifest.Scopes.Keys;
        return [.. (wanted ?? own).Concat(Manifest.AlwaysScopes).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>What decides where tokens of this connection go, and whose they are.</summary>
    public byte[] BindingOf(Connection connection, LoadedProvider provider, IConnectionResolver connections) =>
        bindings.TryGetValue(connection, out var known) ? known : bindings.GetValue(connection, _ => Hash(connection, provider, connections.Open(connection, provider)));

    private byte[] Hash(Connection connection, LoadedProvider provider, ConnectionContext opened)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(Id);
        Append(Render(Manifest.ClientId, opened) ?? "");
        Append(connection.BaseUrlOverride ?? "");
        foreach (var field in ProviderSetup.Of(provider).AddressFields.Order(StringComparer.Ordinal))
        {
            Append(field);
            Append(opened.Config.TryGetProperty(field, out var value) ? value.GetRawText() : "");
        }

        return hash.GetHashAndReset();

        void Append(string text)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            hash.AppendData(BitConverter.GetBytes(bytes.Length));
            hash.AppendData(bytes);
        }
    }
}

/// <summary>HTTP to the authorisation servers of providers, behind the same allow-lists as their operations.</summary>
internal sealed class OAuthHttp(EgressHandlers handlers, AddressPolicy policy)
{
    private readonly ConditionalWeakTable<LoadedProvider, ProviderHttp> prepared = [];

    /// <summary>A client for one call; dispose it, the connections stay.</summary>
    public HttpClient Create(LoadedProvider provider, ConnectionContext connection) =>
        prepared.GetValue(provider, loaded => new ProviderHttp(loaded.Manifest.Network, handlers, policy)).CreateClient(connection);
}

/// <summary>What a failed request for a token means.</summary>
internal enum OAuthFaultKind
{
    /// <summary>A person must authorise again.</summary>
    Reauthorize,

    /// <summary>The provider is away or busy: later it may work as it is.</summary>
    Transient,

    /// <summary>The provider or the hub refuses what the connection is configured with.</summary>
    Refused,
}

/// <summary>A token could not be had. The message is fit for callers and holds no secret.</summary>
internal sealed class OAuthException(OAuthFaultKind kind, string code, string message, TimeSpan? retryAfter = null) : Exception(message)
{
    public OAuthFaultKind Kind { get; } = kind;

    public string Code { get; } = code;

    public TimeSpan? RetryAfter { get; } = retryAfter;
}
