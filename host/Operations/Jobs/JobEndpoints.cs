using System.Text.Json;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Operations.Jobs;

internal static class JobEndpoints
{
    private static readonly QueryParameter[] Filters =
    [
        new("state", "queued, running, succeeded, dead, unknown or cancelled."),
        new("project", "The name of a project."),
        new("connection", "The id of a connection."),
        new("provider", "The id of a provider."),
        new("operation", "The name of an operation."),
        new("from", "Accepted at this time or later (ISO 8601)."),
        new("to", "Accepted before this time."),
    ];

    public static void MapJobs(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/jobs").WithTags("Jobs");
        group.MapGet("", ListAsync).RequireRole(HubRole.Developer).WithName("ListJobs")
            .WithSummary("List operations that run behind the caller's back, newest first")
            .WithDescription("`state=dead` lists those that were given up, with the reason.")
            .ReadsListQuery(Filters)
            .Produces<Page<JobView>>().ProducesProblem(400);
        group.MapGet("/{id}", GetAsync).RequireRole(HubRole.Developer).WithName("GetJob")
            .WithSummary("Read a job: its state, its runs, and its answer").Produces<JobView>().ProducesProblem(404);
        group.MapPost("/{id}/retry", RetryAsync).RequireRole(HubRole.Operator).WithName("RetryJob")
            .WithSummary("Run a dead job again")
            .WithDescription("With the same idempotency key. A job whose outcome is unknown cannot be retried before its effect is settled.")
            .Produces<JobView>(StatusCodes.Status202Accepted).ProducesProblem(404).ProducesProblem(409);
        group.MapPost("/{id}/cancel", CancelAsync).RequireRole(HubRole.Developer).WithName("CancelJob")
            .WithSummary("Call off a job that waits").Produces<JobView>().ProducesProblem(404).ProducesProblem(409);
    }

    private static async Task<IResult> ListAsync(HttpContext context, IJobStore store, CancellationToken cancellationToken)
    {
        var filter = new QueryReader(context.Request.Query);
        var query = new JobQuery
        {
            State = filter.OneOf<JobState>("state"),
            ConnectionId = filter.Text("connection"),
            Provider = filter.Text("provider"),
            Operation = filter.Text("operation"),
            From = filter.Time("from"),
            To = filter.Time("to"),
            VisibleProjects = context.GetCaller().Within(filter.Text("project")),
        };
        filter.ThrowIfFaulty();
        var page = await store.ListAsync(query, PageQuery.Bind(context), cancellationToken);
        return Results.Json(page.Select(job => JobView.Of(job)), HubJson.Options);
    }

    private static async Task<IResult> GetAsync(string id, HttpContext context, JobService jobs, CancellationToken cancellationToken)
    {
        var job = await jobs.GetAsync(context.GetCaller(), id, cancellationToken);
        return Results.Json(JobView.Of(job, jobs.ResultOf(job)), HubJson.Options);
    }

    private static async Task<IResult> RetryAsync(string id, HttpContext context, JobService jobs, CancellationToken cancellationToken) =>
        Results.Json(
            JobView.Of(await jobs.RetryAsync(context.GetCaller(), CorrelationId.Of(context), id, cancellationToken)), HubJson.Options, statusCode: StatusCodes.Status202Accepted);

    private static async Task<IResult> CancelAsync(string id, HttpContext context, JobService jobs, CancellationToken cancellationToken) =>
        Results.Json(JobView.Of(await jobs.CancelAsync(context.GetCaller(), CorrelationId.Of(context), id, cancellationToken)), HubJson.Options);
}

/// <summary>A job as the API shows it.</summary>
/// <remarks><c>result</c> and <c>meta</c> are what the operation would have answered without async; there once it succeeded. <c>nextRunAt</c> is there while it waits.</remarks>
internal sealed record JobView(
    string Id, JobState State, string ConnectionId, string Project, string Environment, string Provider, string Operation, string CorrelationId, string IdempotencyKey,
    DateTimeOffset CreatedAt, DateTimeOffset? NextRunAt, DateTimeOffset? CompletedAt, JsonElement? Result, JsonElement? Meta, JobErrorView? Error, string? EffectId,
    IReadOnlyList<JobRunView> Runs)
{
    public static JobView Of(Job job, JsonElement answer = default) => new(
        job.Id, job.State, job.ConnectionId, job.Project, job.Environment, job.Provider, job.Operation, job.CorrelationId, job.IdempotencyKey,
        job.CreatedAt, job.State == JobState.Queued ? job.NextRunAt : null, job.CompletedAt, Member(answer, "result"), Member(answer, "meta"),
        ErrorOf(job), job.EffectId, [.. job.Runs.Select(JobRunView.Of)]);

    // The code is the last run's, and outlives what a person made of the job afterwards.
    private static JobErrorView? ErrorOf(Job job) => job switch
    {
        { State: JobState.Succeeded } or { ErrorCode: null, Reason: null } => null,
        { State: JobState.Cancelled } => new JobErrorView("cancelled", job.Reason),
        _ => new JobErrorView(job.ErrorCode, job.Reason ?? (job.Runs.Count > 0 ? job.Runs[^1].Reason : null)),
    };

    private static JsonElement? Member(JsonElement answer, string name) =>
        answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty(name, out var value) ? value : null;
}

internal sealed record JobErrorView(string? Code, string? Message);

/// <summary>One run as the API shows it.</summary>
internal sealed record JobRunView(int Number, DateTimeOffset StartedAt, double DurationMs, int Attempts, string Outcome, string? Reason)
{
    public static JobRunView Of(JobRun run) => new(run.Number, run.StartedAt, Math.Round(run.Duration.TotalMilliseconds, 3), run.Attempts, run.Outcome, run.Reason);
}
