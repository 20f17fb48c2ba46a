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

    /// <summary>Attempts in flight at once on this node. Default 256.</summary>
    public int Concurrency { get; set; } = 256;

    /// <summary>Attempts in flight at once to one subscription, so that a slow endpoint leaves room for the others; a subscription's own setting goes before it. Default 16.</summary>
    public int ConcurrencyPerEndpoint { get; set; } = 16;

    /// <summary>The time for one attempt, the answer included. Default 15 s.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a delivery belongs to the worker that took it. Default 60 s. Longer than <see cref="Timeout"/>.</summary>
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>The longest pause before the queue is looked at again although nothing woke the worker. Default 30 s.</summary>
    public TimeSpan Tick { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a rotated signing secret stays valid beside the new one. Default 24 h.</summary>
    public TimeSpan SecretOverlap { get; set; } = TimeSpan.FromHours(24);

    /// <summary>The longest that an endpoint can ask to be left alone (<c>Retry-After</c>). Default 1 h.</summary>
    public TimeSpan MaxRetryAfter { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Failures in a row after which an endpoint's circuit opens. Default 10.</summary>
    public int CircuitFailures { get; set; } = 10;

    /// <summary>How long a circuit stays open at first; each failed trial doubles it. Default 30 s.</summary>
    public TimeSpan CircuitBreak { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest that a circuit stays open before the next trial. Default 5 min.</summary>
    public TimeSpan CircuitBreakMax { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>After how long without a success an endpoint that keeps failing is disabled; zero for never. Default 5 days.</summary>
    public TimeSpan DisableAfter { get; set; } = TimeSpan.FromDays(5);

    /// <summary>The time for one attempt to a subscription.</summary>
    public TimeSpan TimeoutOf(Subscription? subscription)
    {
        var own = subscription?.Settings.TimeoutSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : Timeout;

        // A delivery must not be taken over while it is being sent.
        return own < Lease * 0.9 ? own : Lease * 0.9;
    }

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
        if (options.MaxRetryAfter <= TimeSpan.Zero)
            yield return $"{Section}:MaxRetryAfter must be longer than zero.";
        if (options.CircuitFailures < 1)
            yield return $"{Section}:CircuitFailures must be at least 1.";
        if (options.CircuitBreak <= TimeSpan.Zero || options.CircuitBreakMax < options.CircuitBreak)
            yield return $"{Section}:CircuitBreak must be longer than zero, and CircuitBreakMax no shorter.";
        if (options.DisableAfter < TimeSpan.Zero)
            yield return $"{Section}:DisableAfter must not be negative.";
        if (options.SecretOverlap < TimeSpan.Zero)
            yield return $"{Section}:SecretOverlap must not be negative.";
    }
}
