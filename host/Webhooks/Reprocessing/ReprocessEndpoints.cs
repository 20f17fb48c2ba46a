using IntegrationHub.Host.Access;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Webhooks.Reprocessing;

internal static class ReprocessEndpoints
{
    public static void MapReprocessing(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/events/{id}/reprocess", ReprocessAsync).WithTags("Events").RequireRole(HubRole.Operator).WithName("ReprocessEvent")
            .WithSummary("Make events of a raw request again, with the plugin as it is now")
            .WithDescription("With `dryRun=true`, in the query or in the body, only the differences are answered, and nothing is stored or sent. Else what differs is published as new events, marked with `reprocessof` and `webhook-replay`. Signatures are not checked again.")
            .ReadsQuery(new QueryParameter("dryRun", "`true` to compare only."))
            .Accepts<ReprocessRequest>(isOptional: true, "application/json").Produces<ReprocessResult>();

    private static async Task<IResult> ReprocessAsync(
        string id, HttpContext context, IEventStore store, WebhookReprocessor reprocessor, IAuditTrail audit, TimeProvider time, CancellationToken cancellationToken)
    {
        var filter = new QueryReader(context.Request.Query);
        var dryRun = filter.Text("dryRun");
        if (dryRun is not (null or "true" or "false"))
            filter.Fault("dryRun", "true or false is expected.");
        filter.ThrowIfFaulty();

        var request = EventEndpoints.HasBody(context) ? await RequestBody.ReadAsync<ReprocessRequest>(context, cancellationToken) : new ReprocessRequest();
        var hubEvent = await EventEndpoints.FindAsync(id, context, store, cancellationToken);
        var result = await reprocessor.RunAsync(hubEvent, request.DryRun || dryRun == "true", CorrelationId.Of(context), cancellationToken);
        await audit.RecordAsync(
            time, context.GetCaller(), result.DryRun ? "event.reprocess_compared" : "event.reprocessed", id, hubEvent.Project, CorrelationId.Of(context),
            new { request = result.RequestId, result.PluginVersion, published = result.Events.Select(one => one.Published).Where(one => one is not null) }, cancellationToken);
        return Results.Json(result, HubJson.Options);
    }
}

/// <summary>The body of a reprocessing; may be missing.</summary>
/// <param name="DryRun">Whether to compare only.</param>
internal sealed record ReprocessRequest(bool DryRun = false);
