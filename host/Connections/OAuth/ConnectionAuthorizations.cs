using System.ComponentModel;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Connections.Health;

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
internal sealed class ConnectionAuthorizations(ITokenStore store, TokenKeeper keeper, IProviderCatalog catalog, IConnectionResolver connections, TimeProvider time) : IConnectionHealthSource
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
            NotAuthorized when way.ByPerson => new(ConnectionHealthState.NeedsReauthorization, NotAuthorized, "Nobody has authorised the connection yet.", repair),
            _ when record?.Fault is { } fault => new(
                now < record.ExpiresAt ? ConnectionHealthState.Degraded : ConnectionHealthState.Failing, "token_refresh_failed", fault.Message,
                "If it does not pass by itself, check the client id and secret of the connection, and the provider's status page."),
            _ when record?.GrantEndsAt is { } end && end - now < EndsSoon => new(
                ConnectionHealthState.Degraded, "grant_ends", $"What the provider granted ends on {end:yyyy-MM-dd}.", repair),
            _ => null,
        };
    }

    private OAuthWay? WayOf(Connection connection) =>
        catalog.Find(connection.Provider) is { } provider ? OAuthSetup.Of(provider).WayOf(connection, provider, connections) : null;

    private AuthorizationModel ModelOf(Connection connection, OAuthWay way, TokenRecord? record)
    {
        if (record is null || record.AuthId != way.Id)
            return new(NotAuthorized, null, null, null, null, null);

        var provider = catalog.Find(connection.Provider);
        var moved = way.ByPerson && provider is not null && !record.Binding.AsSpan().SequenceEqual(way.BindingOf(connection, provider, connections));
        var error = record.Fault is { } fault ? new AuthorizationError(fault.Code, fault.Message, fault.At, record.RetryAt) : null;
        if (moved)
            return new(Lost, null, record.Scopes, record.AccountId, record.LastRefreshAt,
                error ?? new("moved", "The connection was moved to another address or client, and its tokens did not follow.", connection.UpdatedAt, null));

        var state = record.State == TokenState.ReauthorizationRequired ? Lost : record.Sealed is null ? NotAuthorized : Authorized;
        return new(state, record.Sealed is null ? null : record.ExpiresAt, record.Scopes, record.AccountId, record.LastRefreshAt, error);
    }
}
