using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Operations.Effects;
using IntegrationHub.Host.Secrets;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Operations.Jobs;

/// <summary>Runs a leased job once and says what it came to. Thread-safe.</summary>
internal sealed class JobRunner(OperationExecutor executor, IEffectStore effects, IPayloadSealer payloads, IOptions<JobOptions> options, TimeProvider time)
{
    private const string Unreadable = "input_unreadable";

    private readonly RetrySchedule schedule = options.Value.CreateSchedule();

    /// <returns>The job as it is after the run.</returns>
    public async Task<Job> RunAsync(Job job, CancellationToken cancellationToken)
    {
        var (startedAt, started) = (time.GetUtcNow(), time.GetTimestamp());
        using var deadline = new CancellationTokenSource(options.Value.RunTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            var caller = new Caller(job.Actor, job.Actor, HubRole.Developer, new HashSet<string> { job.Project }) { Address = job.Address };
            using var target = await executor.FindAsync(caller, job.ConnectionId, job.Operation, either.Token);
            var isRepeatable = target.Manifest.IsIdempotent() || target.Manifest.IdempotencyOf(target.Provider.Manifest) is not null;
            job = await AfterLostRunAsync(job, isRepeatable, cancellationToken);
            if (job.State != JobState.Running)
                return job;

            // It will not open another time either.
            if (Open(job) is not { } input)
                return Failed(job, Run(Unreadable, "The job's parameters cannot be read: they are damaged, or were sealed under a key that the hub no longer has. Nothing was sent. Submit it anew.", 0), Unreadable, transient: false, null);

            var call = new OperationCall
            {
                Parameters = input.Parameters, Cursor = input.Cursor, IdempotencyKey = job.IdempotencyKey, JobId = job.Id, CorrelationId = job.CorrelationId,
            };
            await using var execution = await executor.ExecuteAsync(caller, target, call, either.Token);
            return After(job, execution, startedAt);
        }
        catch (ProblemException exception)
        {
            // Nothing was sent. A provider that is being replaced comes back, and a connection can be enabled again; what is gone is gone.
            var problem = exception.Problem;
            var transient = problem.Status is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status409Conflict;
            return Failed(job, Run(problem.Code, problem.Detail ?? problem.Title, 0), problem.Code, transient, problem.RetryAfter);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            var effect = await LatestEffectAsync(job, CancellationToken.None);
            var run = Run("timeout", "The run took longer than Hub:Jobs:RunTimeout allows.", effect?.Attempts.Count ?? 0);
            return effect?.Verdict is EffectVerdict.Unknown or EffectVerdict.Pending
                ? Unknown(job, run, effect)
                : Failed(job, run, "timeout", transient: true, null);
        }

        JobRun Run(string outcome, string? reason, int attempts) => new(job.Begun, startedAt, time.GetElapsedTime(started), attempts, outcome, reason);
    }

    private JobInput? Open(Job job)
    {
        try
        {
            return JsonSerializer.Deserialize<JobInput>(payloads.Open(job.SealedInput, job.Id), HubJson.Options);
        }
        catch (Exception fault) when (fault is CryptographicException or InvalidDataException or JsonException)
        {
            return null;
        }
    }

    /// <summary>A run that was lost with its process may have done its work. What its effect says decides whether there is another.</summary>
    private async Task<Job> AfterLostRunAsync(Job job, bool isRepeatable, CancellationToken cancellationToken)
    {
        if (job.Begun - 1 <= job.Runs.Count)
            return job;

        var effect = await LatestEffectAsync(job, cancellationToken);
        if (effect?.Id == job.EffectId)
            effect = null;

        var lost = new JobRun(job.Begun - 1, effect?.StartedAt ?? job.NextRunAt, TimeSpan.Zero, effect?.Attempts.Count ?? 0, "lost", "The hub stopped during the run.");
        return effect?.Verdict switch
        {
            EffectVerdict.Succeeded => job with
            {
                State = JobState.Succeeded,
                CompletedAt = time.GetUtcNow(),
                EffectId = effect.Id,
                ErrorCode = null,
                Reason = "The operation succeeded; its result was lost when the hub stopped.",
                Runs = [.. job.Runs, lost],
            },
            EffectVerdict.Unknown or EffectVerdict.Pending when !isRepeatable => Unknown(job, lost, effect),

            // The provider answered that it failed, and may have done it before.
            EffectVerdict.Failed when !isRepeatable && !effect.CertainlyDidNothing => job with
            {
                State = JobState.Dead,
                CompletedAt = time.GetUtcNow(),
                EffectId = effect.Id,
                ErrorCode = effect.Attempts[^1].Outcome,
                Reason = effect.Reason,
                Runs = [.. job.Runs, lost],
            },
            _ => job with { Runs = [.. job.Runs, lost] },
        };
    }

    private Job After(Job job, OperationExecution execution, DateTimeOffset startedAt)
    {
        var error = execution.Result.Error;
        var outcome = error is null ? "succeeded" : OperationProblems.CodeOf(error.Category);
        var run = new JobRun(job.Begun, startedAt, execution.Duration, execution.Attempts, outcome, error?.Message);
        var ran = job with { EffectId = execution.Effect?.Id ?? job.EffectId };
        if (error is null)
        {
            var answer = new ArrayBufferWriter<byte>();
            OperationAnswer.Of(execution).WriteTo(answer);
            return ran with
            {
                State = JobState.Succeeded,
                CompletedAt = time.GetUtcNow(),
                ErrorCode = null,
                Reason = null,
                SealedResult = payloads.Seal(answer.WrittenSpan, job.Id),
                Runs = [.. job.Runs, run],
            };
        }

        return execution is { Effect: { Verdict: EffectVerdict.Unknown } effect, IsRepeatable: false }
            ? Unknown(ran, run, effect)
            : Failed(ran, run, outcome, IsTransient(error) && execution.IsRepeatable, error.RetryAfter);
    }

    /// <summary>What a later run can mend: the provider recovers, or a person authorises the connection again.</summary>
    private static bool IsTransient(ProviderError error) => error.Category is
        ErrorCategory.RateLimited or ErrorCategory.Timeout or ErrorCategory.Unavailable or ErrorCategory.CircuitOpen or ErrorCategory.Unauthenticated;

    private Job Failed(Job job, JobRun run, string code, bool transient, TimeSpan? retryAfter)
    {
        var now = time.GetUtcNow();
        var pause = transient ? schedule.Next(job.Begun - job.EarlierRounds) : null;
        var failed = job with { ErrorCode = code, Reason = run.Reason, Runs = [.. job.Runs, run] };
        return pause is { } wait
            ? failed with { State = JobState.Queued, NextRunAt = now + (retryAfter > wait ? retryAfter.Value : wait) }
            : failed with { State = JobState.Dead, CompletedAt = now };
    }

    private Job Unknown(Job job, JobRun run, Effect effect) => job with
    {
        State = JobState.Unknown,
        CompletedAt = time.GetUtcNow(),
        EffectId = effect.Id,
        ErrorCode = "outcome_unknown",
        Reason = $"It was sent to the provider and not answered. Look there, then settle the effect {effect.Id}.",
        Runs = [.. job.Runs, run],
    };

    private Task<Effect?> LatestEffectAsync(Job job, CancellationToken cancellationToken) =>
        effects.LatestAsync(new EffectQuery { JobId = job.Id }, cancellationToken);
}
