using IntegrationHub.Adapters;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Insights;
using IntegrationHub.Host.Secrets;

namespace IntegrationHub.Host.Operations.Effects;

/// <summary>Outside of all attempts: when they are over, says what became of the effect.</summary>
internal sealed partial class EffectVerdictStep(IEffectStore effects, IHubEvents events, TimeProvider time, ILogger<EffectVerdictStep> logger) : IOperationStep
{
    public ValueTask<OperationResult> InvokeAsync(OperationInvocation invocation, OperationNext next, CancellationToken cancellationToken) =>
        invocation.Manifest.IsSafe() ? next(invocation, cancellationToken) : JudgeAsync(invocation, next, cancellationToken);

    private async ValueTask<OperationResult> JudgeAsync(OperationInvocation invocation, OperationNext next, CancellationToken cancellationToken)
    {
        OperationResult? result = null;
        try
        {
            return result = await next(invocation, cancellationToken);
        }
        finally
        {
            if (invocation.Effect is { } effect)
                await CompleteAsync(invocation, effect, result);
        }
    }

    // What the provider answered is the caller's, whether or not the store takes the verdict: an effect that stays pending becomes unknown at the next start.
    private async Task CompleteAsync(OperationInvocation invocation, Effect effect, OperationResult? result)
    {
        var (verdict, reason) = EffectVerdicts.Of(invocation.AttemptLog, result, effect.IdempotencyKey is not null);
        var completed = effect with { Verdict = verdict, Reason = reason, Attempts = [.. invocation.AttemptLog], CompletedAt = time.GetUtcNow() };
        invocation.Effect = completed;
        HubTelemetry.Effects.Add(1, new("hub.provider", effect.Provider), new("hub.verdict", verdict.ToString().ToLowerInvariant()));
        try
        {
            await effects.CompleteAsync(completed, CancellationToken.None);
        }
        catch (Exception exception)
        {
            Log.NotRecorded(logger, exception, effect.Id, verdict);
        }

        if (verdict == EffectVerdict.Unknown)
            await EffectNotices.UnknownAsync(events, completed, CancellationToken.None);
    }

    private static partial class Log
    {
        [LoggerMessage(3063, LogLevel.Error, "The verdict of effect {Effect} could not be stored: {Verdict}")]
        public static partial void NotRecorded(ILogger logger, Exception exception, string effect, EffectVerdict verdict);
    }
}

/// <summary>Inside, around each attempt: before the first one leaves, the record of the effect is durable.</summary>
internal sealed class EffectRecordStep(IEffectStore effects, Fingerprint fingerprint, TimeProvider time) : IOperationStep
{
    public ValueTask<OperationResult> InvokeAsync(OperationInvocation invocation, OperationNext next, CancellationToken cancellationToken) =>
        invocation.Effect is not null || invocation.Manifest.IsSafe() ? next(invocation, cancellationToken) : RecordAsync(invocation, next, cancellationToken);

    private async ValueTask<OperationResult> RecordAsync(OperationInvocation invocation, OperationNext next, CancellationToken cancellationToken)
    {
        var effect = Begin(invocation);
        await effects.AddAsync(effect, cancellationToken);
        invocation.Effect = effect;
        return await next(invocation, cancellationToken);
    }

    private Effect Begin(OperationInvocation invocation) => new()
    {
        Id = Ids.New(Ids.Effect, time),
        ConnectionId = invocation.Connection.Id,
        Project = invocation.Connection.Project,
        Environment = invocation.Connection.Environment,
        Provider = invocation.Provider.Id,
        Operation = invocation.Operation,
        Actor = invocation.Caller.KeyId,
        CorrelationId = invocation.CorrelationId,
        ParametersHash = fingerprint.Of(invocation.Parameters),
        IdempotencyKey = invocation.KeySent ? invocation.IdempotencyKey : null,
        JobId = invocation.JobId,
        RequestId = invocation.RequestId,
        StartedAt = time.GetUtcNow(),
        Verdict = EffectVerdict.Pending,
    };
}

internal static class EffectNotices
{
    public static Task UnknownAsync(IHubEvents events, Effect effect, CancellationToken cancellationToken) => events.PublishAsync(
        new HubNotice
        {
            Type = "effect.unknown",
            Project = effect.Project,
            Environment = effect.Environment,
            Subject = effect.Id,
            CorrelationId = effect.CorrelationId,
            Data = new { effect = effect.Id, connection = effect.ConnectionId, effect.Provider, effect.Operation, effect.Reason, effect.IdempotencyKey },
        },
        cancellationToken);
}
