using System.Security.Cryptography;
using IntegrationHub.Host.Access;

namespace IntegrationHub.Host.Connections.OAuth;

internal sealed partial class AuthorizationFlow
{
    private readonly FlowEndings endings = new(time, Life);

    /// <summary>
    /// Ends an authorisation: the provider has sent the browser back. Its state serves once: a browser that comes with it again (a double click, a page reloaded) gets the outcome of the first
    /// time, and anybody else is told that there is nothing left to do.
    /// </summary>
    /// <returns>Where to send the browser, if anywhere, and the connection.</returns>
    /// <exception cref="FlowException">It is refused. Its state is spent.</exception>
    public async Task<Finished> FinishAsync(CallbackRequest request)
    {
        if (!FlowSecrets.IsWellFormed(request.State))
            throw Refuse("unknown_state", null);

        var hash = FlowSecrets.Hash("state", request.State!);
        if (!endings.TryBegin(hash, out var ending))
            return await AgainAsync(ending, request);

        try
        {
            // From here on it goes through, whether the browser waits or not: a second click breaks off the first request, and the state is spent.
            if (await pending.TakeAsync(hash, CancellationToken.None) is not { } flow)
                throw Refuse("unknown_state", null);

            request.Took(flow);
            if (flow.ExpiresAt <= time.GetUtcNow())
                throw Refuse("expired", null);

            // Until the cookie is checked nobody knows whose browser this is: it is not sent anywhere, and told nothing of the provider's.
            if (!IsOfSession(request, flow))
                throw Refuse("other_session", null);

            ending.Took(flow);
            var finished = await FinishAsync(request, flow);
            ending.End(finished, null);
            return finished;
        }
        catch (Exception fault)
        {
            endings.End(hash, ending, fault);
            throw;
        }
    }

    private async Task<Finished> FinishAsync(CallbackRequest request, PendingAuthorization flow)
    {
        if (await connectionStore.GetAsync(flow.ConnectionId, CancellationToken.None) is not { } connection)
            throw Refuse("gone", flow.ReturnUrl);

        // The caller that began it, from the address of the browser that ends it.
        var actor = new Caller(flow.Actor, flow.ActorName, HubRole.Developer, null) { Address = request.Address };
        try
        {
            CheckSender(request, flow, connection);
            return await RedeemAsync(request, flow, connection, actor);
        }
        catch (FlowException fault)
        {
            fault.Provider = catalog.Find(connection.Provider)?.Manifest.Name ?? connection.Provider;
            Log.RefusedOf(logger, fault.Provider, fault.Code);
            await audit.RecordAsync(
                time, actor, "connection.authorization_failed", connection.Id, connection.Project, flow.CorrelationId,
                new { code = fault.Code, provider = fault.ProviderWords is { } words ? $"{fault.ProviderCode}: {words}" : fault.ProviderCode, detail = fault.Detail }, CancellationToken.None);
            throw;
        }
    }

    private async Task<Finished> AgainAsync(FlowEnding ending, CallbackRequest request)
    {
        if (await ending.Taken is not { } flow)
            throw Refuse("unknown_state", null);

        Log.Again(logger, flow.ConnectionId);
        request.Took(flow);
        if (IsOfSession(request, flow))
        {
            var (finished, failure) = await ending.Outcome;
            return finished ?? throw failure!;
        }

        // Its cookie went with the first answer, or it is another browser: it is told no more than that.
        throw new FlowException(!ending.Outcome.IsCompleted ? "in_progress" : (await ending.Outcome).Finished is not null ? "already_done" : "unknown_state", null);
    }

    private static bool IsOfSession(CallbackRequest request, PendingAuthorization flow) =>
        request.Session is { } session && flow.SessionHash is { } hash && CryptographicOperations.FixedTimeEquals(FlowSecrets.Hash("session", session), hash);

    private static void CheckSender(CallbackRequest request, PendingAuthorization flow, Connection connection)
    {
        // RFC 9207 §2.4, and where there is no iss, RFC 9700 §4.4.2.2: another server's answer must not be taken to this one's token endpoint.
        if (request.Issuer is not null && flow.Issuer is not null && request.Issuer != flow.Issuer)
            throw new FlowException("wrong_issuer", flow.ReturnUrl);

        if (request.Issuer is null && flow.IssuerRequired)
            throw new FlowException("wrong_issuer", flow.ReturnUrl);

        // An authorisation that has a callback of its provider's own ends there, not at the one that all could share.
        if (request.Provider is null ? flow.RedirectUri.EndsWith(HubAddress.CallbackPath(connection.Provider), StringComparison.Ordinal) : request.Provider != connection.Provider)
            throw new FlowException("wrong_issuer", flow.ReturnUrl);

        if (request.Error is { } error)
            throw new FlowException(error is "access_denied" ? "denied" : "provider_error", flow.ReturnUrl)
            {
                ProviderCode = TokenAnswerReader.Printable(error), ProviderWords = request.ErrorDescription is { Length: > 0 } words ? TokenAnswerReader.Printable(words) : null,
            };

        if (request.Code is not { Length: > 0 and <= MaxCode })
            throw new FlowException("no_code", flow.ReturnUrl);
    }

