using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Events.Replays;

internal static class ReplayEndpoints
{
    public static IEndpointRouteBuilder MapReplays(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/replays").WithTags("Replays");
        group.MapGet("", ListAsync).RequireRole(HubRole.Operator).WithName("ListReplays").WithSummary("List replays, newest first")
            .ReadsListQuery(new("state", "running, completed or cancelled."), new("project", "A project's name.")).Produces<Page<ReplayView>>();
        group.MapPost("", StartAsync).RequireRole(HubRole.Operator).WithName("StartReplay").WithSummary("Send many dead letters again, at a rate")
            .WithDescription("A durable job: it goes on after a restart, makes each delivery once, passes over what was replayed before, and can be cancelled. It is about one project: the one named, else that of `filter.subscription`, else the key's only one.")
            .Accepts<ReplayStart>("application/json").Produces<ReplayView>(StatusCodes.Status202Accepted);
        group.MapGet("/{id}", GetAsync).RequireRole(HubRole.Operator).WithName("GetReplay").WithSummary("Read how far a replay is").Produces<ReplayView>();
        group.MapPost("/{id}/cancel", CancelAsync).RequireRole(HubRole.Operator).WithName("CancelReplay").WithSummary("Call a replay off")
            .WithDescription("What it has made by then stays on its way.").Produces<ReplayView>();
        routes.MapPost("/api/subscriptions/{id}/recover", RecoverAsync).WithTags("Subscriptions").RequireRole(HubRole.Operator).WithName("RecoverSubscription")
            .WithSummary("Send again all that failed of a subscription since a time")
            .WithDescription("`{ \"since\": \"2026-01-31T12:00:00Z\" }`, and `until` and `ratePerSecond` if wanted. A replay of the subscription's dead letters made since then.")
            .Accepts<RecoverRequest>("application/json").Produces<ReplayView>(StatusCodes.Status202Accepted);
        return routes;
    }

    private static async Task<IResult> ListAsync(HttpContext context, IReplayStore store, CancellationToken cancellationToken)
    {
        var filter = new QueryReader(context.Request.Query);
        var state = filter.OneOf<ReplayState>("state");
        filter.ThrowIfFaulty();
        var page = await store.ListAsync(state, context.GetCaller().Within(filter.Text("project")), PageQuery.Bind(context), cancellationToken);
        return Results.Json(page.Select(ReplayView.Of), HubJson.Options);
    }

    private static async Task<IResult> StartAsync(HttpContext context, ReplayService service, CancellationToken cancellationToken)
    {
        var request = await RequestBody.ReadAsync<ReplayStart>(context, cancellationToken);
        return Accepted(context, await service.StartAsync(context.GetCaller(), request, CorrelationId.Of(context), cancellationToken));
    }

    private static async Task<IResult> RecoverAsync(string id, HttpContext context, ReplayService service, CancellationToken cancellationToken)
    {
        var request = await RequestBody.ReadAsync<RecoverRequest>(context, cancellationToken);
        return Accepted(context, await service.RecoverAsync(context.GetCaller(), id, request, CorrelationId.Of(context), cancellationToken));
    }

    private static async Task<IResult> GetAsync(string id, HttpContext context, ReplayService service, CancellationToken cancellationToken) =>
        Results.Json(ReplayView.Of(await service.FindAsync(context.GetCaller(), id, cancellationToken)), HubJson.Options);

    private static async Task<IResult> CancelAsync(string id, HttpContext context, ReplayService service, CancellationToken cancellationToken) =>
        Results.Json(ReplayView.Of(await service.CancelAsync(context.GetCaller(), id, CorrelationId.Of(context), cancellationToken)), HubJson.Options);

    private static IResult Accepted(HttpContext context, Replay replay)
    {
        context.Response.Headers.Location = $"/api/replays/{replay.Id}";
        return Results.Json(ReplayView.Of(replay), HubJson.Options, statusCode: StatusCodes.Status202Accepted);
    }
}

/// <summary>A replay as the API shows it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="State">How it is.</param>
/// <param name="Project">Whose dead letters.</param>
/// <param name="Filter">Which of them.</param>
/// <param name="RatePerSecond">New deliveries a second.</param>
/// <param name="Total">Dead letters that were open when it was asked for.</param>
/// <param name="Made">New deliveries so far.</param>
/// <param name="Skipped">Those that somebody else replayed meanwhile, and those whose subscription is deleted.</param>
/// <param name="Actor">The id of the API key that asked for it.</param>
/// <param name="CreatedAt">When it was asked for.</param>
/// <param name="CompletedAt">When it ended.</param>
internal sealed record ReplayView(
    string Id, ReplayState State, string Project, ReplayFilterView Filter, double RatePerSecond, long Total, long Made, long Skipped, string Actor, DateTimeOffset CreatedAt,
    DateTimeOffset? CompletedAt)
{
    public static ReplayView Of(Replay replay) => new(
        replay.Id, replay.State, replay.Project, new ReplayFilterView(
            replay.Filter.SubscriptionId, replay.Filter.EventType, replay.Filter.Fingerprint, replay.Filter.Step, replay.Filter.From, replay.Filter.To),
        replay.Rate, replay.Total, replay.Made, replay.Skipped, replay.Actor, replay.CreatedAt, replay.CompletedAt);
}

internal sealed record ReplayFilterView(string? Subscription, string? EventType, string? Fingerprint, string? Step, DateTimeOffset? From, DateTimeOffset? To);
