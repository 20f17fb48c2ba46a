using System.Net;
using IntegrationHub.Host.Http;
using Microsoft.Net.Http.Headers;

namespace IntegrationHub.Host.Access;

/// <summary>
/// Lets a request to its endpoint when its key has the role the endpoint needs. Runs after routing. An endpoint under <c>/api</c> that says neither which role it needs nor that
/// it is open is refused: forgetting must not open anything.
/// </summary>
internal sealed partial class AccessMiddleware(RequestDelegate next, ApiKeyService keys, AccessTickets tickets, FailedAttempts failures, TimeProvider time, ILogger<AccessMiddleware> logger)
{
    private const string Scheme = "Bearer ";

    public async Task InvokeAsync(HttpContext context)
    {
        var endpoint = context.GetEndpoint();
        if (endpoint?.Metadata.GetMetadata<RequiredRole>() is { Role: var needed })
        {
            if (await AuthenticateAsync(context) is not { } caller)
                return;

            if (caller.Role < needed)
            {
                var detail = $"This needs the role '{NameOf(needed)}'; the key '{caller.Name}' has the role '{NameOf(caller.Role)}'.";
                await Problem.Forbidden(detail).ToResult().ExecuteAsync(context);
                return;
            }

            if (caller.Projects is not null && endpoint.Metadata.GetMetadata<HubWide>() is { Why: var why })
            {
                await Problem.Forbidden($"{why} This needs a key that is not limited to projects.").ToResult().ExecuteAsync(context);
                return;
            }

            context.SetCaller(caller);
        }

        // Routing's own answers (405, 415) are no route endpoints, and tell nothing.
        else if (endpoint is RouteEndpoint && context.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase)
            && endpoint.Metadata.GetMetadata<OpenToAll>() is null)
        {
            Log.Undeclared(logger, endpoint.DisplayName);
            await Problem.Forbidden("This endpoint does not declare who may use it.").ToResult().ExecuteAsync(context);
            return;
        }

        await next(context);
    }

    private async Task<Caller?> AuthenticateAsync(HttpContext context)
    {
        var address = context.Connection.RemoteIpAddress;
        Caller? caller;
        if (Read(context.Request) is { } text)
        {
            var hash = ApiKeySecret.HashOf(text);
            caller = keys.Recognise(hash);
            if (caller is null)
            {
                // Before anything is counted: behind a proxy all callers have one address, and nobody who guesses may lock out those who know a key.
                if (ApiKeySecret.IsWellFormed(text))
                    caller = await keys.RecogniseAsync(hash, context.RequestAborted);
            }

            context.SetCredential(new Credential(hash));
        }
        else if (context.GetEndpoint()?.Metadata.GetMetadata<AcceptsTickets>() is not null && context.Request.Query[AccessTickets.QueryName] is [{ Length: > 0 } ticket])
        {
            caller = await RecogniseTicketAsync(context, ticket);
        }
        else
        {
            await RefuseAsync(context, "Send an API key: 'Authorization: Bearer hub_…'.");
            return null;
        }

        if (caller is not null)
            return caller with { Address = Text(address) };

        if (failures.WaitFor(address) is { } wait)
        {
            await new Problem(StatusCodes.Status429TooManyRequests, "too_many_attempts", "Too many attempts", "Too many unknown API keys came from this address.") { RetryAfter = wait }
                .ToResult().ExecuteAsync(context);
            return null;
        }

        failures.Add(address);
        Log.Refused(logger, Text(address));
        await RefuseAsync(context, "The API key is not known, or has expired.");
        return null;
    }

    private async ValueTask<Caller?> RecogniseTicketAsync(HttpContext context, string ticket)
    {
        if (tickets.Read(ticket) is not { } credential || credential.Until <= time.GetUtcNow())
            return null;

        // An address is seen by more people than a key: whoever has it may look, whatever the key may do.
        context.SetCredential(credential);
        var caller = keys.Recognise(credential.Hash) ?? await keys.RecogniseAsync(credential.Hash, context.RequestAborted);
        return caller is null ? null : caller with { Role = HubRole.Viewer };
    }

    private static string? Read(HttpRequest request) =>
        request.Headers.Authorization is { Count: 1 } values && values[0] is { } value && value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) && value.Length > Scheme.Length
            ? value[Scheme.Length..].Trim()
            : null;

    private static Task RefuseAsync(HttpContext context, string detail)
    {
        context.Response.Headers[HeaderNames.WWWAuthenticate] = "Bearer";
        return new Problem(StatusCodes.Status401Unauthorized, "unauthenticated", "Not authenticated", detail).ToResult().ExecuteAsync(context);
    }

    private static string? Text(IPAddress? address) => (address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address)?.ToString();

    private static string NameOf(HubRole role) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(role.ToString());

    private static partial class Log
    {
        [LoggerMessage(4001, LogLevel.Warning, "An unknown API key came from {Address}.")]
        public static partial void Refused(ILogger logger, string? address);

        [LoggerMessage(4002, LogLevel.Error, "The endpoint {Endpoint} declares neither a role nor that it is open, and was refused.")]
        public static partial void Undeclared(ILogger logger, string? endpoint);
    }
}
