using System.Security.Cryptography;
using System.Text.Json;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Events.Routing;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Secrets;
using IntegrationHub.Schemas;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Events;

/// <summary>Creates, changes and tests subscriptions; keeps the router's snapshot current and the audit complete. Thread-safe.</summary>
internal sealed class SubscriptionService(
    ISubscriptionStore store,
    SubscriptionRegistry registry,
    SubscriptionSecrets secrets,
    SubscriptionTargets targets,
    SubscriptionRules rules,
    DeliverySender sender,
    IEventStore events,
    IPayloadSealer payloads,
    IAuditTrail audit,
    IOptions<DeliveryOptions> options,
    TimeProvider time)
{
    private const string TestType = "hub.test";

    /// <exception cref="ProblemException">It is not there, or the caller may not see it.</exception>
    public async Task<Subscription> FindAsync(Caller caller, string id, CancellationToken cancellationToken) =>
        await store.GetAsync(id, cancellationToken) is { } found && caller.CanSee(found.Project) ? found : throw Problem.NotFound("subscription", id).ToException();

    public async Task<(Subscription Subscription, string Secret)> CreateAsync(Caller caller, SubscriptionRequest request, string correlationId, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var draft = new Subscription
        {
            Id = Ids.New(Ids.Subscription, now),
            Project = ProjectScope.Project(caller, request.Project),
            Environment = request.Environment,
            Pattern = request.Pattern ?? "",
            Description = request.Description,
            TargetKind = request.Target?.Kind ?? "",
            Url = request.Target?.Url ?? "",
            SealedSecret = [],
            WrappedKey = [],
            MasterKeyId = "",
            Enabled = request.Enabled,
            CreatedAt = now,
            UpdatedAt = now,
        };
        var asked = SubscriptionDraft.Of(request, targets);
        var (subscription, secret) = secrets.Create(draft with { Settings = asked.Settings });
        subscription = secrets.WithSettings(subscription, asked.Headers, asked.TargetSecrets);
        ThrowIfFaulty(subscription, asked);
        await LookUpAsync(subscription, cancellationToken);

        await store.AddAsync(subscription, cancellationToken);
        await RouteAsync(subscription.Id);
        await AuditAsync(caller, "subscription.created", subscription, correlationId, Describe(subscription), cancellationToken);
        return (subscription, secret);
    }

    public async Task<Subscription> ChangeAsync(Caller caller, string id, SubscriptionPatch patch, string correlationId, CancellationToken cancellationToken)
    {
        var before = await FindAsync(caller, id, cancellationToken);
        var asked = Draft(patch, before);
        var kind = patch.Target?.Kind ?? before.TargetKind;
        var changed = before with
        {
            Pattern = patch.Pattern ?? before.Pattern,
            Environment = asked.Text(patch.Environment, before.Environment, "/environment"),
            Description = asked.Text(patch.Description, before.Description, "/description"),
            TargetKind = kind,
            Url = patch.Target?.Url ?? (kind == before.TargetKind ? before.Url : ""),
            Settings = asked.Settings,
            Enabled = patch.Enabled ?? before.Enabled,
            DisabledReason = patch.Enabled is null ? before.DisabledReason : null,
        };
        changed = secrets.WithSettings(changed, asked.Headers, asked.TargetSecrets);
        ThrowIfFaulty(changed, asked);

        // One whose connection is gone can still be disabled.
        if (patch.Target is not null || changed.Environment != before.Environment || patch.Enabled == true)
            await LookUpAsync(changed, cancellationToken);
        return await UpdateAsync(caller, changed, "subscription.changed", correlationId, Describe(changed), cancellationToken);
    }

    public async Task DeleteAsync(Caller caller, string id, string correlationId, CancellationToken cancellationToken)
    {
        var subscription = await FindAsync(caller, id, cancellationToken);
        await store.DeleteAsync(id, cancellationToken);
        await RouteAsync(id);
        await AuditAsync(caller, "subscription.deleted", subscription, correlationId, Describe(subscription), cancellationToken);
    }

    public async Task<(Subscription Subscription, string Secret)> RotateAsync(
        Caller caller, string id, RotateSecretRequest request, string correlationId, CancellationToken cancellationToken)
    {
        var before = await FindAsync(caller, id, cancellationToken);
        if ((request.Overlap is null ? options.Value.SecretOverlap : Overlap.Parse(request.Overlap)) is not { } overlap)
            throw Problem.Invalid("The rotation is not valid.", new ValidationIssue("/overlap", Overlap.Rule, Overlap.Example)).ToException();

        var (rotated, secret) = secrets.Rotate(before, overlap > TimeSpan.Zero ? time.GetUtcNow() + overlap : null);
        var stored = await UpdateAsync(
            caller, rotated, "subscription.secret_rotated", correlationId, new { previousValidUntil = rotated.PreviousSecretValidUntil }, cancellationToken);
        return (stored, secret);
    }

    /// <summary>Sends an event now, a test event unless one is named. It is not stored, so that a test leaves no dead letter behind.</summary>
    /// <returns>What came of it, and what would have kept the named event away.</returns>
    public async Task<(DeliveryAttempt Attempt, IReadOnlyList<FilterMismatch>? Failed)> TestAsync(
        Caller caller, string id, string? eventId, string correlationId, CancellationToken cancellationToken)
    {
        var subscription = await FindAsync(caller, id, cancellationToken);
        var named = eventId is null ? null : await FindEventAsync(caller, eventId, subscription, cancellationToken);
        IReadOnlyList<FilterMismatch>? failed = null;
        if (named is not null && EventRoute.TryCompile(subscription, out _) is { } route)
        {
            using var fields = new EventFields(named, payloads);
            failed = route.Explain(fields);
        }

        var hubEvent = named ?? TestEvent(subscription, correlationId);
        var (attempt, _) = await sender.SendAsync(Ids.New(Ids.Delivery, time.GetUtcNow()), 1, hubEvent, subscription, isReplay: named is not null, cancellationToken);
        await AuditAsync(caller, "subscription.tested", subscription, correlationId, new { outcome = attempt.Outcome, status = attempt.Status, @event = eventId }, cancellationToken);
        return (attempt, failed);
    }

    private async Task<HubEvent> FindEventAsync(Caller caller, string id, Subscription subscription, CancellationToken cancellationToken)
    {
        if (await events.GetAsync(id, cancellationToken) is not { } found || !caller.CanSee(found.Project))
            throw Problem.NotFound("event", id).ToException();

        return found.Project == subscription.Project ? found
            : throw Problem.Conflict("The event belongs to another project than the subscription.", "/event").ToException();
    }

    private HubEvent TestEvent(Subscription subscription, string correlationId)
    {
        var now = time.GetUtcNow();
        var eventId = Ids.New(Ids.Event, now);
        var data = JsonSerializer.SerializeToUtf8Bytes(new { message = "This is a test event of the Integration Hub.", subscription = subscription.Id, pattern = subscription.Pattern }, HubJson.Options);
        return new HubEvent
        {
            Id = eventId,
            Provider = EventProviders.Hub,
            Project = subscription.Project,
            Environment = subscription.Environment ?? ProjectScope.DefaultEnvironment,
            Type = TestType,
            Subject = subscription.Id,
            ProviderEventId = eventId,
            Time = now,
            ReceivedAt = now,
            CorrelationId = correlationId,
            SealedData = payloads.Seal(data, eventId),
        };
    }

    private async Task<Subscription> UpdateAsync(Caller caller, Subscription changed, string action, string correlationId, object details, CancellationToken cancellationToken)
    {
        var next = changed with { UpdatedAt = time.GetUtcNow(), Version = changed.Version + 1 };
        if (!await store.UpdateAsync(next, cancellationToken))
            throw Problem.Conflict("The subscription was changed or deleted at the same time.", hint: "Read it and try again.").ToException();

        await RouteAsync(changed.Id);
        await AuditAsync(caller, action, next, correlationId, details, cancellationToken);
        return next;
    }

    private Task AuditAsync(Caller caller, string action, Subscription subscription, string correlationId, object details, CancellationToken cancellationToken) =>
        audit.RecordAsync(time, caller, action, subscription.Id, subscription.Project, correlationId, details, cancellationToken);

    private SubscriptionDraft Draft(SubscriptionPatch patch, Subscription before)
    {
        try
        {
            return SubscriptionDraft.Of(patch, before, secrets, targets);
        }
        catch (CryptographicException)
        {
            throw new Problem(StatusCodes.Status500InternalServerError, "cannot_decrypt", "The subscription cannot be decrypted",
                "Its secrets were encrypted under another master key, or altered. Start the hub with the master key they were stored under.").ToException();
        }
    }

    /// <summary>What is stored is routed by, even if the caller has gone away in between.</summary>
    private Task RouteAsync(string id) => registry.RefreshAsync(id, CancellationToken.None);

    private void ThrowIfFaulty(Subscription subscription, SubscriptionDraft asked)
    {
        List<ValidationIssue> issues = [.. asked.Issues, .. rules.Check(subscription, asked.Headers)];
        if (issues.Count > 0)
            throw Problem.Invalid("The subscription is not valid.", issues).ToException();
    }

    private async Task LookUpAsync(Subscription subscription, CancellationToken cancellationToken)
    {
        var issues = await targets.Find(subscription.TargetKind)!.LookUpAsync(subscription, cancellationToken);
        if (issues.Count > 0)
            throw Problem.Invalid("The subscription is not valid.", issues).ToException();
    }

    private object Describe(Subscription subscription) => new
    {
        pattern = subscription.Pattern,
        environment = subscription.Environment,
        kind = subscription.TargetKind,
        target = targets.Describe(subscription),
        filter = subscription.Settings.Filter is not null,
        transform = subscription.Settings.Transform is not null,
        orderBy = subscription.Settings.OrderBy,
        headers = subscription.Settings.Headers,
        concurrency = subscription.Settings.Concurrency,
        rate = subscription.Settings.Rate,
        timeoutSeconds = subscription.Settings.TimeoutSeconds,
        enabled = subscription.Enabled,
    };
}
