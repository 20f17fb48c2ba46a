using System.ComponentModel;
using System.Security.Cryptography;
using System.Text;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Connections.OAuth;

/// <summary>Begins an authorisation.</summary>
internal sealed record StartRequest
{
    [Description("The scopes to ask for; those granted before are kept. Absent: the manifest's own.")]
    public IReadOnlyList<string>? Scopes { get; init; }

    [Description("Where the browser goes when it is over, with ?connection=&status=&error= added: a path of the hub's, or an address whose origin the operator allows.")]
    public string? ReturnUrl { get; init; }
}

/// <summary>Gives back what was granted.</summary>
internal sealed record RevokeRequest
{
    [Description("Forget the tokens even if the provider does not revoke them.")]
    public bool Force { get; init; }
}

/// <summary>An authorisation that was begun.</summary>
internal sealed record StartModel(
    [property: Description("Open it in the browser of the person who consents. It opens once, within ten minutes.")] string AuthorizationUrl,
    DateTimeOffset ExpiresAt,
    [property: Description("What must be registered at the provider, to the letter.")] string RedirectUri,
    IReadOnlyList<string> Scopes);

internal static class AuthorizationEndpoints
{
    private const string WhyOpen = "A person's browser comes here; it proves itself by values that only it was given.";

    public static IEndpointRouteBuilder MapConnectionAuthorization(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/connections/{id}/oauth").WithTags("Connections");
        group.MapPost("/start", StartAsync).RequireRole(HubRole.Developer).WithName("StartAuthorization").WithSummary("Begin the authorisation of a connection by a person")
            .WithDescription("Answers an address for that person's browser. It leads to the provider, and back to the hub.")
            .Accepts<StartRequest>(isOptional: true, "application/json").Produces<StartModel>().ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).ProducesProblem(502);
        group.MapPost("/revoke", RevokeAsync).RequireRole(HubRole.Developer).WithName("RevokeAuthorization").WithSummary("Give back what the connection was granted")
            .Accepts<RevokeRequest>(isOptional: true, "application/json").Produces<RevocationModel>().ProducesProblem(404).ProducesProblem(409).ProducesProblem(502);

