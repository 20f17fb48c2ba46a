using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Events;

internal static class DeadLetterEndpoints
{
    private const int DefaultLimit = 100;
    private const int MaxLimit = 1000;

    public static IEndpointRouteBuilder MapDeadLetters(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/dead-letters").WithTags("Dead letters");
        group.MapGet("", ListAsync).RequireRole(HubRole.Operator).WithName("ListDeadLetters").WithSummary("List deliveries that were given up, with the reason")
            .ReadsListQuery(DeliveryEndpoints.Filters)
            .Produces<Page<DeliveryView>>();
        group.MapPost("/{id}/replay", ReplayAsync).RequireRole(HubRole.Operator).WithName("ReplayDeadLetter").WithSummary("Send a dead letter again, as a new delivery")
            .Produces<DeliveryView>(StatusCodes.Status202Accepted);
        group.MapPost("/replay", ReplayManyAsync).RequireRole(HubRole.Operator).WithName("ReplayDeadLetters").WithSummary("Send all dead letters of a filter again")
            .WithDescription("Dead letters that were replayed before are skipped. `limit` is 100 unless given, 1000 at the most; `hasMore` says whether to ask again.")
            .Accepts<BulkReplayRequest>("application/json").Produces<BulkReplay>(StatusCodes.Status202Accepted);
        return routes;
    }

    private static async Task<IResult> ListAsync(HttpContext context, IDeliveryStore store, CancellationToken cancellationToken)
    {
        var page = await store.ListAsync(DeliveryEndpoints.ReadQuery(context, DeliveryStatus.Dead), PageQuery.Bind(context), cancellationToken);
        return Results.Json(page.Select(DeliveryView.Of), HubJson.Options);
    }

    private static async Task<IResult> ReplayAsync(
        string id, HttpContext context, IDeliveryStore store, DeliveryReplay replay, IAuditTrail audit, TimeProvider time, CancellationToken cancellationToken)
    {
        var dead = await DeliveryEndpoints.FindAsync("dead letter", id, context, store, cancellationToken);
        if (dead.Status != DeliveryStatus.Dead)
            return Problem.Conflict("The delivery is no dead letter.", "", "Only deliveries with the status 'dead' can be replayed here.").ToResult();

        if ((await replay.ReplaysOfAsync(dead, cancellationToken)).FirstOrDefault(again => again.Status == DeliveryStatus.Pending) is { } underWay)
            return Problem.Conflict($"It is being replayed already: {underWay.Id}.", "", $"See /api/deliveries/{underWay.Id}.").ToResult();

        var delivery = await replay.ReplayAsync(dead, cancellationToken);
        await audit.RecordAsync(
            time, context.GetCaller(), "dead_letter.replayed", id, dead.Project, CorrelationId.Of(context), new { delivery = delivery.Id }, cancellationToken);
        context.Response.Headers.Location = $"/api/deliveries/{delivery.Id}";
        return Results.Json(DeliveryView.Of(delivery), HubJson.Options, statusCode: StatusCodes.Status202Accepted);
    }

    private static async Task<IResult> ReplayManyAsync(
        HttpContext context, DeliveryReplay replay, IAuditTrail audit, TimeProvider time, CancellationToken cancellationToken)
    {
        var request = await RequestBody.ReadAsync<BulkReplayRequest>(context, cancellationToken);
        var filter = request.Filter ?? new BulkReplayFilter();
        var issues = new List<ValidationIssue>();
        if (filter.EventType is { } type && !EventPattern.TryParse(type, out _, out var error))
            issues.Add(new("/filter/eventType", error.Message, error.Hint));
        if (request.Limit is < 1 or > MaxLimit)
            issues.Add(new("/limit", $"A number from 1 to {MaxLimit} is expected."));
        if (issues.Count > 0)
            throw Problem.Invalid("The replay is not valid.", issues).ToException();

        var caller = context.GetCaller();
        var query = new DeliveryQuery
        {
            SubscriptionId = filter.Subscription, EventType = filter.EventType, From = filter.From, To = filter.To, VisibleProjects = caller.Projects,
        };
        var result = await replay.ReplayAsync(query, request.Limit ?? DefaultLimit, cancellationToken);
        await audit.RecordAsync(
            time, caller, "dead_letters.replayed", filter.Subscription, null, CorrelationId.Of(context),
            new { filter, count = result.Deliveries.Count, deliveries = result.Deliveries }, cancellationToken);
        return Results.Json(result, HubJson.Options, statusCode: StatusCodes.Status202Accepted);
    }
}

/// <summary>Which dead letters to replay; an empty filter means all.</summary>
internal sealed record BulkReplayRequest(BulkReplayFilter? Filter = null, int? Limit = null);

internal sealed record BulkReplayFilter
{
    public string? Subscription { get; init; }

    public string? EventType { get; init; }

    public DateTimeOffset? From { get; init; }

    public DateTimeOffset? To { get; init; }
}
