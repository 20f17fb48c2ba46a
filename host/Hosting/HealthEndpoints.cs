using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Hosting;

internal static class HealthEndpoints
{
    public static IEndpointRouteBuilder MapHealth(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/health").WithTags("Health");
        group.MapGet("/live", () => Results.Json(new { status = "live" }, HubJson.Options))
            .AllowWithoutKey("Says only that the process answers.")
            .WithName("HealthLive")
            .WithSummary("Whether the process answers");
        group.MapGet("/ready", ReadyAsync)
            .AllowWithoutKey("Load balancers and service managers ask it.")
            .WithName("HealthReady")
            .WithSummary("Whether storage is open, plugins are loaded and workers run");
        return routes;
    }

    private static async Task<IResult> ReadyAsync(HubHealth health, CancellationToken cancellationToken) =>
        await health.IsReadyAsync(cancellationToken)
            ? Results.Json(new { status = "ready" }, HubJson.Options)
            : Results.Json(new { status = "not_ready" }, HubJson.Options, statusCode: StatusCodes.Status503ServiceUnavailable);
}
