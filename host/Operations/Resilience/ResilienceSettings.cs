using IntegrationHub.Manifests;

namespace IntegrationHub.Host.Operations.Resilience;

/// <summary>What holds for the calls of one connection: the manifest's word with the operator's laid over it. Equal settings are interchangeable.</summary>
internal sealed record ResilienceSettings(LimitsManifest Limits, RetryManifest Retry, BreakerManifest Breaker)
{
    /// <summary>Content of any size takes its time; what bounds it then is the caller's own patience.</summary>
    private static readonly TimeSpan StreamTimeout = TimeSpan.FromMinutes(15);

    /// <summary>Requests in flight at the same time: the provider's limit, and never more than the operator grants one connection.</summary>
    public required int Concurrency { get; init; }

    /// <summary>How many requests may go out at once after a pause.</summary>
    public int Burst => Math.Max(1, Limits.Burst ?? (int)Math.Min(int.MaxValue, Math.Ceiling(Limits.RequestsPerSecond ?? 1)));

    /// <summary>The time for one attempt.</summary>
    public TimeSpan AttemptTimeoutOf(OperationManifest operation) =>
        operation.Timeout ?? (Streams(operation) ? StreamTimeout : Retry.AttemptTimeout);

    /// <summary>The time for everything: waiting, attempts, and what lies between them. One attempt always has the time that it was promised.</summary>
    public TimeSpan TotalTimeoutOf(OperationManifest operation)
    {
        var attempt = AttemptTimeoutOf(operation);
        return attempt > Retry.TotalTimeout && (operation.Timeout is not null || Streams(operation)) ? attempt : Retry.TotalTimeout;
    }

    private static bool Streams(OperationManifest operation) => operation.Stream.Request || operation.Stream.Response;
}
