using System.Globalization;
using IntegrationHub.Adapters;
using Polly;
using Polly.Retry;

namespace IntegrationHub.Host.Operations.Resilience;

/// <summary>
/// Runs the rest of the pipeline as often as it helps and does no harm, within the total timeout; each attempt passes the connection's gate. Retries are Polly's; how long one attempt may
/// take is the adapter step's. (Polly's timeout makes an exception with a written-out stack of each call that ends by it: beside a provider that hangs, that is what the processor is busy with.)
/// </summary>
internal sealed class ResilienceStep : IOperationStep
{
    private static readonly ResiliencePropertyKey<OperationRun> Run = new("hub.run");

    private readonly ConnectionGates gates;
    private readonly ResilienceOptions options;
    private readonly TimeProvider time;
    private readonly ResiliencePipeline<OperationResult> pipeline;

    public ResilienceStep(ConnectionGates gates, Microsoft.Extensions.Options.IOptions<ResilienceOptions> options, TimeProvider time)
    {
        (this.gates, this.options, this.time) = (gates, options.Value, time);

        // One for all: what differs from call to call is in its run.
        pipeline = new ResiliencePipelineBuilder<OperationResult> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<OperationResult>
            {
                MaxRetryAttempts = int.MaxValue,
                ShouldHandle = static arguments => ValueTask.FromResult(arguments.Outcome.Result is { } result && RunOf(arguments.Context).Repeats(result)),
                DelayGenerator = static arguments => ValueTask.FromResult<TimeSpan?>(RunOf(arguments.Context).Delay),
            })
            .Build();
    }

    public async ValueTask<OperationResult> InvokeAsync(OperationInvocation invocation, OperationNext next, CancellationToken cancellationToken)
    {
        var stopping = invocation.Provider.Stopping;
        var gate = gates.Of(invocation.Connection, invocation.Provider, out var settings);
        var run = new OperationRun(invocation, next, gate, settings, options, time);
        invocation.AttemptTimeout = settings.AttemptTimeoutOf(invocation.Manifest);

        // A plugin that is being replaced waits for its calls, and must not wait for one that sleeps between two attempts.
        using var ends = new CancellationTokenSource(run.Total, time);
        using var byCaller = cancellationToken.UnsafeRegister(Cancel, ends);
        using var byStop = stopping.UnsafeRegister(Cancel, ends);
        try
        {
            // Most calls need one attempt, and what a pipeline costs is needed by those that need more.
            ends.Token.ThrowIfCancellationRequested();
            var first = await run.AttemptAsync(ends.Token);
            return run.Settled(run.Repeats(first) ? await RepeatAsync(run, first, ends.Token) : first);
        }
        catch (OperationCanceledException) when (ends.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return run.Settled(OperationResult.Failure(new ProviderError
            {
                Category = stopping.IsCancellationRequested ? ErrorCategory.Unavailable : ErrorCategory.Timeout,
                Message = stopping.IsCancellationRequested
                    ? $"The plugin of {invocation.Provider.Manifest.Name} was replaced or stopped, and the call did not end in the time it had for that."
                    : string.Create(CultureInfo.InvariantCulture, $"{invocation.Provider.Manifest.Name} did not answer within {run.Total.TotalSeconds:0.#} s, in {run.Attempts} {(run.Attempts == 1 ? "attempt" : "attempts")}."),
                OutcomeUnknown = run.IsLastUnknown,
            }));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
    }

    /// <summary>Goes on after a first attempt, whose result the pipeline is given as that of its own first.</summary>
    private async ValueTask<OperationResult> RepeatAsync(OperationRun run, OperationResult first, CancellationToken cancellationToken)
    {
        var context = ResilienceContextPool.Shared.Get(cancellationToken);
        context.Properties.Set(Run, run);
        OperationResult? known = first;
        try
        {
            return await pipeline.ExecuteAsync(
                (context, run) => Interlocked.Exchange(ref known, null) is { } result ? ValueTask.FromResult(result) : run.AttemptAsync(context.CancellationToken), context, run);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private static void Cancel(object? ends) => ((CancellationTokenSource)ends!).Cancel();

    private static OperationRun RunOf(ResilienceContext context) => context.Properties.GetValue(Run, null!);
}
