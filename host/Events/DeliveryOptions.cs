using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Events;

/// <summary>How events are sent to subscriptions: section <c>Hub:Delivery</c>.</summary>
internal sealed class DeliveryOptions
{
    public const string Section = HubOptions.Section + ":Delivery";

    /// <summary>The pauses between attempts. Default <see cref="RetrySchedule.StandardDelays"/>; when it is given it replaces the default as a whole.</summary>
    public IList<TimeSpan> Schedule { get; } = [];

    /// <summary>The share by which a pause may be off, 0 to 1. Default 0.2.</summary>
    public double Jitter { get; set; } = 0.2;

    /// <summary>Attempts in flight at once on this node. Default 32.</summary>
    public int Concurrency { get; set; } = 32;

    /// <summary>Attempts in flight at once to one subscription, so that a slow endpoint leaves room for the others. Default 8.</summary>
    public int ConcurrencyPerEndpoint { get; set; } = 8;

    /// <summary>The time for one attempt, the answer included. Default 15 s.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a delivery belongs to the worker that took it. Default 60 s. Longer than <see cref="Timeout"/>.</summary>
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>The longest pause before the queue is looked at again although nothing woke the worker. Default 30 s.</summary>
    public TimeSpan Tick { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a rotated signing secret stays valid beside the new one. Default 24 h.</summary>
    public TimeSpan SecretOverlap { get; set; } = TimeSpan.FromHours(24);

    public IReadOnlyList<TimeSpan> EffectiveSchedule => Schedule.Count > 0 ? [.. Schedule] : RetrySchedule.StandardDelays;

    public static IEnumerable<string> Faults(DeliveryOptions options)
    {
        if (options.Schedule.Any(delay => delay <= TimeSpan.Zero))
            yield return $"{Section}:Schedule: every pause must be longer than zero.";
        if (options.Jitter is not (>= 0 and <= 1))
            yield return $"{Section}:Jitter must be from 0 to 1.";
        if (options.Concurrency is < 1 or > 10_000)
            yield return $"{Section}:Concurrency must be from 1 to 10000.";
        if (options.ConcurrencyPerEndpoint < 1)
            yield return $"{Section}:ConcurrencyPerEndpoint must be at least 1.";
        if (options.Timeout <= TimeSpan.Zero)
            yield return $"{Section}:Timeout must be longer than zero.";
        if (options.Lease <= options.Timeout)
            yield return $"{Section}:Lease must be longer than Timeout, or a delivery is taken over while it is being sent.";
        if (options.Tick <= TimeSpan.Zero)
            yield return $"{Section}:Tick must be longer than zero.";
        if (options.SecretOverlap < TimeSpan.Zero)
            yield return $"{Section}:SecretOverlap must not be negative.";
    }
}
