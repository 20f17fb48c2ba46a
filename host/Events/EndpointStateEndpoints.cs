using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Events;

/// <summary>Shows how a subscription's endpoint is doing.</summary>
internal static class EndpointStateEndpoints
{
    public static IEndpointRouteBuilder MapEndpointStates(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/subscriptions").WithTags("Subscriptions");
        group.MapGet("/{id}/endpoint", GetAsync).RequireRole(HubRole.Developer).WithName("GetSubscriptionEndpoint").WithSummary("Read how a subscription's endpoint is doing")
            .WithDescription("Its circuit, since when it fails, when it will be disabled, and why it was.")
            .Produces<EndpointView>();
        return routes;
    }

    private static async Task<IResult> GetAsync(
        string id, HttpContext context, SubscriptionService service, EndpointRegistry endpoints, IOptions<DeliveryOptions> options, TimeProvider time, CancellationToken cancellationToken)
    {
        var subscription = await service.FindAsync(context.GetCaller(), id, cancellationToken);
        return Results.Json(EndpointView.Of(subscription, endpoints.Find(id), options.Value, time.GetUtcNow()), HubJson.Options);
    }
}

/// <summary>How an endpoint is doing, as the API shows it.</summary>
internal sealed record EndpointView(
    string Subscription, bool Enabled, string? DisabledReason, EndpointCircuit Circuit, DateTimeOffset? TrialAt, DateTimeOffset? FailingSince, DateTimeOffset? DisabledAt,
    int ConsecutiveFailures, string? LastError, DateTimeOffset? LastFailureAt, DateTimeOffset? LastSuccessAt)
{
    public static EndpointView Of(Subscription subscription, Endpoint? endpoint, DeliveryOptions options, DateTimeOffset now)
    {
        var state = endpoint?.State;
        return new(
            subscription.Id,
            subscription.Enabled,
            subscription.DisabledReason,
            endpoint?.Circuit ?? EndpointCircuit.Closed,
            endpoint?.Remaining is { Ticks: > 0 } left ? now + left : null,
            state?.FailingSince,
            options.DisableAfter > TimeSpan.Zero ? state?.FailingSince + options.DisableAfter : null,
            state?.Failures ?? 0,
            state?.LastError,
            state?.LastFailureAt,
            state?.LastSuccessAt);
    }
}
