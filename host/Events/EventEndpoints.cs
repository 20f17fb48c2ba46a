using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Events.DeadLetters;
using IntegrationHub.Host.Events.Replays;
using IntegrationHub.Host.Events.Retention;
using IntegrationHub.Host.Events.Stream;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Insights;
using IntegrationHub.Host.Secrets;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Events;

internal static class EventEndpoints
{
    private const int MinReason = 3;
    private const int MaxReason = 500;

    /// <summary>Everything about events: events, subscriptions, deliveries, dead letters.</summary>
    public static IEndpointRouteBuilder MapEvents(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/events").WithTags("Events");
        group.MapGet("", ListAsync).RequireRole(HubRole.Viewer).WithName("ListEvents").WithSummary("List events, newest first")
            .ReadsListQuery(
                new("provider", "The provider's id; `app` for what applications published."), new("type", "A type, or a pattern such as `stripe.*`."), new("connection", "A connection's id."),
                new("subject", "What the event is about."), new("project", "A project's name."),
                new("status", "Only events with a delivery that is pending, delivered, dead or cancelled."), new("from", "Received at this time or later (ISO 8601)."), new("to", "Received before this time (ISO 8601)."))
            .Produces<Page<EventSummary>>();
        group.MapGet("/{id}", GetAsync).RequireRole(HubRole.Viewer).WithName("GetEvent").WithSummary("Read an event as a CloudEvents envelope, with its deliveries")
            .Produces<JsonElement>();
        group.MapGet("/{id}/raw", GetRawAsync).RequireRole(HubRole.Operator).WithName("GetRawEvent").WithSummary("Read the raw request an event came in (audited)")
            .ReadsQuery(new QueryParameter("reason", "Why; it stands in the audit. 3 to 500 characters.", Required: true))
            .Produces<RawRequestView>();
        group.MapPost("/{id}/replay", ReplayAsync).RequireRole(HubRole.Operator).WithName("ReplayEvent").WithSummary("Send an event again")
            .WithDescription("Makes new deliveries to the subscriptions that match now; `{ \"subscription\": \"sub_…\" }` restricts it to one.")
            .Accepts<ReplayRequest>(isOptional: true, "application/json").Produces<ReplayResult>(StatusCodes.Status202Accepted);
        group.MapGet("/types", Types).RequireRole(HubRole.Viewer).WithName("ListHubEventTypes").WithSummary("List the hub's own events, with what their data holds")
            .Produces<HubEventTypeList>();
        group.MapPost("", PublishAsync).RequireRole(HubRole.Developer).WithName("PublishEvent").WithSummary("Publish an application's event")
            .Accepts<PublishRequest>("application/json")
            .Produces<JsonElement>(StatusCodes.Status201Created).Produces<JsonElement>(StatusCodes.Status200OK);

        routes.MapEventStream();
        routes.MapSubscriptions();
        routes.MapEndpointStates();
        routes.MapDeliveries();
        routes.MapDeadLetters();
        routes.MapReplays();
        routes.MapRetention();
        return routes;
    }

    private static IResult Types() => Results.Json(new HubEventTypeList(HubEventTypes.All), HubJson.Options);

    private static async Task<IResult> ListAsync(HttpContext context, IEventStore store, CancellationToken cancellationToken)
    {
        var filter = new EventQueryReader(context.Request.Query);
        var query = new EventQuery
        {
            Provider = filter.Text("provider"),
            Type = filter.Pattern("type"),
            ConnectionId = filter.Text("connection"),
            Subject = filter.Text("subject"),
            Status = filter.Status("status"),
            From = filter.Time("from"),
            To = filter.Time("to"),
            VisibleProjects = context.GetCaller().Within(filter.Text("project")),
        };
        filter.ThrowIfFaulty();
        var page = await store.ListAsync(query, PageQuery.Bind(context), cancellationToken);
        return Results.Json(page.Select(EventSummary.Of), HubJson.Options);
    }

    private static async Task<IResult> GetAsync(
        string id, HttpContext context, IEventStore store, IDeliveryStore deliveries, IPayloadSealer payloads, CancellationToken cancellationToken)
    {
        var hubEvent = await FindAsync(id, context, store, cancellationToken);
        var sent = await deliveries.ListAsync(new DeliveryQuery { EventId = id }, new PageRequest(PageRequest.MaxLimit), cancellationToken);
        return Envelope(hubEvent, payloads, sent.Items, StatusCodes.Status200OK);
    }

    private static async Task<IResult> GetRawAsync(
        string id, HttpContext context, IEventStore store, IPayloadSealer payloads, IAuditTrail audit, TimeProvider time, CancellationToken cancellationToken)
    {
        var reason = context.Request.Query["reason"].ToString().Trim();
        if (reason.Length is < MinReason or > MaxReason)
        {
            throw Problem.Invalid("A reason is needed.", new ValidationIssue(
                "/reason", $"Say why you read the raw request, in {MinReason} to {MaxReason} characters.", "Add ?reason=… to the address; it stands in the audit.")).ToException();
        }

        var hubEvent = await FindAsync(id, context, store, cancellationToken);
        if (hubEvent.RequestId is not { } requestId)
        {
            return new Problem(StatusCodes.Status404NotFound, "no_raw_request", "There is no raw request",
                "This event did not come in by a webhook: it was published by an application or made by the hub.").ToResult();
        }

        if (await store.GetRawAsync(requestId, cancellationToken) is not { } raw || raw.ExpiresAt <= time.GetUtcNow())
        {
            return new Problem(StatusCodes.Status410Gone, "raw_request_expired", "The raw request is no longer kept",
                "Raw requests are kept for the time of Hub:Retention:RawBodies; the event itself is still there under /api/events/{id}.").ToResult();
        }

        // Before anything is opened: no reading without a record of it.
        await audit.RecordAsync(
            time, context.GetCaller(), "event.raw_read", id, hubEvent.Project, CorrelationId.Of(context), new { reason, request = requestId }, cancellationToken);

        using var head = JsonDocument.Parse(OpenPayload(payloads, raw.SealedHead.Span, raw.Id));
        var body = raw.IsBodyWithEvent ? OpenPayload(payloads, hubEvent.SealedData.Span, hubEvent.Id) : OpenPayload(payloads, raw.SealedBody.Span, raw.Id);
        var headers = head.RootElement.GetProperty("headers").EnumerateObject()
            .ToDictionary(header => header.Name, header => (IReadOnlyList<string>)[.. header.Value.EnumerateArray().Select(value => value.GetString()!)]);
        var view = new RawRequestView(
            raw.Id, id, raw.ReceivedAt, raw.ExpiresAt, head.RootElement.GetProperty("method").GetString()!, head.RootElement.GetProperty("url").GetString()!,
            headers, Convert.ToBase64String(body), Utf8(body), Convert.ToHexStringLower(SHA256.HashData(body)));
        return Results.Json(view, HubJson.Options);
    }

