using IntegrationHub.Host.Access;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Connections.Health;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Operations;

namespace IntegrationHub.Host.Health;

internal static class ConnectionHealthEndpoints
{
    private static readonly QueryParameter[] Filters =
    [
        new("state", "unknown, healthy, degraded, failing or needs_reauthorization."),
        new("provider", "The id of a provider."),
        new("project", "The name of a project."),
    ];

    public static IEndpointRouteBuilder MapConnectionHealth(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("").WithTags("Health");
        group.MapGet("/api/health", ListAsync).RequireRole(HubRole.Viewer).WithName("ListConnectionHealth")
            .WithSummary("List connections with their health, newest first")
            .ReadsListQuery(Filters)
            .Produces<Page<ConnectionHealthView>>().ProducesProblem(400);
        group.MapGet("/api/connections/{id}/health", GetAsync).RequireRole(HubRole.Viewer).WithName("GetConnectionHealth")
            .WithSummary("How a connection is, why, and what to do about it")
            .WithDescription("POST /api/connections/{id}/test runs its tests now.")
            .Produces<ConnectionHealthView>().ProducesProblem(404);
        group.MapGet("/health/{provider}", ProviderAsync)
            .AllowWithoutKey("For monitors: says how a provider's connections are, and nothing of any single one.")
            .WithName("ProviderHealth")
            .WithSummary("How a provider's connections are, all together")
            .WithDescription("`healthy`, `degraded` (some do not work) or `failing` (none works, or its plugin is not loaded); `unknown` while none has been tested. 503 when failing.")
            .Produces<ProviderHealthView>().ProducesProblem(404);
        return routes;
    }

    private static async Task<IResult> ListAsync(HttpContext context, IHealthStore store, CancellationToken cancellationToken)
    {
        var filter = new QueryReader(context.Request.Query);
        var query = new HealthQuery
        {
            State = filter.OneOf<ConnectionHealthState>("state"), Provider = filter.Text("provider"), VisibleProjects = context.GetCaller().Within(filter.Text("project")),
        };
        filter.ThrowIfFaulty();
        var page = await store.ListAsync(query, PageQuery.Bind(context), cancellationToken);
        return Results.Json(page.Select(ConnectionHealthView.Of), HubJson.Options);
    }

    private static async Task<IResult> GetAsync(string id, HttpContext context, IConnectionResolver connections, HealthMonitor monitor, CancellationToken cancellationToken)
    {
        var connection = await connections.FindAsync(id, cancellationToken);
        if (connection is null || !context.GetCaller().CanSee(connection.Project))
            return Problem.NotFound("connection", id).ToResult();

        var listing = new HealthListing(connection.Id, connection.Project, connection.Provider, connection.Environment, connection.Alias, connection.Enabled, monitor.Find(id));
        return Results.Json(ConnectionHealthView.Of(listing), HubJson.Options);
    }

    private static async Task<IResult> ProviderAsync(string provider, IProviderCatalog catalog, ProviderHealth health, TimeProvider time, CancellationToken cancellationToken)
    {
        // What is not loaded is not told apart from what there never was: nobody without a key learns which plugins an operator has.
        if (catalog.Find(provider) is null)
            return Problem.NotFound("provider", provider).ToResult();

        var status = await health.StatusAsync(provider, cancellationToken);
        return Results.Json(
            new ProviderHealthView(provider, status, time.GetUtcNow()),
            HubJson.Options,
            statusCode: status == ProviderHealth.Failing ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK);
    }
}

/// <summary>How a provider's connections are, all together.</summary>
internal sealed record ProviderHealthView(string Provider, string Status, DateTimeOffset Time);

/// <summary>A connection's health as the API shows it.</summary>
internal sealed record ConnectionHealthView(
    string ConnectionId, string Project, string Provider, string Environment, string Alias, bool Enabled, ConnectionHealthState State, string? Code, string? Reason, string? Repair,
    DateTimeOffset? Since, DateTimeOffset? TestedAt, DateTimeOffset? NextTestAt, IReadOnlyList<ConnectionTestResult> Tests)
{
    public static ConnectionHealthView Of(HealthListing listing) => new(
        listing.ConnectionId, listing.Project, listing.Provider, listing.Environment, listing.Alias, listing.Enabled,
        listing.Health?.State ?? ConnectionHealthState.Unknown, listing.Health?.Code, listing.Health?.Reason, listing.Health?.Repair,
        listing.Health?.Since, listing.Health?.TestedAt, listing.Enabled ? listing.Health?.NextTestAt : null, listing.Health?.Tests ?? []);
}
