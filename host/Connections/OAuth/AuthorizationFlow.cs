using System.Security.Cryptography;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Http;
using IntegrationHub.Schemas;
using Microsoft.AspNetCore.WebUtilities;

namespace IntegrationHub.Host.Connections.OAuth;

/// <summary>
/// The authorization-code grant, from the API call that starts it to the token: state of 256 bits that serves once and for ten minutes, bound to the browser that opened the
/// start address; PKCE; the issuer checked (RFC 6749 §4.1, RFC 7636, RFC 9207, RFC 9700). Thread-safe.
/// </summary>
internal sealed partial class AuthorizationFlow(
    IPendingAuthorizationStore pending,
    ITokenStore store,
    IRefreshLock locks,
    IConnectionStore connectionStore,
    ConnectionAccess access,
    IConnectionResolver connections,
    IProviderCatalog catalog,
    AuthorizationServers servers,
    TokenClient client,
    TokenSealer sealer,
    TokenKeeper keeper,
    ReturnUrls returnUrls,
    Health.IConnectionHealthSignal health,
    IAuditTrail audit,
    TimeProvider time,
    ILogger<AuthorizationFlow> logger)
{
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(10);
    private const int MostScopes = 100;
    private const int MaxCode = 4096;

    /// <summary>Begins: nothing is known of the browser yet.</summary>
    /// <exception cref="ProblemException">The connection cannot be authorised like that.</exception>
    public async Task<StartModel> StartAsync(Caller caller, string correlationId, string id, StartRequest request, HubAddress hub, CancellationToken cancellationToken)
    {
        var connection = await access.FindAsync(caller, id, cancellationToken);
        using var lease = catalog.Acquire(connection.Provider)
            ?? throw Problem.Conflict($"The plugin of '{connection.Provider}' is not loaded; GET /api/plugins says why.").ToException();
        if (OAuthSetup.Of(lease.Provider).WayOf(connection, lease.Provider, connections) is not { ByPerson: true } way)
            throw Problem.Conflict($"The connection '{id}' needs nobody's authorisation: the way it authenticates asks no person.", "/auth").ToException();

        var issues = new List<ValidationIssue>();
        var granted = await keeper.GrantedScopesAsync(connection, lease.Provider, cancellationToken);
        var scopes = Scopes(way, request.Scopes, granted, issues);
        if (request.ReturnUrl is { } url && returnUrls.Fault(url, hub.PublicUrl) is { } fault)
            issues.Add(new("/returnUrl", $"A browser cannot be sent there. {fault}", "Let the operator add its origin to Hub:OAuth:ReturnOrigins."));

        if (issues.Count > 0)
            throw Problem.Invalid("The authorisation cannot be started like that.", issues).ToException();

        var redirectUri = hub.CallbackOf(connection.Provider);
        var expiresAt = time.GetUtcNow() + Life;
        var handle = FlowSecrets.New();
        try
        {
            // What is wrong with the configuration is told to whoever can mend it, not to a person in a browser.
            var server = await servers.OfAsync(way, lease.Provider, connections.Open(connection, lease.Provider), cancellationToken);
            _ = server.AuthorizeUrl ?? throw new OAuthException(OAuthFaultKind.Refused, "misconfigured", "The provider's authorisation endpoint is not known.");
            server.RequireTokenUrl();
        }
        catch (OAuthException exception)
        {
            throw new Problem(StatusCodes.Status502BadGateway, "authorization_unavailable", "The authorisation cannot be started", exception.Message) { RetryAfter = exception.RetryAfter }.ToException();
        }

        await pending.AddAsync(
            new PendingAuthorization
            {
                HandleHash = FlowSecrets.Hash("handle", handle), ConnectionId = id, AuthId = way.Id, Binding = way.BindingOf(connection, lease.Provider, connections), Scopes = scopes,
                RedirectUri = redirectUri, ReturnUrl = request.ReturnUrl, Actor = caller.KeyId, ActorName = caller.Name, CorrelationId = correlationId, ExpiresAt = expiresAt,
            },
            cancellationToken);
        await audit.RecordAsync(time, caller, "connection.authorization_started", id, connection.Project, correlationId, new { scopes, returnUrl = request.ReturnUrl }, cancellationToken);
        return new StartModel($"{hub.PublicUrl}/oauth/start/{handle}", expiresAt, redirectUri, scopes);
    }

    /// <summary>What the start page says; <see langword="null"/> when the address was opened before, has ended, or never was.</summary>
    public async Task<OpenedStart?> LookAsync(string handle, CancellationToken cancellationToken)
    {
        if (!FlowSecrets.IsWellFormed(handle) || await pending.FindByHandleAsync(FlowSecrets.Hash("handle", handle), cancellationToken) is not { SessionHash: null } flow || flow.ExpiresAt <= time.GetUtcNow())
            return null;

        return await connectionStore.GetAsync(flow.ConnectionId, cancellationToken) is { } connection ? new OpenedStart(flow, connection, catalog.Find(connection.Provider)?.Manifest) : null;
    }

    /// <summary>Binds the authorisation to the browser's session and answers where to send the browser.</summary>
    /// <exception cref="FlowException">It cannot go on.</exception>
    public async Task<string> OpenAsync(OpenedStart start, string session, CancellationToken cancellationToken)
    {
        var (flow, connection) = (start.Flow, start.Connection);
        using var lease = catalog.Acquire(connection.Provider) ?? throw new FlowException("provider_not_loaded", null);
        var way = WayOf(flow, connection, lease.Provider);
        var opened = connections.Open(connection, lease.Provider);
        var server = await ServerAsync(way, lease.Provider, opened, cancellationToken);
        var state = FlowSecrets.New();
        var verifier = way.Manifest.Pkce ? FlowSecrets.New() : null;
        var query = new List<KeyValuePair<string, string?>>
        {
            new("response_type", "code"),
            new("client_id", way.Require(way.Manifest.ClientId, "client id", opened)),
            new("redirect_uri", flow.RedirectUri),
            new("state", state),
        };
        if (flow.Scopes.Count > 0)
            query.Add(new("scope", string.Join(way.Manifest.ScopeSeparator, flow.Scopes)));

        if (verifier is not null)
            query.AddRange([new("code_challenge", FlowSecrets.Challenge(verifier)), new("code_challenge_method", "S256")]);

        if (way.Render(way.Manifest.Audience, opened) is { } audience)
            query.Add(new("audience", audience));

        foreach (var (name, template) in way.Manifest.Extra)
            if (way.Render(template, opened) is { } value)
                query.Add(new(name, value));

        var bound = await pending.TryOpenAsync(
            flow.HandleHash, FlowSecrets.Hash("state", state), FlowSecrets.Hash("session", session), verifier is null ? null : sealer.SealVerifier(connection, verifier),
            server.Issuer, server.IssuerRequired, cancellationToken);
        return bound ? QueryHelpers.AddQueryString(server.AuthorizeUrl!, query) : throw new FlowException("gone", null);
    }

    private static List<string> Scopes(OAuthWay way, IReadOnlyList<string>? wanted, IReadOnlyList<string>? granted, List<ValidationIssue> issues)
    {
        if (wanted is null)
            return [.. way.ScopesToRequest(null)];

        var known = way.Manifest.Scopes.Keys.Concat(way.Manifest.AlwaysScopes).ToHashSet(StringComparer.Ordinal);
        if (wanted.Count > MostScopes)
            issues.Add(new("/scopes", "There are too many scopes."));

        for (var i = 0; i < Math.Min(wanted.Count, MostScopes); i++)
            if (wanted[i] is null or "" || wanted[i].Length > 500 || wanted[i].Any(c => c is <= ' ' or '"' or '\\' or > '~') || wanted[i].Contains(way.Manifest.ScopeSeparator, StringComparison.Ordinal))
                issues.Add(new($"/scopes/{i}", "This cannot be a scope (RFC 6749 §3.3)."));
            else if (way.Manifest.Scopes.Count > 0 && !known.Contains(wanted[i]))
                issues.Add(new($"/scopes/{i}", "The provider's manifest does not have this scope.", Suggestion.For(wanted[i], known)));

        // What is asked for replaces what was granted: somebody who adds a scope means to keep the others.
        return [.. way.ScopesToRequest([.. (granted ?? []).Where(known.Contains), .. wanted])];
    }

    private OAuthWay WayOf(PendingAuthorization flow, Connection connection, LoadedProvider provider)
    {
        var way = OAuthSetup.Of(provider).WayOf(connection, provider, connections);

        // A connection that was moved since must not carry somebody's consent elsewhere.
        return way is { ByPerson: true } && way.Id == flow.AuthId && CryptographicOperations.FixedTimeEquals(flow.Binding, way.BindingOf(connection, provider, connections))
            ? way
            : throw new FlowException("changed", flow.ReturnUrl);
    }

    private async Task<AuthorizationServer> ServerAsync(OAuthWay way, LoadedProvider provider, Adapters.ConnectionContext opened, CancellationToken cancellationToken)
    {
        try
        {
            var server = await servers.OfAsync(way, provider, opened, cancellationToken);
            return server.AuthorizeUrl is null ? throw new FlowException("unavailable", null) : server;
        }
        catch (OAuthException fault)
        {
            Log.Unavailable(logger, provider.Id, fault.Code, fault.Message);
            throw new FlowException("unavailable", null);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3521, LogLevel.Warning, "The authorisation server of {Provider} cannot be used: {Code}. {Message}")]
        public static partial void Unavailable(ILogger logger, string provider, string code, string message);

        [LoggerMessage(3522, LogLevel.Warning, "An authorisation came back and was refused: {Reason}")]
        public static partial void Refused(ILogger logger, string reason);

        [LoggerMessage(3523, LogLevel.Warning, "An authorisation at {Provider} came back and was refused: {Reason}")]
        public static partial void RefusedOf(ILogger logger, string provider, string reason);

        [LoggerMessage(3524, LogLevel.Information, "The authorisation of connection {Connection} came back once more")]
        public static partial void Again(ILogger logger, string connection);
    }
}

