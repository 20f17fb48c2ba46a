using System.Text.Json;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Events.Routing;
using IntegrationHub.Schemas;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Events;

/// <summary>What a subscription must obey; each finding with a JSON pointer and what to do. Thread-safe.</summary>
internal sealed class SubscriptionRules(SubscriptionTargets targets, IOptions<DeliveryOptions> options)
{
    /// <summary>What <see cref="SubscriptionSettings.OrderBy"/> says for the event's subject.</summary>
    public const string Subject = "subject";

    private const int MaxDescription = 500;
    private const int MaxTarget = 64 * 1024;
    private const int MaxConcurrency = 1000;
    private const double MaxRate = 10_000;
    private const double MaxTimeout = 30;

    /// <summary>All that is wrong with it; <paramref name="headers"/> are the headers it adds, opened.</summary>
    public IEnumerable<ValidationIssue> Check(Subscription subscription, IReadOnlyDictionary<string, string> headers)
    {
        foreach (var issue in CheckRouting(subscription))
            yield return issue;
        if (ProjectScope.CheckEnvironment(subscription.Environment) is { } environment)
            yield return environment;
        if (subscription.Description is { Length: > MaxDescription })
            yield return new("/description", $"The description is longer than {MaxDescription} characters.");

        foreach (var issue in CheckTarget(subscription).Concat(CheckDelivery(subscription.Settings)).Concat(SubscriptionHeaders.Check(headers)))
            yield return issue;
    }

    /// <summary>What is wrong with what it takes, as what, and in which order.</summary>
    public static IEnumerable<ValidationIssue> CheckRouting(Subscription subscription)
    {
        EventRoute.TryCompile(subscription, out var issues);
        if (subscription.Settings.Transform is not { } transform)
            return issues;

        EventTransform.TryCompile(transform, out _, out var further);
        return issues.Concat(further);
    }

    private IEnumerable<ValidationIssue> CheckTarget(Subscription subscription) =>
        subscription.Settings.Target is { } target && JsonSerializer.SerializeToUtf8Bytes(target).Length > MaxTarget
            ? [new("/target", $"The target is described in more than {MaxTarget / 1024} KB.")]
            : targets.Check(subscription);

    private IEnumerable<ValidationIssue> CheckDelivery(SubscriptionSettings settings)
    {
        if (settings.Concurrency is < 1 or > MaxConcurrency)
            yield return new("/delivery/concurrency", $"The number of attempts at once must be from 1 to {MaxConcurrency}.");
        if (settings.Rate is not null and not (>= 0.01 and <= MaxRate))
            yield return new("/delivery/rate", $"The number of attempts a second must be from 0.01 to {MaxRate}.");
        if (settings.TimeoutSeconds is { } seconds && !(seconds is >= 1 and <= MaxTimeout && seconds < options.Value.Lease.TotalSeconds))
            yield return new("/delivery/timeoutSeconds", $"The time for one attempt must be from 1 to {MaxTimeout} seconds, and shorter than Hub:Delivery:Lease.");
    }
}
