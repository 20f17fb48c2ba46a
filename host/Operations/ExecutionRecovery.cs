using IntegrationHub.Host.Insights;
using IntegrationHub.Host.Operations.Effects;
using IntegrationHub.Host.Operations.Idempotency;
using IntegrationHub.Host.Operations.Jobs;

namespace IntegrationHub.Host.Operations;

/// <summary>At start, before anything runs: what the last process left in the middle is told apart into what may run again and what nobody knows the outcome of.</summary>
internal sealed partial class ExecutionRecovery(
    IEffectStore effects, IIdempotencyStore requests, JobService jobs, IHubEvents events, TimeProvider time, ILogger<ExecutionRecovery> logger)
{
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var unknown = await effects.AbandonAsync(now, now, "The hub stopped before the provider's answer was recorded.", cancellationToken);
        await requests.AbandonAsync(now, cancellationToken);
        await jobs.RecoverAsync(cancellationToken);
        if (unknown.Count == 0)
            return;

        Log.Unknown(logger, unknown.Count);
        foreach (var effect in unknown)
            await EffectNotices.UnknownAsync(events, effect, cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(3041, LogLevel.Warning, "{Count} operations were under way when the hub stopped; their outcome is unknown. GET /api/effects?verdict=unknown lists them")]
        public static partial void Unknown(ILogger logger, int count);
    }
}
