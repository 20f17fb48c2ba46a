using System.ComponentModel;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Connections.Health;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Connections.OAuth;

/// <summary>Where the authorisation of a connection stands, as the API shows it. Never a token.</summary>
internal sealed record AuthorizationModel(
    [property: Description("not_authorized, authorized or reauthorization_required.")] string State,
    DateTimeOffset? ExpiresAt,
    IReadOnlyList<string>? Scopes,
    string? AccountId,
    DateTimeOffset? LastRefreshAt,
    AuthorizationError? Error);

/// <summary>What went wrong last.</summary>
internal sealed record AuthorizationError(string Code, string Message, DateTimeOffset At, DateTimeOffset? RetryAt);

/// <summary>Tells where authorisations stand. Asks no provider. Thread-safe.</summary>
internal sealed class ConnectionAuthorizations(ITokenStore store, TokenKeeper keeper, IProviderCatalog catalog, IConnectionResolver connections, TokenSealer sealer, TimeProvider time)
    : IConnectionHealthSource
{
    private const string NotAuthorized = "not_authorized";
    private const string Authorized = "authorized";
    private const string Lost = "reauthorization_required";
    private static readonly TimeSpan EndsSoon = TimeSpan.FromDays(7);

    /// <summary>By connection; those that use no way that obtains tokens are absent.</summary>
    public async Task<IReadOnlyDictionary<string, AuthorizationModel>> OfAsync(IReadOnlyCollection<Connection> all, CancellationToken cancellationToken)
    {
        var users = all.Select(connection => (Connection: connection, Way: WayOf(connection))).Where(pair => pair.Way is not null).ToList();
        if (users.Count == 0)
            return new Dictionary<string, AuthorizationModel>();

        var records = (await store.ListAsync([.. users.Select(pair => pair.Connection.Id)], cancellationToken)).ToDictionary(record => record.ConnectionId, StringComparer.Ordinal);
        return users.ToDictionary(pair => pair.Connection.Id, pair => ModelOf(pair.Connection, pair.Way!, records.GetValueOrDefault(pair.Connection.Id)), StringComparer.Ordinal);
    }

    public async ValueTask<HealthFinding?> FindAsync(Connection connection, CancellationToken cancellationToken)
    {
        if (WayOf(connection) is not { } way)
            return null;

        var record = await keeper.FindAsync(connection.Id, cancellationToken);
        var model = ModelOf(connection, way, record);
        var now = time.GetUtcNow();
        var repair = $"Authorise it: POST /api/connections/{connection.Id}/oauth/start, and open the address it answers.";
        return model.State switch
        {
            Lost => new(ConnectionHealthState.NeedsReauthorization, model.Error?.Code ?? Lost, model.Error?.Message ?? "The provider no longer accepts what it granted.", repair),
            _ when record is { Sealed: not null } && !Opens(connection, record) => new(
                way.ByPerson ? ConnectionHealthState.NeedsReauthorization : ConnectionHealthState.Failing, ConnectionSecrets.UnreadableCode,
                "The stored tokens of the connection cannot be read.",
                way.ByPerson ? repair : $"Forget them, so that the hub obtains new ones: POST /api/connections/{connection.Id}/oauth/revoke with {{ \"force\": true }}."),
            NotAuthorized when way.ByPerson => new(ConnectionHealthState.NeedsReauthorization, NotAuthorized, "Nobody has authorised the connection yet.", repair),
            _ when record?.Fault is { } fault => new(
                now < record.ExpiresAt ? ConnectionHealthState.Degraded : ConnectionHealthState.Failing, "token_refresh_failed", fault.Message,
                "If it does not pass by itself, check the client id and secret of the connection, and the provider's status page."),
            _ when record?.GrantEndsAt is { } end && end - now < EndsSoon => new(
                ConnectionHealthState.Degraded, "grant_ends", $"What the provider granted ends on {end:yyyy-MM-dd}.", repair),
            _ => null,
        };
    }

    private bool Opens(Connection connection, TokenRecord record)
    {
        try
        {
            sealer.Open(connection, record);
            return true;
        }
        catch (ProblemException)
        {
            return false;
        }
    }

    // A list of connections is not to fail because one of them does not open; its health says that it does not.
    private OAuthWay? WayOf(Connection connection)
    {
        try
        {
            return catalog.Find(connection.Provider) is { } provider ? OAuthSetup.Of(provider).WayOf(connection, provider, connections) : null;
        }
        catch (ProblemException)
        {
            return null;
        }
    }

    private bool HasMoved(Connection connection, OAuthWay way, TokenRecord record)
    {
        try
        {
            return way.ByPerson && catalog.Find(connection.Provider) is { } provider && !record.Binding.AsSpan().SequenceEqual(way.BindingOf(connection, provider, connections));
        }
        catch (Exception fault) when (fault is ProblemException or OAuthException)
        {
            return false;
        }
    }

    private AuthorizationModel ModelOf(Connection connection, OAuthWay way, TokenRecord? record)
    {
        if (record is null || record.AuthId != way.Id)
            return new(NotAuthorized, null, null, null, null, null);

        var error = record.Fault is { } fault ? new AuthorizationError(fault.Code, fault.Message, fault.At, record.RetryAt) : null;
        if (HasMoved(connection, way, record))
            return new(Lost, null, record.Scopes, record.AccountId, record.LastRefreshAt,
                error ?? new("moved", "The connection was moved to another address or client, and its tokens did not follow.", connection.UpdatedAt, null));

        var state = record.State == TokenState.ReauthorizationRequired ? Lost : record.Sealed is null ? NotAuthorized : Authorized;
        return new(state, record.Sealed is null ? null : record.ExpiresAt, record.Scopes, record.AccountId, record.LastRefreshAt, error);
    }
}
