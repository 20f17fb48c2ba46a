using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Events.DeadLetters;

internal static class DeadLetterEndpoints
{
    private const int DefaultLimit = 100;
    private const int MaxLimit = 1000;
    private const int MaxGroups = 200;

    private static readonly QueryParameter[] Filters =
    [
        new("subscription", "A subscription's id."), new("project", "A project's name."), new("eventType", "A type, or a pattern such as `stripe.*`."), new("fingerprint", "A cause at a target, as `/groups` names it."),
        new("step", "Where on its way it failed: route, render, secrets, connect, send or answer."), new("replayed", "`false` for those nobody has replayed, `true` for the others."),
        new("from", "Made at this time or later (ISO 8601)."), new("to", "Made before this time (ISO 8601)."),
    ];

    public static IEndpointRouteBuilder MapDeadLetters(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/dead-letters").WithTags("Dead letters");
        group.MapGet("", ListAsync).RequireRole(HubRole.Operator).WithName("ListDeadLetters").WithSummary("List deliveries that were given up, with the reason")
            .ReadsListQuery(Filters)
            .Produces<Page<DeadLetterView>>();
        group.MapGet("/groups", GroupsAsync).RequireRole(HubRole.Operator).WithName("GroupDeadLetters").WithSummary("Count dead letters by cause and target")
            .WithDescription("The 200 largest groups of the filter, the largest first.")
            .ReadsQuery(Filters)
            .Produces<DeadLetterGroups>();
        group.MapGet("/{id}", GetAsync).RequireRole(HubRole.Operator).WithName("GetDeadLetter").WithSummary("Read a dead letter with its event, its target and its attempts")
            .Produces<DeadLetterDetails>();
        group.MapPost("/{id}/replay", ReplayAsync).RequireRole(HubRole.Operator).WithName("ReplayDeadLetter").WithSummary("Send a dead letter again, as a new delivery")
            .Produces<DeliveryView>(StatusCodes.Status202Accepted);
        group.MapPost("/replay", ReplayManyAsync).RequireRole(HubRole.Operator).WithName("ReplayDeadLetters").WithSummary("Send dead letters of a filter again, at once")
            .WithDescription("Dead letters that were replayed before are skipped. `limit` is 100 unless given, 1000 at the most; `hasMore` says whether to ask again. For more, and at a rate: `POST /api/replays`. `project` restricts it to one project.")
            .Accepts<BulkReplayRequest>("application/json").Produces<BulkReplay>(StatusCodes.Status202Accepted);
        return routes;
    }

    public static void Check(BulkReplayFilter filter, List<ValidationIssue> issues)
    {
        if (filter.EventType is { } type && !EventPattern.TryParse(type, out _, out var error))
            issues.Add(new("/filter/eventType", error.Message, error.Hint));
        if (filter.Step is { } step && !DeliverySteps.All.Contains(step))
            issues.Add(new("/filter/step", "There is no such step.", $"One of {string.Join(", ", DeliverySteps.All)}."));
        if (filter.From >= filter.To)
            issues.Add(new("/filter/to", "It must be later than 'from'."));
    }

    private static DeadLetterQuery ReadQuery(HttpContext context)
    {
        var filter = new EventQueryReader(context.Request.Query);
        var replayed = filter.Text("replayed");
        if (replayed is not (null or "true" or "false"))
            filter.Fault("replayed", "true or false is expected.");
        if (filter.Text("step") is { } step && !DeliverySteps.All.Contains(step))
            filter.Fault("step", "There is no such step.", $"One of {string.Join(", ", DeliverySteps.All)}.");
        var query = new DeadLetterQuery
        {
            SubscriptionId = filter.Text("subscription"),
            EventType = filter.Pattern("eventType"),
            Fingerprint = filter.Text("fingerprint"),
            Step = filter.Text("step"),
            Replayed = replayed is null ? null : replayed == "true",
            From = filter.Time("from"),
            To = filter.Time("to"),
            VisibleProjects = context.GetCaller().Within(filter.Text("project")),
        };
        filter.ThrowIfFaulty();
        return query;
    }

    private static async Task<IResult> ListAsync(HttpContext context, IDeadLetterStore store, CancellationToken cancellationToken)
    {
        var page = await store.ListAsync(ReadQuery(context), PageQuery.Bind(context), cancellationToken);
        return Results.Json(page.Select(DeadLetterView.Of), HubJson.Options);
    }

    private static async Task<IResult> GroupsAsync(HttpContext context, IDeadLetterStore store, CancellationToken cancellationToken)
    {
        var groups = await store.GroupsAsync(ReadQuery(context), MaxGroups, cancellationToken);
        return Results.Json(new DeadLetterGroups([.. groups.Select(DeadLetterGroupView.Of)]), HubJson.Options);
    }

