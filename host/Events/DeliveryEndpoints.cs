using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Events;

internal static class DeliveryEndpoints
{
    public static readonly QueryParameter[] Filters =
    [
        new("subscription", "A subscription's id."), new("event", "An event's id."), new("project", "A project's name."), new("eventType", "A type, or a pattern such as `stripe.*`."),
        new("from", "Made at this time or later (ISO 8601)."), new("to", "Made before this time (ISO 8601)."),
    ];

    public static IEndpointRouteBuilder MapDeliveries(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/deliveries").WithTags("Deliveries");
        group.MapGet("", ListAsync).RequireRole(HubRole.Viewer).WithName("ListDeliveries").WithSummary("List deliveries, newest first")
            .ReadsListQuery([new("status", "pending, delivered, dead or cancelled."), .. Filters])
            .Produces<Page<DeliveryView>>();
        group.MapGet("/{id}", GetAsync).RequireRole(HubRole.Viewer).WithName("GetDelivery").WithSummary("Read a delivery with its attempts").Produces<DeliveryDetails>();
        group.MapPost("/{id}/retry", RetryAsync).RequireRole(HubRole.Operator).WithName("RetryDelivery").WithSummary("Make a pending delivery's next attempt now")
            .Produces<DeliveryView>(StatusCodes.Status202Accepted);
        return routes;
    }

    /// <exception cref="ProblemException">It is not there, or the caller may not see it.</exception>
    public static async Task<Delivery> FindAsync(string what, string id, HttpContext context, IDeliveryStore store, CancellationToken cancellationToken) =>
        await store.GetAsync(id, cancellationToken) is { } found && context.GetCaller().CanSee(found.Project) ? found : throw Problem.NotFound(what, id).ToException();

    public static DeliveryQuery ReadQuery(HttpContext context, DeliveryStatus? fixedStatus)
    {
        var filter = new EventQueryReader(context.Request.Query);
        var query = new DeliveryQuery
        {
            Status = fixedStatus ?? filter.Status("status"),
            SubscriptionId = filter.Text("subscription"),
            EventId = filter.Text("event"),
            EventType = filter.Pattern("eventType"),
            From = filter.Time("from"),
            To = filter.Time("to"),
            VisibleProjects = context.GetCaller().Within(filter.Text("project")),
        };
        filter.ThrowIfFaulty();
        return query;
    }

    private static async Task<IResult> ListAsync(HttpContext context, IDeliveryStore store, CancellationToken cancellationToken)
    {
        var page = await store.ListAsync(ReadQuery(context, null), PageQuery.Bind(context), cancellationToken);
        return Results.Json(page.Select(DeliveryView.Of), HubJson.Options);
    }

    private static async Task<IResult> GetAsync(string id, HttpContext context, IDeliveryStore store, DeliveryReplay replay, CancellationToken cancellationToken)
    {
        var delivery = await FindAsync("delivery", id, context, store, cancellationToken);
        var attempts = await store.ListAttemptsAsync(id, cancellationToken);
        var replays = await replay.ReplaysOfAsync(delivery, cancellationToken);
        var details = new DeliveryDetails(DeliveryView.Of(delivery), [.. attempts.Select(AttemptView.Of)], [.. replays.Select(again => again.Id)]);
        return Results.Json(details, HubJson.Options);
    }

    private static async Task<IResult> RetryAsync(
        string id, HttpContext context, IDeliveryStore store, EndpointRegistry endpoints, DeliverySignal signal, IAuditTrail audit, TimeProvider time, CancellationToken cancellationToken)
    {
        var delivery = await FindAsync("delivery", id, context, store, cancellationToken);
        if (!await store.MakeDueAsync(id, time.GetUtcNow(), cancellationToken))
        {
            var hint = delivery.Status switch
            {
                DeliveryStatus.Dead => $"Replay the dead letter: POST /api/dead-letters/{id}/replay.",
                DeliveryStatus.Pending => "An earlier delivery of the same order key is not done yet; it can be retried.",
                DeliveryStatus.Delivered => $"Replay the event: POST /api/events/{delivery.EventId}/replay.",
                _ => "Only pending deliveries can be retried.",
            };
            return Problem.Conflict(delivery.WaitsForItsTurn ? "The delivery waits for its turn." : "The delivery is not pending.", "", hint).ToResult();
        }

        // Whoever asks for it wants to know now, whatever came of the attempts before.
        endpoints.Find(delivery.SubscriptionId)?.TryNow();
        signal.Wake();
        await audit.RecordAsync(time, context.GetCaller(), "delivery.retried", id, delivery.Project, CorrelationId.Of(context), null, cancellationToken);
        var now = await store.GetAsync(id, cancellationToken);
        return Results.Json(DeliveryView.Of(now ?? delivery), HubJson.Options, statusCode: StatusCodes.Status202Accepted);
    }
}
