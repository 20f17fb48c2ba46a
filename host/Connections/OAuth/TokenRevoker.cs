using IntegrationHub.Host.Access;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Connections.OAuth;

/// <summary>Gives back what a connection was granted (RFC 7009). Thread-safe.</summary>
internal sealed class TokenRevoker(
    ITokenStore store,
    IRefreshLock locks,
    TokenClient client,
    TokenSealer sealer,
    TokenKeeper keeper,
    ConnectionAccess access,
    IConnectionResolver connections,
    IProviderCatalog catalog,
    IAuditTrail audit,
    TimeProvider time) : IConnectionFarewell
{
    private static readonly TimeSpan FarewellTime = TimeSpan.FromSeconds(10);

    /// <summary>Revokes at the provider, then forgets. When the provider does not revoke, nothing is forgotten unless the caller insists.</summary>
    /// <exception cref="ProblemException">There is nothing to revoke, or the provider did not.</exception>
    public async Task<RevocationModel> RevokeAsync(Caller caller, string correlationId, string id, bool force, CancellationToken cancellationToken)
    {
        var connection = await access.FindAsync(caller, id, cancellationToken);

        // A refresh that runs meanwhile would bring a new token after the old one was revoked.
        await using var held = await locks.AcquireAsync(id, cancellationToken);
        if (await store.GetAsync(id, cancellationToken) is not { } record)
            throw Problem.Conflict($"The connection '{id}' holds no token that could be revoked.").ToException();

        // From here on it goes through, whether the caller waits or not: a token that was revoked at the provider must not be kept as a good one. Requests to it have their own deadlines.
        var (revoked, why) = await TryRevokeAsync(connection, record, CancellationToken.None);
        if (!revoked && why is not null && !force)
        {
            await audit.RecordAsync(time, caller, "connection.revocation_failed", id, connection.Project, correlationId, new { reason = why }, CancellationToken.None);
            throw new Problem(StatusCodes.Status502BadGateway, "not_revoked", "Not revoked", $"{why} The tokens are kept, so that it can be tried again; {{ \"force\": true }} forgets them all the same.").ToException();
        }

        await store.DeleteAsync(id, CancellationToken.None);
        keeper.Forget(id);
        await audit.RecordAsync(time, caller, "connection.authorization_revoked", id, connection.Project, correlationId, new { atProvider = revoked, reason = why, force }, CancellationToken.None);
        return new RevocationModel(revoked, revoked ? null : why ?? "The provider has no revocation endpoint: the hub has forgotten the tokens; end the grant in the provider's own settings.");
    }

    /// <summary>Before a connection is deleted. A provider that does not answer does not keep it from being deleted.</summary>
    public async Task<object?> LeaveAsync(Connection connection, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(FarewellTime, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            await using var held = await locks.AcquireAsync(connection.Id, either.Token);
            if (await store.GetAsync(connection.Id, cancellationToken) is not { } record)
                return null;

            // A caller that hangs up now does not keep the connection from being deleted: its tokens may be revoked already.
            var (revoked, why) = await TryRevokeAsync(connection, record, patience.Token);
            keeper.Forget(connection.Id);
            return new { revoked, reason = why };
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            return new { revoked = false, reason = "The provider did not answer in time." };
        }
    }

    private async Task<(bool Revoked, string? Why)> TryRevokeAsync(Connection connection, TokenRecord record, CancellationToken cancellationToken)
    {
        if (record.Sealed is null)
            return (false, null);

        using var lease = catalog.Acquire(connection.Provider);
        if (lease is null)
            return (false, $"The plugin of '{connection.Provider}' is not loaded.");

        if (OAuthSetup.Of(lease.Provider).WayOf(connection, lease.Provider, connections) is not { } way || way.Id != record.AuthId)
            return (false, "The connection uses another way to authenticate by now.");

        // Tokens go nowhere but where they were granted.
        if (!record.Binding.AsSpan().SequenceEqual(way.BindingOf(connection, lease.Provider, connections)))
            return (false, "The connection was moved to another address or client since.");

        try
        {
            var call = new OAuthCall(way, lease.Provider, connections.Open(connection, lease.Provider));
            var tokens = sealer.Open(connection, record);

            // The refresh token first: with it the grant ends, whatever becomes of the rest.
            if (tokens.RefreshToken is { } refresh && !await client.RevokeAsync(call, refresh, "refresh_token", cancellationToken))
                return (false, null);

            try
            {
                return (await client.RevokeAsync(call, tokens.AccessToken, "access_token", cancellationToken), null);
            }
            catch (OAuthException) when (tokens.RefreshToken is not null)
            {
                // Servers may know refresh tokens only (RFC 7009 §2.2.1): the grant has ended, and the access token ends by itself.
                return (true, null);
            }
        }
        catch (Exception fault) when (fault is OAuthException or ProblemException)
        {
            return (false, fault.Message);
        }
    }
}

/// <summary>What became of a revocation.</summary>
internal sealed record RevocationModel(bool Revoked, string? Detail);