    private static async Task<IResult> ReplayAsync(
        string id, HttpContext context, IEventStore store, DeliveryReplay replay, IAuditTrail audit, TimeProvider time, CancellationToken cancellationToken)
    {
        var request = HasBody(context) ? await RequestBody.ReadAsync<ReplayRequest>(context, cancellationToken) : new ReplayRequest();
        var hubEvent = await FindAsync(id, context, store, cancellationToken);
        var made = await replay.ReplayEventAsync(hubEvent, request.Subscription, cancellationToken);
        if (made.Count == 0)
        {
            return (request.Subscription is null
                ? Problem.Conflict($"No enabled subscription matches '{hubEvent.Type}' in this project and environment.", hint: "Create one, or enable it, then replay.")
                : Problem.Conflict($"The subscription '{request.Subscription}' does not match this event, is disabled, or does not exist.", "/subscription")).ToResult();
        }

        string[] ids = [.. made.Select(delivery => delivery.Id)];
        await audit.RecordAsync(
            time, context.GetCaller(), "event.replayed", id, hubEvent.Project, CorrelationId.Of(context), new { deliveries = ids, subscription = request.Subscription }, cancellationToken);
        return Results.Json(new ReplayResult(ids), HubJson.Options, statusCode: StatusCodes.Status202Accepted);
    }

    private static async Task<IResult> PublishAsync(
        HttpContext context, AppEventPublisher publisher, IEventStore store, IPayloadSealer payloads, IAuditTrail audit, TimeProvider time, CancellationToken cancellationToken)
    {
        var request = await RequestBody.ReadAsync<PublishRequest>(context, cancellationToken);
        var (id, isNew) = await publisher.PublishAsync(context.GetCaller(), request, CorrelationId.Of(context), cancellationToken);
        if (await store.GetAsync(id, cancellationToken) is not { } hubEvent)
        {
            return new Problem(StatusCodes.Status410Gone, "event_gone", "The event is no longer kept",
                "An event with this id was published before, and has been deleted since. Use another id for another event.").ToResult();
        }

        if (isNew)
        {
            await audit.RecordAsync(
                time, context.GetCaller(), "event.published", id, hubEvent.Project, CorrelationId.Of(context), new { type = hubEvent.Type }, cancellationToken);
            context.Response.Headers.Location = $"/api/events/{id}";
        }

        return Envelope(hubEvent, payloads, null, isNew ? StatusCodes.Status201Created : StatusCodes.Status200OK);
    }

    internal static async Task<HubEvent> FindAsync(string id, HttpContext context, IEventStore store, CancellationToken cancellationToken) =>
        await store.GetAsync(id, cancellationToken) is { } found && context.GetCaller().CanSee(found.Project) ? found : throw Problem.NotFound("event", id).ToException();

    internal static bool HasBody(HttpContext context) =>
        context.Request.ContentLength > 0 || (context.Request.ContentLength is null && context.Request.Headers.TransferEncoding.Count > 0);

    private static IResult Envelope(HubEvent hubEvent, IPayloadSealer payloads, IReadOnlyList<Delivery>? deliveries, int status)
    {
        var data = OpenPayload(payloads, hubEvent.SealedData.Span, hubEvent.Id);
        var buffer = new ArrayBufferWriter<byte>(data.Length + 1024);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = HubJson.Options.Encoder }))
        {
            writer.WriteStartObject();
            CloudEventWriter.WriteMembers(writer, hubEvent, data);
            if (deliveries is not null)
            {
                writer.WritePropertyName("deliveries"u8);
                JsonSerializer.Serialize(writer, deliveries.Select(DeliveryView.Of), HubJson.Options);
            }

            writer.WriteEndObject();
        }

        return Results.Text(buffer.WrittenSpan, "application/json; charset=utf-8", status);
    }

    private static byte[] OpenPayload(IPayloadSealer payloads, ReadOnlySpan<byte> value, string context)
    {
        try
        {
            return payloads.Open(value, context);
        }
        catch (CryptographicException)
        {
            throw new Problem(StatusCodes.Status500InternalServerError, "cannot_decrypt", "The payload cannot be decrypted",
                "It was encrypted under another master key, or altered. Start the hub with the master key it was stored under.").ToException();
        }
    }

    private static string? Utf8(byte[] body)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(body);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}

/// <summary>The hub's own events.</summary>
internal sealed record HubEventTypeList(IReadOnlyList<HubEventType> Items);

/// <summary>The body of a replay; may be missing.</summary>
internal sealed record ReplayRequest(string? Subscription = null);
