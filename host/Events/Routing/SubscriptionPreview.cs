using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Secrets;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Events.Routing;

/// <summary>Shows what a subscription, kept or only thought of, would do with an event. Sends and stores nothing. Thread-safe.</summary>
internal sealed class SubscriptionPreview(ISubscriptionStore subscriptions, IEventStore events, DeliveryPayloads deliveries, IPayloadSealer payloads, TimeProvider time)
{
    private const string AnyType = "**";

    /// <exception cref="ProblemException">The request is not valid, or names what is not there.</exception>
    public async Task<PreviewResult> ShowAsync(Caller caller, PreviewRequest request, CancellationToken cancellationToken)
    {
        var kept = request.Subscription is { } id ? await FindAsync(caller, id, cancellationToken) : null;
        var project = kept?.Project ?? ProjectScope.Project(caller, request.Project);
        var subscription = Draft(kept, request, project);

        var issues = SubscriptionRules.CheckRouting(subscription).Concat(Check(request)).ToList();
        if (issues.Count > 0 || EventRoute.TryCompile(subscription, out _) is not { } route)
            throw Problem.Invalid("The preview is not valid.", issues).ToException();

        var hubEvent = request.Event is { } eventId
            ? await FindEventAsync(caller, eventId, cancellationToken)
            : Sample(request.Sample!, subscription);
        using var fields = new EventFields(hubEvent, payloads);
        var failed = route.Explain(fields);
        var (sends, error) = Sends(hubEvent, subscription);
        return new PreviewResult(failed.Count == 0, failed, route.OrderValueOf(fields), sends, error);
    }

    private static Subscription Draft(Subscription? kept, PreviewRequest request, string project)
    {
        var draft = kept ?? new Subscription
        {
            Id = "",
            Project = project,
            Pattern = AnyType,
            TargetKind = "",
            Url = "",
            SealedSecret = [],
            WrappedKey = [],
            MasterKeyId = "",
            CreatedAt = default,
            UpdatedAt = default,
        };
        return draft with
        {
            Pattern = request.Pattern ?? draft.Pattern,
            Environment = request.Environment ?? draft.Environment,
            Settings = draft.Settings with
            {
                Filter = Element(request.Filter, draft.Settings.Filter),
                Transform = Element(request.Transform, draft.Settings.Transform),
                OrderBy = request.OrderBy ?? draft.Settings.OrderBy,
            },
        };
    }

    private static JsonElement? Element(JsonElement given, JsonElement? before) =>
        given.ValueKind == JsonValueKind.Undefined ? before : given.ValueKind == JsonValueKind.Null ? null : given;

    private static IEnumerable<ValidationIssue> Check(PreviewRequest request)
    {
        if (request is { Event: null, Sample: null } or { Event: not null, Sample: not null })
            yield return new("/event", "Either an event's id or a sample is needed.", "{ \"event\": \"evt_…\" }, or { \"sample\": { \"type\": \"stripe.charge.refunded\", \"data\": {} } }.");
        if (request.Sample is { } sample && (!EventPattern.TryParse(sample.Type, out _, out _) || sample.Type!.Contains('*', StringComparison.Ordinal)))
            yield return new("/sample/type", "This is no event type.", "Letters, digits, '_' and '-' in segments with dots between: 'stripe.charge.refunded'.");
        if (ProjectScope.CheckEnvironment(request.Environment) is { } environment)
            yield return environment;
        if (ProjectScope.CheckEnvironment(request.Sample?.Environment) is { } ofSample)
            yield return ofSample with { Pointer = "/sample/environment" };
    }

    private HubEvent Sample(PreviewSample sample, Subscription subscription)
    {
        var now = time.GetUtcNow();
        var id = Ids.New(Ids.Event, now);
        var data = sample.Data.ValueKind == JsonValueKind.Undefined ? "{}"u8.ToArray() : Encoding.UTF8.GetBytes(sample.Data.GetRawText());
        return new HubEvent
        {
            Id = id,
            Provider = sample.Type!.Split('.')[0],
            Project = subscription.Project,
            Environment = sample.Environment ?? subscription.Environment ?? ProjectScope.DefaultEnvironment,
            Type = sample.Type,
            Subject = sample.Subject,
            ProviderEventId = id,
            Time = sample.Time ?? now,
            ReceivedAt = now,
            CorrelationId = id,
            SealedData = payloads.Seal(data, id),
            PlainData = data,
        };
    }

    private (SentView? Sends, string? Error) Sends(HubEvent hubEvent, Subscription subscription)
    {
        try
        {
            var made = deliveries.Make(hubEvent, subscription);
            return (new SentView(made.ContentType, Encoding.UTF8.GetString(made.Body)), null);
        }
        catch (TransformException exception)
        {
            return (null, exception.Message);
        }
        catch (CryptographicException)
        {
            throw new Problem(StatusCodes.Status500InternalServerError, "cannot_decrypt", "The payload cannot be decrypted",
                "It was encrypted under another master key, or altered. Start the hub with the master key it was stored under.").ToException();
        }
    }

    private async Task<Subscription> FindAsync(Caller caller, string id, CancellationToken cancellationToken) =>
        await subscriptions.GetAsync(id, cancellationToken) is { } found && caller.CanSee(found.Project) ? found : throw Problem.NotFound("subscription", id).ToException();

    private async Task<HubEvent> FindEventAsync(Caller caller, string id, CancellationToken cancellationToken) =>
        await events.GetAsync(id, cancellationToken) is { } found && caller.CanSee(found.Project) ? found : throw Problem.NotFound("event", id).ToException();
}

/// <summary>A subscription, kept or not, and an event, kept or not. What is given beside a kept subscription stands in for its own.</summary>
internal sealed record PreviewRequest(
    string? Subscription = null,
    string? Event = null,
    PreviewSample? Sample = null,
    string? Project = null,
    string? Environment = null,
    string? Pattern = null,
    string? OrderBy = null)
{
    public JsonElement Filter { get; init; }

    public JsonElement Transform { get; init; }
}

/// <summary>An event that did not happen.</summary>
internal sealed record PreviewSample(string? Type, string? Subject = null, DateTimeOffset? Time = null, string? Environment = null)
{
    public JsonElement Data { get; init; }
}

/// <summary>What a subscription would do with an event.</summary>
/// <param name="Matches">Whether the event goes to it.</param>
/// <param name="Failed">The conditions that keep it away.</param>
/// <param name="OrderKey">The value by which its deliveries are ordered; <see langword="null"/> for none.</param>
/// <param name="Sends">What would be sent; <see langword="null"/> when the template cannot be filled.</param>
/// <param name="Error">Why the template cannot be filled.</param>
internal sealed record PreviewResult(bool Matches, IReadOnlyList<FilterMismatch> Failed, string? OrderKey, SentView? Sends, string? Error);

/// <summary>What would be sent.</summary>
internal sealed record SentView(string ContentType, string Body);
