using System.Security.Cryptography;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Events.Routing;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Secrets;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Events.Stream;

internal static class StreamEndpoints
{
    private const string LastEventIdHeader = "Last-Event-ID";
    private const string Endless = "A stream has no end that an answer without its body could come to.";

    public static IEndpointRouteBuilder MapEventStream(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/events/stream").WithTags("Events");
        group.MapGet("", StreamAsync).RequireRole(HubRole.Viewer).AcceptTickets().TakesNoHead(Endless).WithName("StreamEvents").WithSummary("Read events as they come, as server-sent events")
            .WithDescription("""
                Each `data` is an event as a CloudEvents envelope; each `id` is the place to go on from. A reader that comes back with `Last-Event-ID` gets everything since, in order,
                nothing left out and nothing twice, then what comes. Browsers' `EventSource` cannot send an API key: make a ticket for it.
                """)
            .ReadsQuery(
                new("pattern", "Only types that match, such as `stripe.**`."), new("project", "Only events of this project."), new("environment", "dev, staging or prod."),
                new("from", "Begin with events received at this time or later (ISO 8601)."), new("lastEventId", "As the header `Last-Event-ID`, which wins."),
                new("follow", "false: end when everything stored has been sent."), new("ticket", "In place of an API key."))
            .Produces(StatusCodes.Status200OK, contentType: ServerSentEvents.ContentType);
        group.MapPost("/tickets", CreateTicketAsync).RequireRole(HubRole.Viewer).WithName("CreateStreamTicket").WithSummary("Make a ticket that opens event streams for a while")
            .WithDescription("For `EventSource`, which cannot send headers: `/api/events/stream?ticket=…`. It opens streams and nothing else, and ends with the key it was made with.")
            .Produces<StreamTicketView>(StatusCodes.Status201Created);
        routes.MapGet("/api/subscriptions/{id}/stream", StreamSubscriptionAsync).WithTags("Subscriptions").RequireRole(HubRole.Viewer).AcceptTickets().TakesNoHead(Endless).WithName("StreamSubscription")
            .WithSummary("Read the events of a subscription of the kind `stream`, as server-sent events")
            .WithDescription("Pattern, filter and template are the subscription's. The stream ends when the subscription is changed; come back with `Last-Event-ID`.")
            .ReadsQuery(
                new("from", "Begin with events received at this time or later (ISO 8601)."), new("lastEventId", "As the header `Last-Event-ID`, which wins."),
                new("follow", "false: end when everything stored has been sent."), new("ticket", "In place of an API key."))
            .Produces(StatusCodes.Status200OK, contentType: ServerSentEvents.ContentType).ProducesProblem(404).ProducesProblem(409);
        return routes;
    }

    private static async Task StreamAsync(
        HttpContext context, EventStream stream, StreamCursor cursor, IEventLog log, IPayloadSealer payloads, CancellationToken cancellationToken)
    {
        var caller = context.GetCaller();
        var query = new EventQueryReader(context.Request.Query);
        var (pattern, project, environment) = (query.Pattern("pattern"), query.Text("project"), query.Text("environment"));
        if (ProjectScope.CheckEnvironment(environment) is { } issue)
            query.Fault("environment", issue.Message, issue.Hint);
        var follow = ReadFollow(query);
        var from = query.Time("from");
        var after = ReadPlace(context, query, cursor);
        query.ThrowIfFaulty();

        var request = new StreamRequest
        {
            After = after ?? (from is { } time ? await log.BeforeAsync(time, cancellationToken) : follow ? null : 0),
            Follow = follow,
            Filter = new EventLogFilter
            {
                Projects = project is null ? caller.Projects : caller.CanSee(project) ? new HashSet<string> { project } : new HashSet<string>(),
                Environment = environment,
                Type = pattern,
            },
            Write = one => one.Frame(cursor, payloads),
            MayGoOn = context.RequestServices.GetRequiredService<CallerCheck>().For(context),
        };
        await RunAsync(context, stream, request);
    }

