using IntegrationHub.Testing.Http;
using IntegrationHub.Testing.Running;
using IntegrationHub.Testing.Suite;

namespace IntegrationHub.Testing.Checks;

/// <summary>Cancellation and concurrency.</summary>
internal static class CallChecks
{
    private const int Parallel = 64;
    private const int Connections = 4;

    public static async Task RunAsync(SuiteContext suite, CancellationToken cancellationToken)
    {
        await suite.Log.RunAsync("cancellation.before", "a call that is cancelled already sends nothing", log => BeforeAsync(suite, log), cancellationToken).ConfigureAwait(false);
        await suite.Log.RunAsync("cancellation.during", "a call that is cancelled stops waiting for the provider", log => DuringAsync(suite, log), cancellationToken).ConfigureAwait(false);
        await suite.Log.RunAsync("concurrency.calls", "one instance runs many calls of several connections at once", log => ConcurrentAsync(suite, log), cancellationToken).ConfigureAwait(false);
    }

    private static async Task BeforeAsync(SuiteContext suite, CheckLog log)
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync().ConfigureAwait(false);
        foreach (var operation in suite.Operations)
        {
            var outcome = await suite.Caller.CallAsync(
                new CallSpec(operation.Name, operation.Usual, Answers.Always(() => Answers.Of(200, "{}"u8.ToArray(), "application/json"))) { Cancellation = cancelled.Token }).ConfigureAwait(false);
            log.Case();
            if (outcome.Blocked)
                log.Error(operation.Pointer, $"Cancelled beforehand, '{operation.Name}' does not return.", "Pass the token on.");
            else if (outcome.Fault is { } fault)
                log.Error(operation.Pointer, $"Cancelled beforehand, '{operation.Name}' threw {fault}.", "Let the OperationCanceledException through.");
            else if (outcome.Requests.Count > 0)
                log.Error(operation.Pointer, $"Cancelled beforehand, '{operation.Name}' calls the provider all the same.", "Pass the token on.");
        }
    }

    private static async Task DuringAsync(SuiteContext suite, CheckLog log)
    {
        foreach (var operation in suite.Operations)
        {
            await CancelAsync(suite, log, operation, Answers.Never, "before an answer").ConfigureAwait(false);
            if (suite.Caller.GaveUp)
                return;

            await CancelMidwayAsync(suite, log, operation).ConfigureAwait(false);
        }

        if (log.Cases == 0)
            log.NotApplicable("no operation asks the provider anything");
    }

    private static async Task CancelAsync(SuiteContext suite, CheckLog log, OperationSamples operation, Responder respond, string when)
    {
        var outcome = await CancelledAsync(suite, operation, respond, isSevere: true).ConfigureAwait(false);
        if (outcome.Requests.Count == 0 && !outcome.Blocked)
            return;

        log.Case();
        if (outcome.Blocked)
            log.Error(operation.Pointer, $"Cancelled {when}, '{operation.Name}' does not return.", "Pass the token on to every call that waits.");
        else if (outcome.Fault is { } fault)
            log.Error(operation.Pointer, $"Cancelled {when}, '{operation.Name}' threw {fault}.", "Let the OperationCanceledException through.");
        else if (outcome is { Succeeded: true, Result.Content: null })
            log.Error(operation.Pointer, $"Cancelled {when}, '{operation.Name}' claims success.");
    }

    /// <summary>Libraries that read answers synchronously cannot be cancelled there: worth knowing, and seldom the author's to change.</summary>
    private static async Task CancelMidwayAsync(SuiteContext suite, CheckLog log, OperationSamples operation)
    {
        using var release = new ManualResetEventSlim();
        var body = RoughStream.Stalled("{\"id\":"u8.ToArray(), release);
        CallOutcome outcome;
        try
        {
            outcome = await CancelledAsync(suite, operation, Answers.Always(() => Answers.Streamed(body, "application/json")), isSevere: false).ConfigureAwait(false);
        }
        finally
        {
            release.Set();
        }

        if (outcome.Requests.Count == 0)
            return;

        log.Case();
        if (outcome.Blocked)
            log.Warn(operation.Pointer, $"Cancelled in the middle of an answer, '{operation.Name}' does not return before the provider goes on or breaks off.", "Read the answer asynchronously, with the token.");
        else if (outcome.Fault is { } fault)
            log.Error(operation.Pointer, $"Cancelled in the middle of an answer, '{operation.Name}' threw {fault}.", "Let the OperationCanceledException through.");
    }

    private static async Task<CallOutcome> CancelledAsync(SuiteContext suite, OperationSamples operation, Responder respond, bool isSevere)
    {
        using var cancel = new CancellationTokenSource();
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Responder watched = (request, token) =>
        {
            asked.TrySetResult();
            return respond(request, token);
        };
        var spec = new CallSpec(operation.Name, operation.Usual, watched) { Cancellation = cancel.Token, IsBlockingSevere = isSevere };
        var running = isSevere ? suite.Caller.CallAsync(spec) : suite.Caller.CallUnwatchedAsync(spec);
        await Task.WhenAny(asked.Task, running).ConfigureAwait(false);
        await cancel.CancelAsync().ConfigureAwait(false);
        return await running.ConfigureAwait(false);
    }

    private static async Task ConcurrentAsync(SuiteContext suite, CheckLog log)
    {
        var operations = suite.Operations.Where(operation => operation.Minimal is not null).ToList();
        if (operations.Count == 0)
        {
            log.NotApplicable("no operation can be called");
            return;
        }

        // What each call gives when it is alone: a call beside others must give the same.
        var alone = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var operation in operations)
            alone[operation.Name] = Digest((await suite.SimulateAsync(operation, operation.Usual).ConfigureAwait(false)).Outcome);

        var calls = Enumerable.Range(0, Parallel).Select(i => Task.Run(async () =>
        {
            var operation = operations[i % operations.Count];
            var (outcome, _) = await suite.SimulateAsync(operation, operation.Usual, suite.Connections.Make(variant: i % Connections)).ConfigureAwait(false);
            log.Case();
            if (outcome.Misbehaviour is { } wrong)
                log.Error(operation.Pointer, $"Beside other calls, '{operation.Name}' {wrong}.", "One instance serves many calls at once: keep no state of a call in fields.");
            else if (Digest(outcome) != alone[operation.Name])
                log.Error(operation.Pointer, $"Beside other calls, '{operation.Name}' gives another result than alone.", "One instance serves many calls at once: keep no state of a call in fields.");
        }));
        await Task.WhenAll(calls).ConfigureAwait(false);
    }

    /// <summary>Addresses that are signed for a connection or a moment differ, and may.</summary>
    private static string Digest(CallOutcome outcome) =>
        outcome.Requests.Count == 0 ? outcome.Succeeded.ToString() : $"{outcome.Succeeded} {outcome.Result?.Error?.Category} {outcome.Result?.Value.ToString()} {outcome.Content}";
}