    private async Task<Finished> RedeemAsync(CallbackRequest request, PendingAuthorization flow, Connection connection, Caller actor)
    {
        using var lease = catalog.Acquire(connection.Provider) ?? throw new FlowException("provider_not_loaded", flow.ReturnUrl);
        var way = WayOf(flow, connection, lease.Provider);
        var call = new OAuthCall(way, lease.Provider, connections.Open(connection, lease.Provider));
        var asked = time.GetUtcNow();
        TokenGrant grant;
        try
        {
            // A browser that goes away now must not lose what its person just granted.
            var verifier = flow.SealedVerifier is { } value ? sealer.OpenVerifier(connection, value) : null;
            grant = await client.RedeemAsync(call, request.Code!, flow.RedirectUri, verifier, CancellationToken.None);
        }
        catch (OAuthException fault)
        {
            // Which addresses the hub may call is for the operator: the audit has it, the browser of anybody who consents does not.
            throw new FlowException(fault.Kind == OAuthFaultKind.Transient ? "unavailable" : "code_refused", flow.ReturnUrl) { Detail = fault.Message, IsDetailPrivate = fault.Code == "egress_denied" };
        }

        var (record, former) = await KeepAsync(request, flow, connection, way, grant, asked);
        keeper.Forget(connection.Id);
        health.Changed(connection.Id);
        await audit.RecordAsync(
            time, actor, "connection.authorized", connection.Id, connection.Project, flow.CorrelationId,
            new { scopes = record.Scopes, accountId = record.AccountId, formerAccountId = former?.AccountId == record.AccountId ? null : former?.AccountId }, CancellationToken.None);
        return new Finished(connection.Id, lease.Provider.Manifest.Name, flow.ReturnUrl);
    }

    private async Task<(TokenRecord Record, TokenRecord? Former)> KeepAsync(
        CallbackRequest request, PendingAuthorization flow, Connection connection, OAuthWay way, TokenGrant grant, DateTimeOffset asked)
    {
        var kept = new Dictionary<string, string>(grant.Tokens.Values, StringComparer.Ordinal);
        var account = grant.AccountId;
        foreach (var (name, parameter) in way.Manifest.Callback)
            if (request.Parameter(parameter) is { Length: > 0 and <= 500 } value)
                if (name == "accountId")
                    account = value;
                else
                    kept[name] = value;

        // No refresh may run: it would put the old grant's next token into the place of this one. What was granted before is not carried over.
        await using var held = await locks.AcquireAsync(connection.Id, CancellationToken.None);
        while (true)
        {
            var former = await store.GetAsync(connection.Id, CancellationToken.None);
            var record = keeper.RecordOf(way, connection, flow.Binding, grant with { Tokens = grant.Tokens with { Values = kept } }, asked, null) with
            {
                // RFC 6749 §5.1: no scope in the answer means those asked for.
                Scopes = grant.Scopes ?? flow.Scopes,
                AccountId = account,
                Version = (former?.Version ?? 0) + 1,
            };
            if (await store.TrySaveAsync(record, CancellationToken.None))
                return (record, former);

            if (await connectionStore.GetAsync(connection.Id, CancellationToken.None) is null)
                throw new FlowException("gone", flow.ReturnUrl);
        }
    }

    private FlowException Refuse(string code, string? returnUrl)
    {
        Log.Refused(logger, code);
        return new FlowException(code, returnUrl);
    }
}

/// <summary>What a browser brought back from a provider.</summary>
internal sealed class CallbackRequest(IQueryCollection query, string? provider, string? address, Func<byte[], string?> sessionOf)
{
    private string? session;

    public string? State => Parameter("state");

    public string? Code => Parameter("code");

    public string? Issuer => Parameter("iss");

    public string? Error => Parameter("error");

    public string? ErrorDescription => Parameter("error_description");

    /// <summary>The provider in the callback's own address, where it has one.</summary>
    public string? Provider => provider;

    public string? Address => address;

    /// <summary>The browser's cookie for this authorisation, once it is known which that is.</summary>
    public string? Session => session;

    /// <summary>The authorisation the state belonged to.</summary>
    public PendingAuthorization? Flow { get; private set; }

    /// <summary>A parameter that is there once (RFC 6749 §3.1).</summary>
    public string? Parameter(string name) => query.TryGetValue(name, out var values) && values.Count == 1 ? values[0] : null;

    public void Took(PendingAuthorization flow)
    {
        Flow = flow;
        session = sessionOf(flow.HandleHash);
    }
}

/// <summary>An authorisation that is done.</summary>
/// <param name="ConnectionId">What is authorised.</param>
/// <param name="Provider">The provider's name, for people.</param>
/// <param name="ReturnUrl">Where the browser goes.</param>
internal sealed record Finished(string ConnectionId, string Provider, string? ReturnUrl);
