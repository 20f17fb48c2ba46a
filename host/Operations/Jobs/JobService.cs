using System.Text.Json;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Operations.Effects;
using IntegrationHub.Host.Secrets;

namespace IntegrationHub.Host.Operations.Jobs;

/// <summary>Accepts jobs, shows them, and lets people call them off or run them again. Thread-safe.</summary>
internal sealed class JobService(IJobStore store, IPayloadSealer payloads, JobSignal signal, IAuditTrail audit, TimeProvider time) : IEffectSettlementHandler
{
    /// <summary>Completes when the job is durable.</summary>
    /// <exception cref="ProblemException">The parameters do not fit the operation, or it works with content.</exception>
    public async Task<Job> SubmitAsync(Caller caller, OperationTarget target, OperationCall call, CancellationToken cancellationToken)
    {
        if (target.Manifest.Stream.Request || target.Manifest.Stream.Response)
            throw Problem.Invalid($"The operation '{target.Operation}' works with content, which is not kept: run it without async.").ToException();

        // What can never succeed is refused now, not found dead later.
        if (ParameterValidationStep.Check(target.Provider, target.Operation, call.Parameters) is { } error)
            throw error.ToProblem(target.Provider.Id).ToException();

        // An idempotent request has one job, also when it is taken over because its answer was not kept.
        var now = time.GetUtcNow();
        var id = call.RequestId is { } request ? Ids.Job + request[Ids.IdempotentRequest.Length..] : Ids.New(Ids.Job, now);
        if (call.RequestId is not null && await store.GetAsync(id, cancellationToken) is { } accepted)
            return accepted;

        var connection = target.Connection;
        var job = new Job
        {
            Id = id,
            ConnectionId = connection.Id,
            Project = connection.Project,
            Environment = connection.Environment,
            Provider = connection.Provider,
            Operation = target.Operation,
            Actor = caller.KeyId,
            Address = caller.Address,
            CorrelationId = call.CorrelationId,
            IdempotencyKey = call.IdempotencyKey ?? Ids.New("idem", now),
            SealedInput = payloads.Seal(JsonSerializer.SerializeToUtf8Bytes(new JobInput(call.Parameters, call.Cursor), HubJson.Options), id),
            State = JobState.Queued,
            NextRunAt = now,
            CreatedAt = now,
        };
        await store.AddAsync(job, cancellationToken);
        audit.RecordSoon(new AuditEntry
        {
            Time = now, Actor = caller.KeyId, Action = "job.accepted", Target = id, Project = job.Project, Address = caller.Address, CorrelationId = call.CorrelationId,
            Details = JsonSerializer.SerializeToElement(new { connection = connection.Id, operation = target.Operation }, HubJson.Options),
        });
        signal.Wake();
        return job;
    }

    /// <exception cref="ProblemException">There is none, or the caller may not see it.</exception>
    public async Task<Job> GetAsync(Caller caller, string id, CancellationToken cancellationToken) =>
        await store.GetAsync(id, cancellationToken) is { } job && caller.CanSee(job.Project) ? job : throw Problem.NotFound("job", id).ToException();

    /// <summary>The answer of a job that succeeded; undefined when there is none.</summary>
    public JsonElement ResultOf(Job job) => job.SealedResult is { } result ? JsonElement.Parse(payloads.Open(result, job.Id), new JsonDocumentOptions { MaxDepth = OperationAnswer.MaxDepth }) : default;

    /// <exception cref="ProblemException">It is not there, or does not wait.</exception>
    public async Task<Job> CancelAsync(Caller caller, string correlationId, string id, CancellationToken cancellationToken)
    {
        var job = await GetAsync(caller, id, cancellationToken);
        if (!await store.MoveAsync(id, JobState.Queued, JobState.Cancelled, time.GetUtcNow(), "It was called off.", cancellationToken))
            throw Problem.Conflict($"The job is {Word(await StateOf(caller, id, cancellationToken))}.", "", "Only a job that waits can be called off.").ToException();

        return await RecordAsync(caller, correlationId, job, "job.cancelled", cancellationToken);
    }

    /// <summary>Runs a dead job again, from the beginning of its schedule.</summary>
    /// <exception cref="ProblemException">It is not there, or not dead.</exception>
    public async Task<Job> RetryAsync(Caller caller, string correlationId, string id, CancellationToken cancellationToken)
    {
        var job = await GetAsync(caller, id, cancellationToken);
        if (!await store.MoveAsync(id, JobState.Dead, JobState.Queued, time.GetUtcNow(), null, cancellationToken))
        {
            var state = await StateOf(caller, id, cancellationToken);
            var hint = state == JobState.Unknown ? $"Settle the effect first: POST /api/effects/{job.EffectId}/settle." : "Only a dead job can be run again.";
            throw Problem.Conflict($"The job is {Word(state)}.", "", hint).ToException();
        }

        var queued = await RecordAsync(caller, correlationId, job, "job.retried", cancellationToken);
        signal.Wake();
        return queued;
    }

    /// <summary>A job whose effect a person has settled is done, or dead and can be run again.</summary>
    public async Task SettledAsync(Effect effect, CancellationToken cancellationToken)
    {
        if (effect.JobId is not { } id)
            return;

        var (state, reason) = effect.Verdict == EffectVerdict.Succeeded
            ? (JobState.Succeeded, "A person found that the operation succeeded; there is no result.")
            : (JobState.Dead, "A person found that the operation did not happen.");
        await store.MoveAsync(id, JobState.Unknown, state, time.GetUtcNow(), reason, cancellationToken);
    }

    /// <summary>At start: what the last process left in the middle is unknown, or runs again.</summary>
    public Task RecoverAsync(CancellationToken cancellationToken) => store.AbandonAsync(cancellationToken);

    private async Task<JobState> StateOf(Caller caller, string id, CancellationToken cancellationToken) => (await GetAsync(caller, id, cancellationToken)).State;

    private async Task<Job> RecordAsync(Caller caller, string correlationId, Job job, string action, CancellationToken cancellationToken)
    {
        await audit.RecordAsync(time, caller, action, job.Id, job.Project, correlationId, new { job.ConnectionId, job.Operation }, cancellationToken);
        return await GetAsync(caller, job.Id, cancellationToken);
    }

    private static string Word(JobState state) => state.ToString().ToLowerInvariant();
}