        var browser = routes.MapGroup("/oauth").ExcludeFromDescription().TakesNoHead("The address that providers send browsers to serves once.");
        browser.MapGet("/start/{handle}", AskAsync).AllowWithoutKey(WhyOpen);
        browser.MapPost("/start/{handle}", OpenAsync).AllowWithoutKey(WhyOpen);
        browser.MapGet("/callback", CallbackAsync).AllowWithoutKey(WhyOpen);
        browser.MapGet("/callback/{provider}", CallbackAsync).AllowWithoutKey(WhyOpen);
        return routes;
    }

    private static async Task<IResult> StartAsync(string id, HttpContext context, AuthorizationFlow flow, CancellationToken cancellationToken)
    {
        var request = await BodyOrAsync(context, new StartRequest(), cancellationToken);
        return Results.Json(await flow.StartAsync(context.GetCaller(), CorrelationId.Of(context), id, request, AddressOf(context), cancellationToken), HubJson.Options);
    }

    private static async Task<IResult> RevokeAsync(string id, HttpContext context, TokenRevoker revoker, CancellationToken cancellationToken)
    {
        var request = await BodyOrAsync(context, new RevokeRequest(), cancellationToken);
        return Results.Json(await revoker.RevokeAsync(context.GetCaller(), CorrelationId.Of(context), id, request.Force, cancellationToken), HubJson.Options);
    }

    private static async Task<IResult> AskAsync(string handle, HttpContext context, AuthorizationFlow flow, IOptions<OAuthOptions> options, CancellationToken cancellationToken)
    {
        if (await flow.LookAsync(handle, cancellationToken) is not { } start)
            return OAuthPages.Failed(context, new FlowException("gone", null));

        // A reload must not take the page that is open in another tab its session.
        var session = FlowCookie.Read(context.Request, start.Flow.HandleHash, IsSecure(context)) ?? FlowSecrets.New();
        FlowCookie.Write(context, start.Flow.HandleHash, session, AuthorizationFlow.Life, IsSecure(context));
        return options.Value.ConfirmStart ? OAuthPages.Ask(context, start, ConfirmationOf(session), IsSecure(context)) : await LeaveAsync(context, flow, start, session, cancellationToken);
    }

    private static async Task<IResult> OpenAsync(string handle, HttpContext context, AuthorizationFlow flow, CancellationToken cancellationToken)
    {
        if (await flow.LookAsync(handle, cancellationToken) is not { } start)
            return OAuthPages.Failed(context, new FlowException("gone", null));

        // Another site can send this form, but knows neither the cookie nor what follows from it.
        var given = context.Request.HasFormContentType ? (await context.Request.ReadFormAsync(cancellationToken))["confirm"].ToString() : "";
        return FlowCookie.Read(context.Request, start.Flow.HandleHash, IsSecure(context)) is { } session
            && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(ConfirmationOf(session)))
                ? await LeaveAsync(context, flow, start, session, cancellationToken)
                : OAuthPages.Failed(context, new FlowException("other_session", null) { Provider = NameOf(start) });
    }

    private static string NameOf(OpenedStart start) => start.Provider?.Name ?? start.Connection.Provider;

    private static async Task<IResult> LeaveAsync(HttpContext context, AuthorizationFlow flow, OpenedStart start, string session, CancellationToken cancellationToken)
    {
        try
        {
            context.Response.Headers.CacheControl = "no-store";
            context.Response.Headers.Location = await flow.OpenAsync(start, session, cancellationToken);
            return Results.StatusCode(StatusCodes.Status303SeeOther);
        }
        catch (FlowException fault)
        {
            context.Response.Headers.Location = default;
            fault.Provider = NameOf(start);
            return OAuthPages.Failed(context, fault);
        }
    }

    private static async Task<IResult> CallbackAsync(HttpContext context, AuthorizationFlow flow)
    {
        var request = new CallbackRequest(
            context.Request.Query, context.Request.RouteValues["provider"] as string, context.Connection.RemoteIpAddress?.ToString(),
            handle => FlowCookie.Read(context.Request, handle, IsSecure(context)));
        try
        {
            var done = await flow.FinishAsync(request);
            return done.ReturnUrl is { } url ? Return(context, url, done.ConnectionId, null) : OAuthPages.Done(context, done.Provider);
        }
        catch (FlowException fault)
        {
            return fault.ReturnUrl is { } url && request.Flow is { } known ? Return(context, url, known.ConnectionId, fault.Code) : OAuthPages.Failed(context, fault);
        }
        finally
        {
            if (request.Flow is { } flowOf && request.Session is not null && !context.Response.HasStarted)
                FlowCookie.Delete(context, flowOf.HandleHash, IsSecure(context));
        }
    }

    // The address was checked when the flow began, and is the hub's own record: nothing of the provider's goes into it.
    private static IResult Return(HttpContext context, string url, string connection, string? error)
    {
        var query = new Dictionary<string, string?> { ["connection"] = connection, ["status"] = error is null ? "authorized" : "failed" };
        if (error is not null)
            query["error"] = error;

        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.Location = QueryHelpers.AddQueryString(url, query);
        return Results.StatusCode(StatusCodes.Status303SeeOther);
    }

    private static string ConfirmationOf(string session) => Convert.ToHexStringLower(FlowSecrets.Hash("confirm", session));

    // A proxy in front may end TLS: what counts is how browsers see the hub.
    private static bool IsSecure(HttpContext context) => AddressOf(context).PublicUrl.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    private static HubAddress AddressOf(HttpContext context)
    {
        var services = context.RequestServices;
        var configured = services.GetRequiredService<IOptions<HubOptions>>().Value.PublicUrl;
        var publicUrl = string.IsNullOrWhiteSpace(configured) ? $"{context.Request.Scheme}://{context.Request.Host}{context.Request.PathBase}" : configured.TrimEnd('/');
        return new HubAddress(publicUrl, services.GetRequiredService<IOptions<OAuthOptions>>().Value.CallbackPerProvider);
    }

    private static async Task<T> BodyOrAsync<T>(HttpContext context, T none, CancellationToken cancellationToken)
        where T : class =>
        context.Request.ContentLength is null or 0 && context.Request.ContentType is null ? none : await RequestBody.ReadAsync<T>(context, cancellationToken);
}
