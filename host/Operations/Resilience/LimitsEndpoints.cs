using IntegrationHub.Host.Access;
using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Operations.Resilience;

/// <summary>What holds a connection's calls back, for people.</summary>
internal static class LimitsEndpoints
{
    public static IEndpointRouteBuilder MapConnectionLimits(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/connections/{id}/limits").WithTags("Operations");
        group.MapGet("", GetAsync).RequireRole(HubRole.Viewer).WithName("GetConnectionLimits")
            .WithSummary("What holds the connection's calls back: rate, places, pause and circuit, as this node knows them")
            .Produces<ConnectionLimits>().ProducesProblem(404);
        group.MapPost("/reset", ResetAsync).RequireRole(HubRole.Operator).WithName("ResetConnectionLimits")
            .WithSummary("Close the circuit, end the pause and fill the bucket")
            .WithDescription("For when the provider is known to be well again. The next failures open the circuit as before.")
            .Produces<ConnectionLimits>().ProducesProblem(404);
        return routes;
    }

    private static async Task<IResult> GetAsync(string id, HttpContext context, IConnectionResolver connections, ConnectionGates gates, CancellationToken cancellationToken)
    {
        await FindAsync(id, context, connections, cancellationToken);
        return Results.Json(ConnectionLimits.Of(gates.Find(id)?.Look()), HubJson.Options);
    }

    private static async Task<IResult> ResetAsync(
        string id, HttpContext context, IConnectionResolver connections, ConnectionGates gates, IAuditTrail audit, TimeProvider time, CancellationToken cancellationToken)
    {
        var connection = await FindAsync(id, context, connections, cancellationToken);
        gates.Find(id)?.Reset();
        await audit.RecordAsync(time, context.GetCaller(), "connection.limits_reset", id, connection.Project, CorrelationId.Of(context), null, cancellationToken);
        return Results.Json(ConnectionLimits.Of(gates.Find(id)?.Look()), HubJson.Options);
    }

    private static async Task<Connection> FindAsync(string id, HttpContext context, IConnectionResolver connections, CancellationToken cancellationToken) =>
        await connections.FindAsync(id, cancellationToken) is { } connection && context.GetCaller().CanSee(connection.Project)
            ? connection
            : throw Problem.NotFound("connection", id).ToException();
}

/// <param name="InFlight">Attempts that run now.</param>
/// <param name="Waiting">Calls that wait for their turn.</param>
/// <param name="PausedUntil">Until when the provider takes no calls of this connection.</param>
/// <param name="Bucket">The rate limit; <see langword="null"/> when there is none, or nothing was called yet.</param>
/// <param name="Concurrency">The most attempts at the same time; <see langword="null"/> when nothing was called yet.</param>
/// <param name="SlowedTo">Calls a second, while the provider has little left.</param>
/// <param name="Circuit">The circuit breaker.</param>
internal sealed record ConnectionLimits(int InFlight, int Waiting, DateTimeOffset? PausedUntil, BucketModel? Bucket, int? Concurrency, double? SlowedTo, CircuitModel Circuit)
{
    public static ConnectionLimits Of(GateSnapshot? gate) => new(
        gate?.InFlight ?? 0,
        gate?.Waiting ?? 0,
        gate?.PausedUntil,
        gate is { Tokens: { } tokens, Settings: { } settings } ? new BucketModel(settings.Limits.RequestsPerSecond!.Value, settings.Burst, Math.Round(tokens, 3)) : null,
        gate?.Settings?.Concurrency,
        gate?.SlowedTo,
        new CircuitModel(gate?.State ?? CircuitState.Closed, gate?.ConsecutiveFailures ?? 0, gate?.TrialsSucceeded ?? 0, gate?.TrialAt));
}

/// <param name="RequestsPerSecond">In the long run.</param>
/// <param name="Burst">At once, after a pause.</param>
/// <param name="Tokens">What is there now; negative while calls wait.</param>
internal sealed record BucketModel(double RequestsPerSecond, int Burst, double Tokens);

/// <param name="State"><c>closed</c>, <c>open</c> or <c>half_open</c>.</param>
/// <param name="ConsecutiveFailures">Failed attempts in a row.</param>
/// <param name="TrialsSucceeded">Of the trials that close it again.</param>
/// <param name="TrialAt">When the first trial goes through.</param>
internal sealed record CircuitModel(CircuitState State, int ConsecutiveFailures, int TrialsSucceeded, DateTimeOffset? TrialAt);
