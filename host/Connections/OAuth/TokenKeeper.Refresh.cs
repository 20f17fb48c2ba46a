using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Insights;

namespace IntegrationHub.Host.Connections.OAuth;

internal sealed partial class TokenKeeper
{
    /// <summary>The provider refused the token itself, which cannot be refreshed.</summary>
    private const string Refused = "token_refused";

    private const int StoreTries = 4;
    private static readonly TimeSpan StorePause = TimeSpan.FromSeconds(1);

    /// <summary>Tokens that the provider gave and the store did not take: the refresh token stored is spent, so these must not be lost.</summary>
    private readonly ConcurrentDictionary<string, TokenRecord> unsaved = new(StringComparer.Ordinal);

    /// <summary>Under the lock.</summary>
    private async Task<TokenRecord> RefreshAsync(OAuthCall call, Connection connection, byte[]? refused, bool early)
    {
        if (unsaved.TryGetValue(connection.Id, out var waiting))
            await StoreAsync(waiting);

        // Whoever waited for the lock finds what the one before has brought.
        var record = await store.GetAsync(connection.Id, CancellationToken.None);
        var now = time.GetUtcNow();
        var binding = call.Way.BindingOf(connection, call.Provider, connections);
        var usable = record is not null && IsUsable(record, call.Way, binding, now);
        if (usable && !IsSame(record!, refused) && !(early && record!.RefreshAt <= now))
        {
            Forget(connection.Id);
            return record!;
        }

        var own = record is not null && record.AuthId == call.Way.Id && record.Binding.AsSpan().SequenceEqual(binding);
        if (own && now < record!.RetryAt)
            throw new OAuthException(
                OAuthFaultKind.Transient, record.Fault?.Code ?? "unavailable", $"{record.Fault?.Message ?? "The last try failed."} The hub tries again later.", record.RetryAt - now);

        try
        {
            var grant = call.Way.ByPerson ? await RefreshGrantAsync(call, connection, own ? record : null, refused) : await client.ObtainAsync(call, CancellationToken.None);
            return await KeepAsync(call, connection, record, own ? record : null, binding, grant, now);
        }
        catch (OAuthException fault)
        {
            await NoteAsync(call, connection, record, own, binding, fault, now);
            throw;
        }
    }

    private Task<TokenGrant> RefreshGrantAsync(OAuthCall call, Connection connection, TokenRecord? record, byte[]? refused)
    {
        if (record?.Sealed is null)
            throw new OAuthException(OAuthFaultKind.Reauthorize, "not_authorized", "The connection is not authorised, or was moved to another address or client since.");

        if (record.State == TokenState.ReauthorizationRequired)
            throw new OAuthException(OAuthFaultKind.Reauthorize, record.Fault?.Code ?? "reauthorization_required", record.Fault?.Message ?? "The provider no longer accepts what it granted.");

        if (sealer.Open(connection, record).RefreshToken is { } token)
            return client.RefreshAsync(call, token, CancellationToken.None);

        throw IsSame(record, refused)
            ? new OAuthException(OAuthFaultKind.Reauthorize, Refused, "The provider refused the token, and gave none to refresh it with.")
            : new OAuthException(OAuthFaultKind.Reauthorize, "expired", "The token has ended, and the provider gave none to refresh it with.");
    }

    private async Task<TokenRecord> KeepAsync(OAuthCall call, Connection connection, TokenRecord? stored, TokenRecord? former, byte[] binding, TokenGrant grant, DateTimeOffset asked)
    {
        var old = former?.Sealed is null ? null : sealer.Open(connection, former);
        var fresh = RecordOf(call.Way, connection, binding, grant, asked, old) with
        {
            Scopes = grant.Scopes ?? former?.Scopes,
            AccountId = grant.AccountId ?? former?.AccountId,
            GrantEndsAt = grant.GrantLifetime is { } left ? asked + left : former?.GrantEndsAt,
            Version = (stored?.Version ?? 0) + 1,
        };
        var kept = await StoreAsync(fresh);
        Log.Refreshed(logger, connection.Id);
        audit.RecordSoon(Entry(connection, "connection.token_refreshed", new { grant = call.Way.ByPerson ? "refresh_token" : call.Way.Id }));
        if (stored?.Fault is not null)
            health.Changed(connection.Id);

        return kept;
    }

    /// <summary>The record of a grant. A provider that gives no new refresh token means that the old one stays (RFC 6749 §6).</summary>
    public TokenRecord RecordOf(OAuthWay way, Connection connection, byte[] binding, TokenGrant grant, DateTimeOffset asked, TokenSet? old)
    {
        var values = new Dictionary<string, string>(old?.Values ?? new Dictionary<string, string>(), StringComparer.Ordinal);
        foreach (var (name, value) in grant.Tokens.Values)
            values[name] = value;

        var tokens = grant.Tokens with { RefreshToken = grant.Tokens.RefreshToken ?? old?.RefreshToken, Values = values };
        var life = grant.Lifetime ?? way.Manifest.TokenLifetime;
        return new TokenRecord
        {
            ConnectionId = connection.Id,
            AuthId = way.Id,
            ByPerson = way.ByPerson,
            Binding = binding,
            Sealed = sealer.Seal(connection, tokens),
            Scopes = grant.Scopes,
            AccountId = grant.AccountId,
            ObtainedAt = asked,
            ExpiresAt = asked + life,
            RefreshAt = life is { } lives && (!way.ByPerson || tokens.RefreshToken is not null) ? asked + lives - MarginOf(way.Manifest.RefreshMargin, lives) : null,
            GrantEndsAt = grant.GrantLifetime is { } left ? asked + left : null,
            LastRefreshAt = time.GetUtcNow(),
        };
    }

