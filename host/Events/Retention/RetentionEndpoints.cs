using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Events.Retention;

internal static class RetentionEndpoints
{
    public static IEndpointRouteBuilder MapRetention(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/projects/{project}/retention").WithTags("Retention");
        group.MapGet("", (string project, HttpContext context, RetentionService service) => Results.Json(service.Find(context.GetCaller(), project), HubJson.Options))
            .RequireRole(HubRole.Operator).WithName("GetRetention").WithSummary("Read how long things of a project are kept")
            .WithDescription("`set` is what was set here; `effective` is what holds, with the hub's settings where nothing was set.").Produces<RetentionView>();
        group.MapPut("", SetAsync).RequireRole(HubRole.Admin).WithName("SetRetention").WithSummary("Set how long things of a project are kept")
            .WithDescription("Times such as `90d` or `12h`; what is left out or null is as the hub's settings say. It holds from the next purge on, minutes later, and what that deletes is gone. Raw bodies keep the time that held when they came.")
            .Accepts<RetentionRequest>("application/json").Produces<RetentionView>();
        group.MapDelete("", ResetAsync).RequireRole(HubRole.Admin).WithName("ResetRetention").WithSummary("Keep things of a project as long as the hub's settings say")
            .Produces(StatusCodes.Status204NoContent);
        return routes;
    }

    private static async Task<IResult> SetAsync(string project, HttpContext context, RetentionService service, CancellationToken cancellationToken)
    {
        var request = await RequestBody.ReadAsync<RetentionRequest>(context, cancellationToken);
        return Results.Json(await service.SetAsync(context.GetCaller(), project, request, CorrelationId.Of(context), cancellationToken), HubJson.Options);
    }

    private static async Task<IResult> ResetAsync(string project, HttpContext context, RetentionService service, CancellationToken cancellationToken)
    {
        await service.ResetAsync(context.GetCaller(), project, CorrelationId.Of(context), cancellationToken);
        return Results.NoContent();
    }
}

/// <summary>How long things of a project are kept, as the API shows it.</summary>
internal sealed record RetentionView(string Project, RetentionTimes Set, RetentionTimes Effective, DateTimeOffset? ChangedAt, string? ChangedBy)
{
    public static RetentionView Of(string project, RetentionSnapshot snapshot)
    {
        var (set, holds) = (snapshot.SetOf(project), snapshot.EffectiveOf(project));
        var effective = new ProjectRetention { RawBodies = holds.RawBodies, Events = holds.Events, Deliveries = holds.Deliveries, Attempts = holds.Attempts };
        return new(project, RetentionTimes.Of(set?.Times ?? new ProjectRetention()), RetentionTimes.Of(effective), set?.ChangedAt, set?.ChangedBy);
    }
}

/// <summary>Times as <see cref="DurationText"/>; <see langword="null"/> for those that are not set.</summary>
internal sealed record RetentionTimes(string? RawBodies, string? Events, string? Deliveries, string? Attempts)
{
    public static RetentionTimes Of(ProjectRetention times) => new(Of(times.RawBodies), Of(times.Events), Of(times.Deliveries), Of(times.Attempts));

    private static string? Of(TimeSpan? time) => time is { } set ? DurationText.Of(set) : null;
}