/// <summary>Where the hub is, as browsers and providers see it.</summary>
/// <param name="PublicUrl">Without a trailing slash.</param>
/// <param name="PerProvider">Whether each provider has a callback of its own.</param>
internal sealed record HubAddress(string PublicUrl, bool PerProvider)
{
    public string CallbackOf(string provider) => PerProvider ? PublicUrl + CallbackPath(provider) : $"{PublicUrl}/oauth/callback";

    /// <summary>Where a provider's own callback is.</summary>
    public static string CallbackPath(string provider) => $"/oauth/callback/{Uri.EscapeDataString(provider)}";
}

/// <summary>A start address that was opened.</summary>
internal sealed record OpenedStart(PendingAuthorization Flow, Connection Connection, Manifests.ProviderManifest? Provider);

/// <summary>An authorisation cannot go on. What a browser sees of it is a text of the hub's own.</summary>
/// <param name="code">A stable word.</param>
/// <param name="returnUrl">Where the browser may be sent with it; <see langword="null"/> when it must not be sent anywhere.</param>
internal sealed class FlowException(string code, string? returnUrl) : Exception(code)
{
    public string Code { get; } = code;

    public override string Message => Provider is { } provider ? $"{Code} ({provider})" : Code;

    /// <summary>The provider's name, for people; <see langword="null"/> while nobody knows whose browser it is.</summary>
    public string? Provider { get; set; }

    public string? ReturnUrl { get; } = returnUrl;

    /// <summary>The error that the provider answered, printable.</summary>
    public string? ProviderCode { get; init; }

    /// <summary>What it said of it, printable. Apart from the code, which is Latin script and would decide the direction of words in another.</summary>
    public string? ProviderWords { get; init; }

    /// <summary>What the hub says of it, in English: for whoever runs it, and not put into the provider's mouth.</summary>
    public string? Detail { get; init; }

    /// <summary>Whether a browser is told nothing of the <see cref="Detail"/>.</summary>
    public bool IsDetailPrivate { get; init; }
}
