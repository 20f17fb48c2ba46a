using IntegrationHub.Adapters;
using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Operations;

/// <summary>
/// The last step: one attempt. Opens the connection's secrets for this call, gives the adapter its deadline, and is the fault boundary:
/// whatever a plugin throws, returns or fails to return becomes a typed error here.
/// </summary>
internal sealed partial class AdapterStep(IConnectionResolver connections, TimeProvider time, ILogger<AdapterStep> logger) : IOperationStep
{
    /// <summary>How long an adapter may take to stop after its deadline before the caller is answered without it.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(30);

    public async ValueTask<OperationResult> InvokeAsync(OperationInvocation invocation, OperationNext next, CancellationToken cancellationToken)
    {
        // Before the attempt begins: a connection that cannot be opened sends nothing.
        var request = new OperationRequest
        {
            Operation = invocation.Operation,
            Parameters = invocation.Parameters,
            Connection = connections.Open(invocation.Connection, invocation.Provider, invocation.Authorization),
            Content = invocation.Content,
            IdempotencyKey = invocation.IdempotencyKey,
            Cursor = invocation.Cursor,
            CorrelationId = invocation.CorrelationId,
        };

        var (startedAt, started) = (time.GetUtcNow(), time.GetTimestamp());
        OperationResult? result = null;
        try
        {
            return result = await AttemptAsync(invocation, request, cancellationToken);
        }
        finally
        {
            // A caller that went away leaves behind what may have been done.
            var outcome = result is null ? "cancelled" : result.Error is { } error ? OperationProblems.CodeOf(error.Category) : "succeeded";
            invocation.AttemptLog.Add(new OperationAttempt(
                invocation.Attempts + 1,
                startedAt,
                time.GetElapsedTime(started),
                outcome,
                result?.ProviderStatus,
                result?.ProviderRequestId,
                result is null || result.Error is { OutcomeUnknown: true }));
        }
    }

    private async ValueTask<OperationResult> AttemptAsync(OperationInvocation invocation, OperationRequest request, CancellationToken cancellationToken)
    {
        var (timeout, started, stopping) = (invocation.AttemptTimeout ?? DefaultTimeout, time.GetTimestamp(), invocation.Provider.Stopping);
        var attempt = new CancellationTokenSource(timeout, time);
        var byCaller = cancellationToken.UnsafeRegister(Cancel, attempt);
        var byStop = stopping.UnsafeRegister(Cancel, attempt);
        Task<OperationResult>? running = null;
        try
        {
            // The built-in adapter heeds its token; nothing needs to stand beside it.
            if (invocation.Provider.Manifest.Entry is null)
                return Redacted(invocation, request, await invocation.Provider.Adapter.ExecuteAsync(request, attempt.Token));

            running = RunAsync(invocation.Provider.Adapter, request, attempt.Token);
            if (!running.IsCompleted)
                await WaitAsync(running, attempt.Token);

            return Redacted(invocation, request, await running ?? Fault("The plugin returned nothing."));
        }
        catch (Exception exception) when (exception is OperationCanceledException or TimeoutException && cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (Exception exception) when (attempt.IsCancellationRequested && (!stopping.IsCancellationRequested || time.GetElapsedTime(started) >= timeout))
        {
            if (exception is TimeoutException && running is { IsCompleted: false })
                Log.Abandoned(logger, invocation.Provider.Id, invocation.Operation, timeout.TotalSeconds);

            return OperationResult.Failure(new ProviderError
            {
                Category = ErrorCategory.Timeout,
                Message = $"{invocation.Provider.Manifest.Name} did not answer within {timeout.TotalSeconds:0.#} s.",
                OutcomeUnknown = true,
            });
        }
        catch (Exception exception) when (stopping.IsCancellationRequested && exception is OperationCanceledException or TimeoutException)
        {
            return OperationResult.Failure(new ProviderError
            {
                Category = ErrorCategory.Unavailable,
                Message = $"The plugin of {invocation.Provider.Manifest.Name} was replaced or stopped, and the call did not end in the time it had for that.",
                OutcomeUnknown = true,
            });
        }
        catch (ProblemException)
        {
            throw;
        }
        catch (Exception exception)
        {
            Log.Fault(logger, exception.GetType().FullName!, invocation.Provider.Id, invocation.Operation, invocation.CorrelationId, exception.StackTrace);
            return Fault("The plugin failed while running the operation.");
        }
        finally
        {
            byCaller.Dispose();
            byStop.Dispose();
            if (running is { IsCompleted: false })
                invocation.AdapterDone = CompleteAsync(running, attempt);
            else
                attempt.Dispose();
        }
    }

    private static void Cancel(object? attempt) => ((CancellationTokenSource)attempt!).Cancel();

    // What an adapter throws before its first await belongs to the task as well.
    private static async Task<OperationResult> RunAsync(IProviderAdapter adapter, OperationRequest request, CancellationToken cancellationToken) =>
        await adapter.ExecuteAsync(request, cancellationToken);

    /// <summary>Waits until it is done, or until it had its time to stop: a plugin that ignores its token must not keep the caller.</summary>
    /// <exception cref="TimeoutException">It goes on.</exception>
    private async Task WaitAsync(Task running, CancellationToken cancellationToken)
    {
        try
        {
            await running.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (!running.IsCompleted)
        {
            await running.WaitAsync(Grace, time, CancellationToken.None);
        }
    }

    private static async Task CompleteAsync(Task<OperationResult> running, CancellationTokenSource attempt)
    {
        try
        {
            if (await running is { Content: { } content })
                await content.DisposeAsync();
        }
        catch (Exception)
        {
            // The caller has been answered and the abandonment logged; what it throws now tells nobody anything.
        }
        finally
        {
            attempt.Dispose();
        }
    }

    private static OperationResult Redacted(OperationInvocation invocation, OperationRequest request, OperationResult result)
    {
        invocation.NextCursor = result.NextCursor;
        return SecretRedactor.For(request.Connection.Config, invocation.Provider.SecretFields, request.Connection.Auth).Redact(UnderParams(result));
    }

    // Adapters point into the parameters, callers read pointers into their request.
    private static OperationResult UnderParams(OperationResult result) => result.Error is { Issues.Count: > 0 } error
        ? OperationResult.Failure(error with { Issues = [.. error.Issues.Select(ParameterValidationStep.UnderParams)] }, result.RateLimit)
        : result;

    private static OperationResult Fault(string message) =>
        OperationResult.Failure(new ProviderError { Category = ErrorCategory.ProviderError, Message = message, OutcomeUnknown = true });

    private static partial class Log
    {
        // The exception's message may quote what it was given, so type and stack are all that is logged.
        [LoggerMessage(3061, LogLevel.Error, "{ExceptionType} in plugin {Provider}, operation {Operation}, correlation {CorrelationId}\n{Stack}")]
        public static partial void Fault(ILogger logger, string exceptionType, string provider, string operation, string correlationId, string? stack);

        [LoggerMessage(3062, LogLevel.Error, "Plugin {Provider} ignored the deadline of {Seconds} s of operation {Operation}; the call goes on without it")]
        public static partial void Abandoned(ILogger logger, string provider, string operation, double seconds);
    }
}
