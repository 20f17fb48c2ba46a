using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Plugins;

/// <summary>What is loaded, from where, and what is wrong with what is not.</summary>
/// <param name="Items">The plugins, in the order of the list.</param>
/// <param name="NextCursor">Always null: the list is whole.</param>
/// <param name="List">The operator's file and what is wrong with it.</param>
/// <param name="Retired">Former generations that are still in memory, also of plugins that are no longer listed.</param>
internal sealed record PluginListResponse(IReadOnlyList<PluginRecord> Items, string? NextCursor, PluginListRecord? List, IReadOnlyList<RetiredGeneration> Retired);

internal static class PluginEndpoints
{
    public const string PluginsServeAll = "Plugins serve every project, and their code runs with the hub's rights.";

    public static IEndpointRouteBuilder MapPlugins(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/plugins").WithTags("Plugins");
        group.MapGet("", List).RequireRole(HubRole.Viewer).WithName("ListPlugins").WithSummary("What is loaded, from where, and what is wrong with what is not")
            .Produces<PluginListResponse>();
        group.MapGet("{id}", Get).RequireRole(HubRole.Viewer).WithName("GetPlugin").WithSummary("One plugin: its state, version, path, errors and warnings")
            .Produces<PluginRecord>().ProducesProblem(StatusCodes.Status404NotFound);
        MapChange(group, "reload", "ReloadPlugin", "Load a plugin again from its folder", "When the files cannot be loaded, the answer says why (409), and what served before serves on.", ReloadAsync);
        MapChange(group, "enable", "EnablePlugin", "Lift a plugin's quarantine or an earlier disable, and load it", "What the plugin list disables can be enabled there only (409).", EnableAsync);
        MapChange(group, "disable", "DisablePlugin", "Stop serving a plugin, now and after a restart", "Calls that run have time to finish.", DisableAsync);
        return routes;
    }

    private static void MapChange(RouteGroupBuilder group, string action, string name, string summary, string description, Delegate handler) =>
        group.MapPost($"{{id}}/{action}", handler).RequireRole(HubRole.Admin).HubWide(PluginsServeAll).WithName(name).WithSummary(summary).WithDescription(description)
            .Produces<PluginRecord>().ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);

    private static PluginListResponse List(PluginRegistry registry) =>
        new(registry.All, null, registry.List, registry.Retired);

    private static IResult Get(string id, PluginRegistry registry) =>
        registry.Find(id) is { } record ? TypedResults.Ok(record) : NotFound(id);

    private static Task<IResult> ReloadAsync(string id, HttpContext context, IPluginControl plugins, IAuditTrail audit, TimeProvider time, CancellationToken cancellationToken) =>
        ChangeAsync(id, "plugin.reloaded", plugins.ReloadAsync, context, audit, time, cancellationToken);

    private static Task<IResult> EnableAsync(string id, HttpContext context, IPluginControl plugins, IAuditTrail audit, TimeProvider time, CancellationToken cancellationToken) =>
        ChangeAsync(id, "plugin.enabled", plugins.EnableAsync, context, audit, time, cancellationToken);

    private static Task<IResult> DisableAsync(string id, HttpContext context, IPluginControl plugins, IAuditTrail audit, TimeProvider time, CancellationToken cancellationToken) =>
        ChangeAsync(id, "plugin.disabled", plugins.DisableAsync, context, audit, time, cancellationToken);

    private static async Task<IResult> ChangeAsync(
        string id,
        string action,
        Func<string, CancellationToken, Task<PluginRecord?>> change,
        HttpContext context,
        IAuditTrail audit,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var caller = context.GetCaller();
        if (await change(id, cancellationToken) is not { } record)
            return NotFound(id);

        // The change is made: whoever asked for it may be gone, the audit must have it all the same.
        var errors = record.PendingErrors.Count > 0 ? record.PendingErrors : record.Errors;
        var failed = record.State == PluginState.Failed || record.PendingErrors.Count > 0;
        await audit.RecordAsync(
            time,
            caller,
            action,
            record.Id,
            null,
            CorrelationId.Of(context),
            new { record.Version, record.Sha256, Outcome = failed ? "failed" : "succeeded" },
            CancellationToken.None);

        return failed ? NotLoaded(record, errors).ToResult() : TypedResults.Ok(record);
    }

    private static IResult NotFound(string id) => Problem.NotFound("plugin", id).ToResult();

    private static Problem NotLoaded(PluginRecord record, IReadOnlyList<ValidationIssue> errors) => new(
        StatusCodes.Status409Conflict,
        "plugin_not_loaded",
        "The plugin could not be loaded",
        record.State == PluginState.Loaded
            ? $"The files in '{record.Path}' could not be loaded. Version {record.Version} of '{record.Id}' serves on."
            : $"The files in '{record.Path}' could not be loaded, and '{record.Id}' does not serve.")
    {
        Errors = errors,
    };
}