    private static async Task StreamSubscriptionAsync(
        string id, HttpContext context, SubscriptionService subscriptions, SubscriptionRegistry registry, EventStream stream, StreamCursor cursor, IEventLog log, IPayloadSealer payloads,
        DeliveryPayloads sent, CancellationToken cancellationToken)
    {
        var subscription = await subscriptions.FindAsync(context.GetCaller(), id, cancellationToken);
        if (subscription.TargetKind != StreamTarget.KindName)
            throw Problem.Conflict($"The subscription's target is of the kind '{subscription.TargetKind}': its events are sent, not read.", "/target/kind", "Make a subscription of the kind 'stream'.").ToException();
        if (registry.FindRoute(id) is not { } route)
            throw Problem.Conflict("The subscription is disabled.", "/enabled", "Enable it with PATCH { \"enabled\": true }.").ToException();

        var query = new QueryReader(context.Request.Query);
        var follow = ReadFollow(query);
        var from = query.Time("from");
        var after = ReadPlace(context, query, cursor);
        query.ThrowIfFaulty();

        var mayGoOn = context.RequestServices.GetRequiredService<CallerCheck>().For(context);
        await RunAsync(context, stream, new StreamRequest
        {
            After = after ?? (from is { } time ? await log.BeforeAsync(time, cancellationToken) : follow ? null : 0),
            Follow = follow,
            Filter = new EventLogFilter { Projects = new HashSet<string> { subscription.Project }, Environment = subscription.Environment, Type = subscription.Pattern },
            Accepts = one => Passes(route, one.Event, payloads),
            Write = one => subscription.Settings.Transform is null ? one.Frame(cursor, payloads) : Transformed(one, subscription, sent, cursor),
            MayGoOn = async token => registry.Find(id)?.Version == route.Subscription.Version && await mayGoOn(token),
        });
    }

    private static bool Passes(EventRoute route, HubEvent one, IPayloadSealer payloads)
    {
        EventFields? fields = null;
        try
        {
            return route.Passes(one, payloads, ref fields);
        }
        finally
        {
            fields?.Dispose();
        }
    }

    private static byte[]? Transformed(FeedEvent one, Subscription subscription, DeliveryPayloads sent, StreamCursor cursor)
    {
        try
        {
            return ServerSentEvents.Write(cursor.Write(one.Number), sent.Make(one.Event, subscription).Body);
        }
        catch (TransformException)
        {
            // It would fail again however often it is read. The comment says what is missing to whoever looks.
            return ServerSentEvents.LeftOut(cursor.Write(one.Number), one.Event.Id);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>Answers with the stream, until either side ends it.</summary>
    internal static async Task RunAsync(HttpContext context, EventStream stream, StreamRequest request)
    {
        using var place = context.RequestServices.GetRequiredService<StreamPlaces>().Take(context.GetCaller());
        var stopping = context.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);

        var response = context.Response;
        response.ContentType = ServerSentEvents.ContentType;
        response.Headers.CacheControl = "no-store";

        // nginx would collect events until its buffer is full.
        response.Headers["X-Accel-Buffering"] = "no";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        try
        {
            await stream.RunAsync(response.BodyWriter, request, ends.Token);
        }
        catch (OperationCanceledException) when (ends.IsCancellationRequested)
        {
            // The reader went away, or the hub stops: it comes back with the last id it saw.
        }
    }

    /// <summary>Where to go on; <see langword="null"/> when the reader does not say.</summary>
    internal static long? ReadPlace(HttpContext context, QueryReader query, StreamCursor cursor)
    {
        var header = context.Request.Headers[LastEventIdHeader].ToString();
        var text = header.Length > 0 ? header : query.Text("lastEventId");
        if (text is null)
            return null;

        if (cursor.Read(text) is { } number)
            return number;

        query.Fault("lastEventId", "This is no id that a stream of this hub gave.", "Use the id of the last event as it is, or leave it out to begin now.");
        return null;
    }

    internal static bool ReadFollow(QueryReader query)
    {
        if (query.Text("follow") is not { } text || bool.TryParse(text, out var follow) && follow)
            return true;

        if (!bool.TryParse(text, out _))
            query.Fault("follow", "The value must be true or false.");
        return false;
    }

    private static async Task<IResult> CreateTicketAsync(
        HttpContext context, AccessTickets tickets, IAuditTrail audit, IOptions<StreamOptions> options, TimeProvider time, CancellationToken cancellationToken)
    {
        var expiresAt = time.GetUtcNow() + options.Value.Ticket;
        var ticket = tickets.Create(context, expiresAt);
        await audit.RecordAsync(time, context.GetCaller(), "stream.ticket_created", context.GetCaller().KeyId, null, CorrelationId.Of(context), new { expiresAt }, cancellationToken);
        return Results.Json(new StreamTicketView(ticket, expiresAt), HubJson.Options, statusCode: StatusCodes.Status201Created);
    }
}

/// <summary>A ticket, shown this once.</summary>
internal sealed record StreamTicketView(string Ticket, DateTimeOffset ExpiresAt);
