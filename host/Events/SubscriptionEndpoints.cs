using IntegrationHub.Host.Access;
using IntegrationHub.Host.Events.Routing;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Events;

internal static class SubscriptionEndpoints
{
    public static IEndpointRouteBuilder MapSubscriptions(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/subscriptions").WithTags("Subscriptions");
        group.MapGet("", ListAsync).RequireRole(HubRole.Developer).WithName("ListSubscriptions").WithSummary("List subscriptions, newest first")
            .ReadsListQuery(new QueryParameter("project", "A project's name."))
            .Produces<Page<SubscriptionView>>();
        group.MapPost("", CreateAsync).RequireRole(HubRole.Developer).WithName("CreateSubscription").WithSummary("Subscribe a target to events")
            .WithDescription("The answer has the signing `secret` (`whsec_…`), this once. The values of `headers` are never shown again.")
            .Accepts<SubscriptionRequest>("application/json").Produces<SubscriptionView>(StatusCodes.Status201Created);
        group.MapGet("/{id}", GetAsync).RequireRole(HubRole.Developer).WithName("GetSubscription").WithSummary("Read a subscription").Produces<SubscriptionView>();
        group.MapPatch("/{id}", PatchAsync).RequireRole(HubRole.Developer).WithName("UpdateSubscription").WithSummary("Change a subscription")
            .WithDescription("Members that are left out stay as they are; `null` clears one. Members of `target`, `delivery` and `headers` are changed one by one; `filter` and `transform` as a whole. A target of another kind starts anew.")
            .Accepts<SubscriptionPatch>("application/json").Produces<SubscriptionView>();
        group.MapDelete("/{id}", DeleteAsync).RequireRole(HubRole.Developer).WithName("DeleteSubscription").WithSummary("Delete a subscription; its pending deliveries are cancelled")
            .Produces(StatusCodes.Status204NoContent);
        group.MapPost("/{id}/rotate-secret", RotateAsync).RequireRole(HubRole.Developer).WithName("RotateSubscriptionSecret").WithSummary("Make a new signing secret")
            .WithDescription("The former one is signed with as well until `overlap` is over: `Hub:Delivery:SecretOverlap` (24h) unless given, at most 30d; `0s` ends it at once, as does another rotation. The answer has the new `secret`, this once.")
            .Accepts<RotateSecretRequest>(isOptional: true, "application/json").Produces<SubscriptionView>();
        group.MapPost("/{id}/test", TestAsync).RequireRole(HubRole.Developer).WithName("TestSubscription").WithSummary("Send a test event now and answer what came of it")
            .WithDescription("The `hub.test` event is not stored and not retried. `{ \"event\": \"evt_…\" }` sends that event instead, once, whether the filter lets it pass or not; `failed` says what would have kept it away.")
            .Accepts<SubscriptionTestRequest>(isOptional: true, "application/json").Produces<SubscriptionTestResult>();
        group.MapPost("/preview", PreviewAsync).RequireRole(HubRole.Developer).WithName("PreviewSubscription").WithSummary("Show what a subscription would do with an event; nothing is sent or stored")
            .WithDescription("For a subscription's id, or a pattern, filter, transform and orderBy that are not kept yet; with an event's id, or a sample. `failed` names each condition that does not hold.")
            .Accepts<PreviewRequest>("application/json").Produces<PreviewResult>();
        return routes;
    }

    private static async Task<IResult> ListAsync(HttpContext context, ISubscriptionStore store, CancellationToken cancellationToken)
    {
        var project = new QueryReader(context.Request.Query).Text("project");
        var page = await store.ListAsync(context.GetCaller().Projects, project, PageQuery.Bind(context), cancellationToken);
        return Results.Json(page.Select(subscription => SubscriptionView.Of(subscription)), HubJson.Options);
    }

    private static async Task<IResult> CreateAsync(HttpContext context, SubscriptionService service, CancellationToken cancellationToken)
    {
        var request = await RequestBody.ReadAsync<SubscriptionRequest>(context, cancellationToken);
        var (subscription, secret) = await service.CreateAsync(context.GetCaller(), request, CorrelationId.Of(context), cancellationToken);
        context.Response.Headers.Location = $"/api/subscriptions/{subscription.Id}";
        return Results.Json(SubscriptionView.Of(subscription, secret), HubJson.Options, statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> GetAsync(string id, HttpContext context, SubscriptionService service, CancellationToken cancellationToken) =>
        Results.Json(SubscriptionView.Of(await service.FindAsync(context.GetCaller(), id, cancellationToken)), HubJson.Options);

    private static async Task<IResult> PatchAsync(string id, HttpContext context, SubscriptionService service, CancellationToken cancellationToken)
    {
        var patch = await RequestBody.ReadAsync<SubscriptionPatch>(context, cancellationToken);
        return Results.Json(SubscriptionView.Of(await service.ChangeAsync(context.GetCaller(), id, patch, CorrelationId.Of(context), cancellationToken)), HubJson.Options);
    }

    private static async Task<IResult> DeleteAsync(string id, HttpContext context, SubscriptionService service, CancellationToken cancellationToken)
    {
        await service.DeleteAsync(context.GetCaller(), id, CorrelationId.Of(context), cancellationToken);
        return Results.NoContent();
    }

    private static async Task<IResult> RotateAsync(string id, HttpContext context, SubscriptionService service, CancellationToken cancellationToken)
    {
        var request = EventEndpoints.HasBody(context) ? await RequestBody.ReadAsync<RotateSecretRequest>(context, cancellationToken) : new RotateSecretRequest();
        var (subscription, secret) = await service.RotateAsync(context.GetCaller(), id, request, CorrelationId.Of(context), cancellationToken);
        return Results.Json(SubscriptionView.Of(subscription, secret), HubJson.Options);
    }

    private static async Task<IResult> TestAsync(string id, HttpContext context, SubscriptionService service, CancellationToken cancellationToken)
    {
        var request = EventEndpoints.HasBody(context) ? await RequestBody.ReadAsync<SubscriptionTestRequest>(context, cancellationToken) : new SubscriptionTestRequest();
        var (attempt, failed) = await service.TestAsync(context.GetCaller(), id, request.Event, CorrelationId.Of(context), cancellationToken);
        return Results.Json(new SubscriptionTestResult(attempt.Outcome == DeliveryOutcomes.Delivered, AttemptView.Of(attempt)) { Failed = failed }, HubJson.Options);
    }

    private static async Task<IResult> PreviewAsync(HttpContext context, SubscriptionPreview preview, CancellationToken cancellationToken)
    {
        var request = await RequestBody.ReadAsync<PreviewRequest>(context, cancellationToken);
        return Results.Json(await preview.ShowAsync(context.GetCaller(), request, cancellationToken), HubJson.Options);
    }
}
