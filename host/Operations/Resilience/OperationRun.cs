using System.Diagnostics;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Insights;

namespace IntegrationHub.Host.Operations.Resilience;

/// <summary>One operation's attempts. Used by one call at a time.</summary>
internal sealed class OperationRun(
    OperationInvocation invocation, OperationNext next, ConnectionGate gate, ResilienceSettings settings, ResilienceOptions options, TimeProvider time)
{
    /// <summary>An attempt that the total timeout cut shorter than this part of its own time says nothing of the provider.</summary>
    private const double FairShare = 0.5;

    private readonly long began = time.GetTimestamp();
    private OperationResult? last;
    private bool refused;
    private bool unknown;

    public TimeSpan Total { get; } = settings.TotalTimeoutOf(invocation.Manifest);

    /// <summary>Attempts that passed the gate.</summary>
    public int Attempts { get; private set; }

    /// <summary>How long to wait before the next attempt.</summary>
    public TimeSpan Delay { get; private set; }

    /// <summary>Whether an attempt may have had an effect that nobody answered for.</summary>
    public bool IsLastUnknown => invocation.AttemptLog is [.., var attempt] && attempt.OutcomeUnknown;

    private TimeSpan Left => Total - time.GetElapsedTime(began);

    public async ValueTask<OperationResult> AttemptAsync(CancellationToken cancellationToken)
    {
        if (Attempts > 0)
            invocation.Waited += Delay;

        var patience = Left is var left && left < options.MaxWait ? left : options.MaxWait;
        var answer = await gate.EnterAsync(patience, cancellationToken);
        invocation.Waited += answer.Waited;
        if (answer.Waited > TimeSpan.Zero)
            HubTelemetry.GateWait.Record(answer.Waited.TotalSeconds, new KeyValuePair<string, object?>("hub.provider", invocation.Provider.Id));

        if (answer.Refusal is { } refusal)
        {
            // What the provider said last is worth more than that the hub would not ask it again.
            refused = true;
            return last?.Error is { } error ? OperationResult.Failure(error with { RetryAfter = refusal.RetryAfter ?? error.RetryAfter }) : OperationResult.Failure(refusal);
        }

        Attempts++;
        return last = await RunAsync(answer.Pass!, cancellationToken);
    }

    /// <summary>Whether there is another attempt after this result; sets <see cref="Delay"/>.</summary>
    public bool Repeats(OperationResult result)
    {
        if (result.Error is not { } error)
            return false;

        unknown |= error.OutcomeUnknown;
        if (refused || Attempts >= settings.Retry.MaxAttempts || invocation.HasContent || invocation.Provider.Stopping.IsCancellationRequested
            || !RetryRules.IsTransient(error) || !RetryRules.IsSafeToRepeat(invocation, error) || gate.IsOpen)
            return false;

        // The provider's word wins over the schedule, be it shorter or longer; and nothing goes out during a pause.
        var delay = error.RetryAfter is { Ticks: > 0 } word ? word : RetryRules.Backoff(Attempts, settings.Retry, Random.Shared.NextDouble());
        if (gate.Paused is var paused && paused > delay)
            delay = paused;

        Delay = delay;
        return delay < Left;
    }

    /// <summary>The result as the caller sees it: an error at the end does not undo what an attempt before it may have done.</summary>
    public OperationResult Settled(OperationResult result)
    {
        if (result.Error is not { } error)
            return result;

        // Nothing can have been done twice that changes nothing.
        if (invocation.Manifest.IsSafe())
            return error.OutcomeUnknown ? OperationResult.Failure(error with { OutcomeUnknown = false }, result.RateLimit) : result;

        if (error.OutcomeUnknown || !unknown)
            return result;

        // A provider that recognises the key and answered speaks for all attempts; one that failed, refused at the door, or was not reached does not.
        return invocation.KeySent && RetryRules.SignOf(result) == ProviderSign.Up ? result : OperationResult.Failure(error with { OutcomeUnknown = true }, result.RateLimit);
    }

    private async ValueTask<OperationResult> RunAsync(GatePass pass, CancellationToken cancellationToken)
    {
        OperationResult? result = null;
        var calls = invocation.Attempts;
        try
        {
            result = await next(invocation, cancellationToken);
            if (result.Content is not { } content)
                return result;

            // A download is in flight until it has been read.
            result = OperationResult.Stream(content with { Owner = new Owners(content.Owner, pass) }, result.Value, result.ProviderStatus, result.ProviderRequestId);
            return result;
        }
        finally
        {
            var took = time.GetElapsedTime(pass.At);
            pass.Tell(SignOf(result, took, invocation.Attempts > calls), result, took);
            if (result?.Content is null)
                pass.Dispose();

            Leave(result, took);
        }
    }

    private ProviderSign SignOf(OperationResult? result, TimeSpan took, bool wasCalled)
    {
        // Where no token could be had, nobody asked the provider how it is.
        if (!wasCalled || invocation.Provider.Stopping.IsCancellationRequested)
            return ProviderSign.None;

        if (result is not null)
            return RetryRules.SignOf(result);

        // Cut off: by the caller, which says nothing, or by the total timeout, which says as much as the attempt had time.
        return Left <= TimeSpan.Zero && took >= (invocation.AttemptTimeout ?? Total) * FairShare ? ProviderSign.Down : ProviderSign.None;
    }

    private void Leave(OperationResult? result, TimeSpan took)
    {
        var isOver = result is null && Left <= TimeSpan.Zero;
        if (isOver && invocation.AttemptLog is [.., { Outcome: "cancelled" } cut])
            invocation.AttemptLog[^1] = cut with { Outcome = "timeout" };

        var outcome = result is null ? (isOver ? "timeout" : "cancelled") : result.Error is { } error ? OperationProblems.CodeOf(error.Category) : "succeeded";
        HubTelemetry.OperationAttempts.Add(1, new("hub.provider", invocation.Provider.Id), new("hub.operation", invocation.Operation), new("hub.outcome", outcome));
        if (Activity.Current is { IsAllDataRequested: true } activity)
            activity.AddEvent(new ActivityEvent("attempt", default, new ActivityTagsCollection
            {
                ["hub.attempt"] = Attempts, ["hub.outcome"] = outcome, ["hub.duration_ms"] = took.TotalMilliseconds, ["hub.provider.status"] = result?.ProviderStatus,
            }));
    }

    private sealed class Owners(IDisposable? first, IDisposable second) : IDisposable
    {
        public void Dispose()
        {
            try
            {
                first?.Dispose();
            }
            finally
            {
                second.Dispose();
            }
        }
    }
}
