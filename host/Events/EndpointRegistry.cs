using System.Collections.Concurrent;
using System.Globalization;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Insights;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Events;

/// <summary>The endpoints that something was sent to, how they are doing, and what follows: warnings, and disabling what fails for good. Thread-safe.</summary>
internal sealed partial class EndpointRegistry(
    IEndpointStateStore store,
    ISubscriptionStore subscriptions,
    SubscriptionRegistry registry,
    SubscriptionTargets targets,
    IHubEvents events,
    IAuditTrail audit,
    IOptions<DeliveryOptions> options,
    TimeProvider time,
    ILogger<EndpointRegistry> logger)
{
    private const int Gone = 410;
    private const int UpdateTries = 5;

    private readonly ConcurrentDictionary<string, Endpoint> endpoints = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> unsaved = new(StringComparer.Ordinal);

    /// <summary>Told of each change that is not saved yet.</summary>
    public WakeSignal Changed { get; } = new();

    /// <summary>Takes over what an earlier process kept.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        foreach (var kept in await store.LoadAsync(cancellationToken))
            Of(kept.SubscriptionId).Restore(kept);
    }

    public Endpoint Of(string subscriptionId) =>
        endpoints.TryGetValue(subscriptionId, out var found) ? found : endpoints.GetOrAdd(subscriptionId, id => new Endpoint(id, options.Value, time));

    /// <summary>What is known of it; <see langword="null"/> when nothing was sent to it yet.</summary>
    public Endpoint? Find(string subscriptionId) => endpoints.GetValueOrDefault(subscriptionId);

    /// <summary>The subscription is gone.</summary>
    public void Forget(string subscriptionId) => endpoints.TryRemove(subscriptionId, out _);

    /// <summary>Notes how an attempt went, and does what follows from it. Throws nothing but for cancellation.</summary>
    public async Task ObserveAsync(Subscription subscription, DeliveryAttempt attempt, TargetAnswer answer, CancellationToken cancellationToken)
    {
        // What the hub itself failed at says nothing of the endpoint.
        if (answer.IsHubFault)
            return;

        var endpoint = Of(subscription.Id);
        EndpointVerdict verdict;
        if (attempt.Outcome == DeliveryOutcomes.Delivered)
        {
            verdict = endpoint.Succeeded(subscription, out var changed);
            if (changed)
                Note(subscription.Id);
        }
        else
        {
            verdict = endpoint.Failed(subscription, attempt.Error, answer.RetryAfter);
            Note(subscription.Id);
        }

        try
        {
            if (attempt.Status == Gone && subscription.TargetKind == WebhookTarget.KindName)
                await DisableAsync(subscription, "The endpoint answered 410 (gone): it wants no more events. Correct the address, or delete the subscription.", cancellationToken);
            else if (verdict.Disable)
                await DisableAsync(subscription, TooLong(endpoint.State), cancellationToken);
            else if (verdict.Warn > 0)
                await TellAsync(subscription, "endpoint.failing", Failing(subscription, endpoint.State, verdict.Warn), cancellationToken);
            else if (verdict.Recovered)
                await TellAsync(subscription, "endpoint.recovered", new { subscription = subscription.Id, target = targets.Describe(subscription) }, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // The next failure comes here again.
            Log.NotActedUpon(logger, exception, subscription.Id);
        }
    }

    /// <summary>Writes what changed since it was last written: one transaction.</summary>
    public async Task SaveAsync(CancellationToken cancellationToken)
    {
        string[] ids = [.. unsaved.Keys];
        foreach (var id in ids)
            unsaved.TryRemove(id, out _);
        if (ids.Length == 0)
            return;

        try
        {
            await store.SaveAsync([.. ids.Select(id => Of(id).State)], cancellationToken);
        }
        catch
        {
            foreach (var id in ids)
                Note(id);
            throw;
        }
    }

    private void Note(string id)
    {
        if (unsaved.TryAdd(id, true))
            Changed.Wake();
    }

    private async Task DisableAsync(Subscription sentTo, string reason, CancellationToken cancellationToken)
    {
        for (var i = 0; i < UpdateTries; i++)
        {
            // It may have got another address while this attempt was on its way.
            if (await subscriptions.GetAsync(sentTo.Id, cancellationToken) is not { Enabled: true } current || current.Url != sentTo.Url || current.TargetKind != sentTo.TargetKind)
                return;

            var disabled = current with { Enabled = false, DisabledReason = reason, UpdatedAt = time.GetUtcNow(), Version = current.Version + 1 };
            if (!await subscriptions.UpdateAsync(disabled, cancellationToken))
                continue;

            // Enabled again, it starts afresh.
            Of(sentTo.Id).Reset();
            Note(sentTo.Id);
            await registry.RefreshAsync(sentTo.Id, cancellationToken);
            Log.Disabled(logger, sentTo.Id, reason);
            await audit.RecordAsync(time, Caller.System, "subscription.disabled", sentTo.Id, sentTo.Project, null, new { reason }, cancellationToken);
            await TellAsync(disabled, "endpoint.disabled", new { subscription = sentTo.Id, target = targets.Describe(sentTo), reason }, cancellationToken);
            return;
        }
    }

    private Task TellAsync(Subscription subscription, string type, object data, CancellationToken cancellationToken) => events.PublishAsync(
        new HubNotice
        {
            Type = type,
            Project = subscription.Project,
            Environment = subscription.Environment ?? ProjectScope.DefaultEnvironment,
            Subject = subscription.Id,
            CorrelationId = subscription.Id,
            Data = data,
        },
        cancellationToken);

    private object Failing(Subscription subscription, EndpointState state, int percent) => new
    {
        subscription = subscription.Id,
        target = targets.Describe(subscription),
        percent,
        failingSince = state.FailingSince,
        disabledAt = state.FailingSince + options.Value.DisableAfter,
        failures = state.Failures,
        lastSuccessAt = state.LastSuccessAt,
        lastError = state.LastError,
    };

    private string TooLong(EndpointState state) => string.Create(
        CultureInfo.InvariantCulture,
        $"Every attempt failed for {LongestFailure}, since {state.FailingSince:u}. The last one: {state.LastError} Correct the endpoint, enable the subscription, and replay its dead letters.");

    private string LongestFailure => options.Value.DisableAfter is var longest && longest >= TimeSpan.FromDays(2)
        ? string.Create(CultureInfo.InvariantCulture, $"{longest.TotalDays:0.#} days")
        : DurationText.Of(longest);

    private static partial class Log
    {
        [LoggerMessage(3330, LogLevel.Warning, "Subscription {Subscription} is disabled: {Reason}")]
        public static partial void Disabled(ILogger logger, string subscription, string reason);

        [LoggerMessage(3331, LogLevel.Error, "What follows from the failures of subscription {Subscription} could not be done; it is tried again at the next one")]
        public static partial void NotActedUpon(ILogger logger, Exception exception, string subscription);
    }
}