    // A tenth earlier by chance: a thousand connections authorised in one minute are not refreshed in one second.
    private static TimeSpan MarginOf(TimeSpan margin, TimeSpan life)
    {
        var wanted = margin < life / 2 ? margin : life / 2;
        return wanted + (wanted / 10 * (RandomNumberGenerator.GetInt32(1001) / 1000d));
    }

    /// <summary>Makes a new token durable before anybody uses it: until then the refresh token in the store may be one that the provider takes no more.</summary>
    /// <exception cref="OAuthException">The store takes nothing for now.</exception>
    private async Task<TokenRecord> StoreAsync(TokenRecord fresh)
    {
        for (var tries = 1; ; tries++)
            try
            {
                var saved = await store.TrySaveAsync(fresh, CancellationToken.None);
                unsaved.TryRemove(fresh.ConnectionId, out _);
                Forget(fresh.ConnectionId);
                if (saved)
                    return fresh;

                // A person authorised anew meanwhile, or the connection is gone: what is stored is right.
                return await store.GetAsync(fresh.ConnectionId, CancellationToken.None)
                    ?? throw new OAuthException(OAuthFaultKind.Reauthorize, "not_authorized", "The connection is gone, or its authorisation was revoked meanwhile.");
            }
            catch (Exception fault) when (fault is not OAuthException)
            {
                unsaved[fresh.ConnectionId] = fresh;
                if (tries == StoreTries)
                {
                    Log.NotStored(logger, fault, fresh.ConnectionId);
                    throw new OAuthException(OAuthFaultKind.Transient, "storage", "The hub could not store the new token. It tries again with the next call.", StorePause);
                }

                await Task.Delay(StorePause, time, CancellationToken.None);
            }
    }

    /// <summary>Records a failure. The last good token stays, and is used until its end.</summary>
    private async Task NoteAsync(OAuthCall call, Connection connection, TokenRecord? record, bool own, byte[] binding, OAuthException fault, DateTimeOffset now)
    {
        var lost = fault.Kind == OAuthFaultKind.Reauthorize && call.Way.ByPerson;
        Log.NoToken(logger, connection.Id, fault.Code, fault.Message);

        // Nothing was granted yet, nothing is lost; and what was known stays known.
        if (fault.Code == "storage" || (lost && (record is null || record.AuthId != call.Way.Id || (record.State == TokenState.ReauthorizationRequired && record.Fault is not null))))
            return;

        var known = record is not null && (own || call.Way.ByPerson)
            ? record
            : new TokenRecord { ConnectionId = connection.Id, AuthId = call.Way.Id, ByPerson = call.Way.ByPerson, Binding = binding, Version = record?.Version ?? 0 };
        var wait = fault.RetryAfter is { } stated && stated > PauseAfterFailure ? stated : PauseAfterFailure;
        var noted = known with
        {
            State = lost ? TokenState.ReauthorizationRequired : known.State,
            Fault = new TokenFault(fault.Code, fault.Message, now, (known.Fault?.Count ?? 0) + 1),
            RetryAt = lost ? null : now + wait,
            RefreshAt = lost ? null : known.RefreshAt,
            Version = known.Version + 1,
        };
        try
        {
            if (!await store.TrySaveAsync(noted, CancellationToken.None))
                return;
        }
        catch (Exception storage) when (storage is not OAuthException)
        {
            // The failure is told to the caller all the same; without the record the provider is only asked again sooner.
            Log.NotStored(logger, storage, connection.Id);
            return;
        }
        finally
        {
            Forget(connection.Id);
        }

        if (lost)
            await AnnounceAsync(connection, fault);

        health.Changed(connection.Id);
    }

    // The store took the change of state from one only, so it is told once.
    private async Task AnnounceAsync(Connection connection, OAuthException fault)
    {
        audit.RecordSoon(Entry(connection, "connection.reauthorization_required", new { code = fault.Code }));
        await events.PublishAsync(
            new HubNotice
            {
                Type = "connection.reauthorization_required",
                Project = connection.Project,
                Environment = connection.Environment,
                Subject = connection.Id,
                CorrelationId = Ids.New("corr", time),
                Data = new
                {
                    connection = connection.Id,
                    connection.Provider,
                    connection.Alias,
                    code = fault.Code,
                    reason = fault.Message,
                    repair = $"Authorise it again: POST /api/connections/{connection.Id}/oauth/start.",
                },
            },
            CancellationToken.None);
    }

    private AuditEntry Entry(Connection connection, string action, object details) => new()
    {
        Time = time.GetUtcNow(),
        Actor = Caller.System.KeyId,
        Action = action,
        Target = connection.Id,
        Project = connection.Project,
        Details = JsonSerializer.SerializeToElement(details, HubJson.Options),
    };
}
