using System.Collections.Frozen;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Events;

/// <summary>The kinds of targets there are. Thread-safe.</summary>
internal sealed class SubscriptionTargets(IEnumerable<IDeliveryTarget> targets)
{
    private readonly FrozenDictionary<string, IDeliveryTarget> byKind = targets.ToFrozenDictionary(target => target.Kind, StringComparer.Ordinal);

    /// <summary>The target of a kind; <see langword="null"/> when this hub has no such kind.</summary>
    public IDeliveryTarget? Find(string kind) => byKind.GetValueOrDefault(kind);

    /// <summary>What is wrong with a subscription's target; empty when nothing is.</summary>
    public IEnumerable<ValidationIssue> Check(Subscription subscription)
    {
        if (Find(subscription.TargetKind) is { } target)
            return target.Check(subscription);

        var kinds = string.Join(", ", byKind.Keys.Order(StringComparer.Ordinal).Select(kind => $"'{kind}'"));
        return [new("/target/kind", $"The target's kind must be one of {kinds}.", "Write { \"kind\": \"webhook\", \"url\": \"https://…\" }, for instance.")];
    }

    /// <summary>What people may read of a subscription's target: no secrets.</summary>
    public string Describe(Subscription subscription) => Find(subscription.TargetKind)?.Describe(subscription) ?? "";
}
