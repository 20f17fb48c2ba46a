using System.Text.Json;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Privacy;

internal static class PrivacyEndpoints
{
    public static IServiceCollection AddPrivacy(this IServiceCollection services) =>
        services.AddSingleton<ErasureSignal>().AddSingleton<PrivacyService>().AddHostedService<ErasureWorker>();

    public static IEndpointRouteBuilder MapPrivacy(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/privacy").WithTags("Privacy");
        group.MapPost("/export", ExportAsync).RequireRole(HubRole.Admin).WithName("ExportPerson").WithSummary("Read all events about a person in a project (audited)")
            .WithDescription("`{ \"subject\", \"reason\", \"project\"?, \"pointers\"? }`. The answer is one CloudEvents envelope a line (`application/x-ndjson`), the oldest first.")
            .Accepts<PersonRequest>("application/json").Produces<JsonElement>(StatusCodes.Status200OK, "application/x-ndjson");
        group.MapPost("/erasures", EraseAsync).RequireRole(HubRole.Admin).WithName("ErasePerson").WithSummary("Delete what is held about a person in a project")
            .WithDescription("Events whose subject it is, or in whose data one of `pointers` leads to it, with their raw requests, deliveries and attempts; kept answers, jobs and records of operations that name it. It cannot be undone. The answer is a job to poll.")
            .Accepts<PersonRequest>("application/json").Produces<ErasureView>(StatusCodes.Status202Accepted);
        group.MapGet("/erasures", ListAsync).RequireRole(HubRole.Admin).WithName("ListErasures").WithSummary("List orders to delete, newest first").ReadsListQuery(new QueryParameter("project", "A project's name.")).Produces<Page<ErasureView>>();
        group.MapGet("/erasures/{id}", GetAsync).RequireRole(HubRole.Admin).WithName("GetErasure").WithSummary("Read how far an order to delete is").Produces<ErasureView>();
        return routes;
    }

    private static async Task<IResult> EraseAsync(HttpContext context, PrivacyService service, CancellationToken cancellationToken)
    {
        var request = await RequestBody.ReadAsync<PersonRequest>(context, cancellationToken);
        var erasure = await service.EraseAsync(context.GetCaller(), request, CorrelationId.Of(context), cancellationToken);
        context.Response.Headers.Location = $"/api/privacy/erasures/{erasure.Id}";
        return Results.Json(ErasureView.Of(erasure), HubJson.Options, statusCode: StatusCodes.Status202Accepted);
    }

    private static async Task<IResult> ListAsync(HttpContext context, IErasureStore store, CancellationToken cancellationToken)
    {
        var projects = context.GetCaller().Within(new QueryReader(context.Request.Query).Text("project"));
        return Results.Json((await store.ListAsync(projects, PageQuery.Bind(context), cancellationToken)).Select(ErasureView.Of), HubJson.Options);
    }

    private static async Task<IResult> GetAsync(string id, HttpContext context, PrivacyService service, CancellationToken cancellationToken) =>
        Results.Json(ErasureView.Of(await service.FindAsync(context.GetCaller(), id, cancellationToken)), HubJson.Options);

    private static async Task ExportAsync(HttpContext context, PrivacyService service, CancellationToken cancellationToken)
    {
        var request = await RequestBody.ReadAsync<PersonRequest>(context, cancellationToken);
        var found = await service.ExportAsync(context.GetCaller(), request, CorrelationId.Of(context), cancellationToken);
        context.Response.ContentType = "application/x-ndjson; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        await foreach (var line in found.WithCancellation(cancellationToken))
        {
            // Data is as the provider wrote it, line breaks between its members included; within texts JSON has none.
            line.AsSpan().Replace((byte)'\n', (byte)' ');
            line.AsSpan().Replace((byte)'\r', (byte)' ');
            await context.Response.Body.WriteAsync(line, cancellationToken);
            await context.Response.Body.WriteAsync(NewLine, cancellationToken);
        }
    }

    private static readonly byte[] NewLine = [(byte)'\n'];
}

/// <summary>An order to delete as the API shows it. It never names the person.</summary>
internal sealed record ErasureView(
    string Id, ErasureState State, string Project, string SubjectHash, string Reason, ErasureCounts Deleted, string Actor, DateTimeOffset CreatedAt, DateTimeOffset? CompletedAt)
{
    public static ErasureView Of(Erasure erasure) => new(
        erasure.Id, erasure.State, erasure.Project, Convert.ToHexStringLower(erasure.SubjectHash), erasure.Reason, erasure.Counts, erasure.Actor, erasure.CreatedAt, erasure.CompletedAt);
}