    private static async Task<IResult> GetAsync(
        string id, HttpContext context, IDeadLetterStore store, IDeliveryStore deliveries, IEventStore events, ISubscriptionStore subscriptions, SubscriptionTargets targets,
        DeliveryReplay replay, CancellationToken cancellationToken)
    {
        var letter = await FindAsync(id, context, store, cancellationToken);
        var attempts = await deliveries.ListAttemptsAsync(id, cancellationToken);
        var replays = await replay.ReplaysOfAsync(letter.Delivery, cancellationToken);
        var hubEvent = await events.GetAsync(letter.Delivery.EventId, cancellationToken);
        var subscription = await subscriptions.GetAsync(letter.Delivery.SubscriptionId, cancellationToken);
        var same = await store.GroupsAsync(new DeadLetterQuery { Fingerprint = letter.Cause.Fingerprint, SubscriptionId = letter.Delivery.SubscriptionId }, 1, cancellationToken);
        var details = new DeadLetterDetails(
            DeadLetterView.Of(letter),
            hubEvent is null ? null : EventSummary.Of(hubEvent),
            subscription is null ? null : new DeadLetterTarget(
                subscription.TargetKind, targets.Find(subscription.TargetKind)?.Describe(subscription) ?? "", subscription.Enabled, subscription.DisabledReason),
            [.. attempts.Select(AttemptView.Of)],
            [.. replays.Select(again => again.Id)],
            same.Sum(group => group.Count));
        return Results.Json(details, HubJson.Options);
    }

    private static async Task<IResult> ReplayAsync(
        string id, HttpContext context, IDeadLetterStore store, IDeliveryStore deliveries, ISubscriptionStore subscriptions, DeliverySignal signal, IAuditTrail audit, TimeProvider time,
        CancellationToken cancellationToken)
    {
        var dead = await DeliveryEndpoints.FindAsync("dead letter", id, context, deliveries, cancellationToken);
        switch (await subscriptions.GetAsync(dead.SubscriptionId, cancellationToken))
        {
            case null:
                return Problem.Conflict(
                    "Its subscription is deleted.", "", $"Make another one, then send it the event: POST /api/events/{dead.EventId}/replay with {{ \"subscription\": \"sub_…\" }}.").ToResult();
            case { Enabled: false }:
                return Problem.Conflict("Its subscription is disabled.", "", "Enable it first: what is sent to a disabled subscription becomes a dead letter again.").ToResult();
        }

        if (await store.ReplayOneAsync(id, time.GetUtcNow(), cancellationToken) is not { } replay)
            return Problem.Conflict("The delivery is no dead letter.", "", "Only deliveries with the status 'dead' can be replayed here.").ToResult();

        var delivery = replay.Delivery;
        if (!replay.IsNew)
            return Problem.Conflict($"It is being replayed already: {delivery.Id}.", "", $"See /api/deliveries/{delivery.Id}.").ToResult();

        signal.Wake();
        await audit.RecordAsync(
            time, context.GetCaller(), "dead_letter.replayed", id, dead.Project, CorrelationId.Of(context), new { delivery = delivery.Id }, cancellationToken);
        context.Response.Headers.Location = $"/api/deliveries/{delivery.Id}";
        return Results.Json(DeliveryView.Of(delivery), HubJson.Options, statusCode: StatusCodes.Status202Accepted);
    }

    private static async Task<IResult> ReplayManyAsync(
        HttpContext context, IDeadLetterStore store, DeliverySignal signal, IAuditTrail audit, TimeProvider time, CancellationToken cancellationToken)
    {
        var request = await RequestBody.ReadAsync<BulkReplayRequest>(context, cancellationToken);
        var filter = request.Filter ?? new BulkReplayFilter();
        var issues = new List<ValidationIssue>();
        Check(filter, issues);
        if (request.Limit is < 1 or > MaxLimit)
            issues.Add(new("/limit", $"A number from 1 to {MaxLimit} is expected."));
        if (issues.Count > 0)
            throw Problem.Invalid("The replay is not valid.", issues).ToException();

        var caller = context.GetCaller();
        var replay = await store.ReplayAsync(filter.ToQuery() with { VisibleProjects = caller.Within(request.Project) }, request.Limit ?? DefaultLimit, time.GetUtcNow(), cancellationToken);
        if (replay.Made.Count > 0)
            signal.Wake();

        var result = new BulkReplay(replay.Made, replay.Skipped, replay.HasMore);
        await audit.RecordAsync(
            time, caller, "dead_letters.replayed", filter.Subscription, request.Project, CorrelationId.Of(context),
            new { filter, count = result.Deliveries.Count, deliveries = result.Deliveries }, cancellationToken);
        return Results.Json(result, HubJson.Options, statusCode: StatusCodes.Status202Accepted);
    }

    private static async Task<DeadLetter> FindAsync(string id, HttpContext context, IDeadLetterStore store, CancellationToken cancellationToken) =>
        await store.GetAsync(id, cancellationToken) is { } found && context.GetCaller().CanSee(found.Delivery.Project) ? found : throw Problem.NotFound("dead letter", id).ToException();
}

/// <summary>Which dead letters to replay; an empty filter means all, of every project of the key unless one is named.</summary>
internal sealed record BulkReplayRequest(BulkReplayFilter? Filter = null, int? Limit = null, string? Project = null);

internal sealed record BulkReplayFilter
{
    public string? Subscription { get; init; }

    public string? EventType { get; init; }

    /// <summary>A cause at a target, as the groups of dead letters name it.</summary>
    public string? Fingerprint { get; init; }

    public string? Step { get; init; }

    public DateTimeOffset? From { get; init; }

    public DateTimeOffset? To { get; init; }

    public DeadLetterQuery ToQuery() => new() { SubscriptionId = Subscription, EventType = EventType, Fingerprint = Fingerprint, Step = Step, From = From, To = To };
}

/// <summary>What a bulk replay did.</summary>
/// <param name="Deliveries">The new deliveries.</param>
/// <param name="Skipped">Dead letters that had been replayed before, and those whose subscription is deleted.</param>
/// <param name="HasMore">Whether the limit left some.</param>
internal sealed record BulkReplay(IReadOnlyList<string> Deliveries, int Skipped, bool HasMore);
