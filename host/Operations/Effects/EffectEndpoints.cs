using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Operations.Effects;

internal static class EffectEndpoints
{
    private static readonly QueryParameter[] Filters =
    [
        new("project", "The name of a project."),
        new("connection", "The id of a connection."),
        new("provider", "The id of a provider."),
        new("operation", "The name of an operation."),
        new("verdict", "pending, succeeded, failed or unknown."),
        new("job", "The id of a job."),
        new("from", "Started at this time or later (ISO 8601)."),
        new("to", "Started before this time."),
    ];

    public static void MapEffects(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/effects").WithTags("Effects");
        group.MapGet("", ListAsync).RequireRole(HubRole.Viewer).WithName("ListEffects")
            .WithSummary("List what operations changed at providers, newest first")
            .WithDescription("`verdict=unknown` lists what was sent and not answered: look at the provider, then settle it.")
            .ReadsListQuery(Filters)
            .Produces<Page<EffectView>>().ProducesProblem(400);
        group.MapGet("/{id}", GetAsync).RequireRole(HubRole.Viewer).WithName("GetEffect")
            .WithSummary("Read an effect with its attempts").Produces<EffectView>().ProducesProblem(404);
        group.MapPost("/{id}/settle", SettleAsync).RequireRole(HubRole.Operator).WithName("SettleEffect")
            .WithSummary("Say what became of an effect that nobody here knows the outcome of")
            .WithDescription("`failed` frees what waited for it: its job can be retried, and its Idempotency-Key runs the operation again. `succeeded` closes both. A settlement is final.")
            .Accepts<SettleEffectRequest>("application/json").Produces<EffectView>().ProducesProblem(400).ProducesProblem(404).ProducesProblem(409);
    }

    private static async Task<IResult> ListAsync(HttpContext context, IEffectStore store, CancellationToken cancellationToken)
    {
        var filter = new QueryReader(context.Request.Query);
        var query = new EffectQuery
        {
            ConnectionId = filter.Text("connection"),
            Provider = filter.Text("provider"),
            Operation = filter.Text("operation"),
            Verdict = filter.OneOf<EffectVerdict>("verdict"),
            JobId = filter.Text("job"),
            From = filter.Time("from"),
            To = filter.Time("to"),
            VisibleProjects = context.GetCaller().Within(filter.Text("project")),
        };
        filter.ThrowIfFaulty();
        var page = await store.ListAsync(query, PageQuery.Bind(context), cancellationToken);
        return Results.Json(page.Select(EffectView.Of), HubJson.Options);
    }

    private static async Task<IResult> GetAsync(string id, HttpContext context, EffectService effects, CancellationToken cancellationToken) =>
        Results.Json(EffectView.Of(await effects.GetAsync(context.GetCaller(), id, cancellationToken)), HubJson.Options);

    private static async Task<IResult> SettleAsync(string id, HttpContext context, EffectService effects, CancellationToken cancellationToken)
    {
        var request = await RequestBody.ReadAsync<SettleEffectRequest>(context, cancellationToken);
        return Results.Json(EffectView.Of(await effects.SettleAsync(context.GetCaller(), CorrelationId.Of(context), id, request, cancellationToken)), HubJson.Options);
    }
}

/// <summary>An effect as the API shows it.</summary>
internal sealed record EffectView(
    string Id, string ConnectionId, string Project, string Environment, string Provider, string Operation, EffectVerdict Verdict, string? Reason, string Actor,
    string CorrelationId, string ParametersHash, string? IdempotencyKey, string? JobId, DateTimeOffset StartedAt, DateTimeOffset? CompletedAt,
    IReadOnlyList<EffectAttemptView> Attempts, EffectSettlement? Settlement)
{
    public static EffectView Of(Effect effect) => new(
        effect.Id, effect.ConnectionId, effect.Project, effect.Environment, effect.Provider, effect.Operation, effect.Verdict, effect.Reason, effect.Actor,
        effect.CorrelationId, "hmac-sha256:" + Convert.ToHexStringLower(effect.ParametersHash), effect.IdempotencyKey, effect.JobId, effect.StartedAt, effect.CompletedAt,
        [.. effect.Attempts.Select(EffectAttemptView.Of)], effect.Settlement);
}

/// <summary>One attempt as the API shows it.</summary>
internal sealed record EffectAttemptView(
    int Number, DateTimeOffset StartedAt, double DurationMs, string Outcome, int? ProviderStatus, string? ProviderRequestId, bool OutcomeUnknown)
{
    public static EffectAttemptView Of(OperationAttempt attempt) => new(
        attempt.Number, attempt.StartedAt, Math.Round(attempt.Duration.TotalMilliseconds, 3), attempt.Outcome, attempt.ProviderStatus, attempt.ProviderRequestId, attempt.OutcomeUnknown);
}
