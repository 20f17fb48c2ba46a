using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Plugins;

/// <summary>What is loaded, from where, and what is wrong with what is not.</summary>
/// <param name="Items">The plugins, in the order of the list.</param>
/// <param name="NextCursor">Always null: the list is whole.</param>
/// <param name="List">The operator's file and what is wrong with it.</param>
internal sealed record PluginListResponse(IReadOnlyList<PluginRecord> Items, string? NextCursor, PluginListRecord? List);

internal static class PluginEndpoints
{
    public static IEndpointRouteBuilder MapPlugins(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/plugins").WithTags("Plugins").RequireRole(HubRole.Viewer);
        group.MapGet("", List).WithName("ListPlugins").WithSummary("What is loaded, from where, and what is wrong with what is not")
            .Produces<PluginListResponse>();
        group.MapGet("{id}", Get).WithName("GetPlugin").WithSummary("One plugin: its state, version, path, errors and warnings")
            .Produces<PluginRecord>().ProducesProblem(StatusCodes.Status404NotFound);
        return routes;
    }

    private static PluginListResponse List(PluginRegistry registry) =>
        new(registry.All, null, registry.List);

    private static IResult Get(string id, PluginRegistry registry) =>
        registry.Find(id) is { } record ? TypedResults.Ok(record) : Problem.NotFound("plugin", id).ToResult();
}
