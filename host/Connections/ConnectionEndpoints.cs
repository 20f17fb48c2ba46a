using System.Globalization;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Connections.OAuth;
using IntegrationHub.Host.Http;
using IntegrationHub.Schemas;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Connections;

/// <summary>Which connections are wanted.</summary>
internal sealed class ConnectionFilter
{
    [FromQuery(Name = "provider")]
    public string? Provider { get; set; }

    [FromQuery(Name = "project")]
    public string? Project { get; set; }

    [FromQuery(Name = "environment")]
    public string? Environment { get; set; }
}

internal static class ConnectionEndpoints
{
    public static IEndpointRouteBuilder MapConnections(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/connections").WithTags("Connections");
        group.MapGet("", ListAsync).RequireRole(HubRole.Viewer).WithName("ListConnections")
            .WithSummary("List connections, newest first").Produces<Page<ConnectionModel>>().ProducesProblem(400);
        group.MapPost("", CreateAsync).RequireRole(HubRole.Developer).WithName("CreateConnection").WithSummary("Make a connection")
            .WithDescription("Secrets are encrypted and never shown again. Fields that are absent take the value their environment variable (`x-env`) has now.")
            .Accepts<CreateConnectionRequest>("application/json").Produces<ConnectionModel>(StatusCodes.Status201Created).ProducesProblem(400).ProducesProblem(403).ProducesProblem(409);
        group.MapGet("/{id}", GetAsync).RequireRole(HubRole.Viewer).WithName("GetConnection")
            .WithSummary("Read a connection; its secrets are masked").Produces<ConnectionModel>().ProducesProblem(404);
        group.MapPatch("/{id}", UpdateAsync).RequireRole(HubRole.Developer).WithName("UpdateConnection").WithSummary("Change a connection")
            .WithDescription("What is absent stays. Config fields are set one by one, and removed by null. `If-Match` with the version (ETag) refuses a change made from an older state.")
            .Accepts<UpdateConnectionRequest>("application/json").Produces<ConnectionModel>().ProducesProblem(400).ProducesProblem(404).ProducesProblem(409);
        group.MapDelete("/{id}", DeleteAsync).RequireRole(HubRole.Developer).WithName("DeleteConnection")
            .WithSummary("Delete a connection and its secrets; what it was granted is revoked at the provider, where that is possible").Produces(StatusCodes.Status204NoContent).ProducesProblem(404);
        group.MapPost("/{id}/rotate", RotateAsync).RequireRole(HubRole.Operator).WithName("RotateConnection").WithSummary("Give secret fields new values")
            .WithDescription("Calls use the new values at once; webhooks signed with the old ones are accepted until `overlap` (24h) ends.")
            .Accepts<RotateConnectionRequest>("application/json").Produces<ConnectionModel>().ProducesProblem(400).ProducesProblem(404).ProducesProblem(409);
        return routes;
    }

    private static async Task<IResult> ListAsync(
        [AsParameters] ConnectionFilter filter, [AsParameters] PageQuery page, HttpContext context, ConnectionService connections, CancellationToken cancellationToken)
    {
        var query = new ConnectionQuery { Provider = filter.Provider, Project = filter.Project, Environment = filter.Environment };
        var found = await connections.ListAsync(context.GetCaller(), query, page.ToRequest(), cancellationToken);
        var authorizations = await AuthorizationsOf(context, found.Items, cancellationToken);
        return Results.Json(found.Select(connection => ModelOf(context, connection, authorizations)), HubJson.Options);
    }

    private static async Task<IResult> GetAsync(string id, HttpContext context, ConnectionService connections, CancellationToken cancellationToken) =>
        await AnswerAsync(context, await connections.GetAsync(context.GetCaller(), id, cancellationToken), StatusCodes.Status200OK, cancellationToken);

    private static async Task<IResult> CreateAsync(HttpContext context, ConnectionService connections, CancellationToken cancellationToken)
    {
        var request = await RequestBody.ReadAsync<CreateConnectionRequest>(context, cancellationToken);
        var connection = await connections.CreateAsync(context.GetCaller(), CorrelationId.Of(context), request, cancellationToken);
        context.Response.Headers.Location = $"/api/connections/{connection.Id}";
        return await AnswerAsync(context, connection, StatusCodes.Status201Created, cancellationToken);
    }

    private static async Task<IResult> UpdateAsync(string id, HttpContext context, ConnectionService connections, CancellationToken cancellationToken)
    {
        var request = await RequestBody.ReadAsync<UpdateConnectionRequest>(context, cancellationToken);
        var changed = await connections.UpdateAsync(context.GetCaller(), CorrelationId.Of(context), id, ExpectedVersion(context.Request), request, cancellationToken);
        return await AnswerAsync(context, changed, StatusCodes.Status200OK, cancellationToken);
    }

    private static async Task<IResult> RotateAsync(string id, HttpContext context, ConnectionService connections, CancellationToken cancellationToken)
    {
        var request = await RequestBody.ReadAsync<RotateConnectionRequest>(context, cancellationToken);
        var changed = await connections.RotateAsync(context.GetCaller(), CorrelationId.Of(context), id, ExpectedVersion(context.Request), request, cancellationToken);
        return await AnswerAsync(context, changed, StatusCodes.Status200OK, cancellationToken);
    }

    private static async Task<IResult> DeleteAsync(string id, HttpContext context, ConnectionService connections, CancellationToken cancellationToken)
    {
        await connections.DeleteAsync(context.GetCaller(), CorrelationId.Of(context), id, cancellationToken);
        return Results.NoContent();
    }

    private static async Task<IResult> AnswerAsync(HttpContext context, Connection connection, int status, CancellationToken cancellationToken)
    {
        context.Response.Headers.ETag = string.Create(CultureInfo.InvariantCulture, $"\"{connection.Version}\"");
        return Results.Json(ModelOf(context, connection, await AuthorizationsOf(context, [connection], cancellationToken)), HubJson.Options, statusCode: status);
    }

    private static async Task<IReadOnlyDictionary<string, AuthorizationModel>> AuthorizationsOf(HttpContext context, IReadOnlyCollection<Connection> connections, CancellationToken cancellationToken) =>
        context.RequestServices.GetService<ConnectionAuthorizations>() is { } authorizations
            ? await authorizations.OfAsync(connections, cancellationToken)
            : new Dictionary<string, AuthorizationModel>();

    private static ConnectionModel ModelOf(HttpContext context, Connection connection, IReadOnlyDictionary<string, AuthorizationModel> authorizations)
    {
        var services = context.RequestServices;
        var configured = services.GetRequiredService<IOptions<HubOptions>>().Value.PublicUrl;
        var publicUrl = string.IsNullOrWhiteSpace(configured) ? $"{context.Request.Scheme}://{context.Request.Host}{context.Request.PathBase}" : configured.TrimEnd('/');
        return ConnectionModel.From(
            connection, services.GetRequiredService<IProviderCatalog>().Find(connection.Provider), publicUrl, services.GetRequiredService<TimeProvider>().GetUtcNow(),
            authorizations.GetValueOrDefault(connection.Id));
    }

    private static int? ExpectedVersion(HttpRequest request)
    {
        var header = request.Headers.IfMatch.ToString();
        if (header.Length == 0 || header == "*")
            return null;

        return int.TryParse(header.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? version
            : throw Problem.Invalid("If-Match is not a version of a connection.", new ValidationIssue("", "If-Match takes the ETag of a connection, such as \"3\".")).ToException();
    }
}
