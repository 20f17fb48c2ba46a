using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Plugins.Install;

internal static class PluginInstallEndpoints
{
    public static IEndpointRouteBuilder MapPluginInstall(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/plugins").WithTags("Plugins").RequireRole(HubRole.Admin).HubWide(PluginEndpoints.PluginsServeAll);
        group.MapPost("", InstallAsync).WithName("InstallPlugin").WithSummary("Install a plugin, or replace it by another version")
            .WithDescription("The body is a ZIP file as 'hub plugin pack' makes it. It is checked in full before anything is put in place. The former version serves until the new one is loaded, and is put back when that fails. An older version than the installed one needs force=true.")
            .Accepts<Stream>("application/zip", "multipart/form-data")
            .Produces<PluginInstallation>(StatusCodes.Status201Created).Produces<PluginInstallation>()
            .ProducesProblem(400).ProducesProblem(403).ProducesProblem(409).ProducesProblem(413).ProducesProblem(415);
        group.MapDelete("{id}", RemoveAsync).WithName("RemovePlugin").WithSummary("Remove an installed plugin")
            .WithDescription("Only what was installed: folders that the plugin list names are the operator's. A plugin that connections use is removed with force=true only; the connections stay.")
            .Produces(StatusCodes.Status204NoContent).ProducesProblem(403).ProducesProblem(404).ProducesProblem(409);
        return routes;
    }

    private static async Task<IResult> InstallAsync(bool? force, HttpContext context, PluginInstaller installer, IOptions<PluginInstallOptions> options, CancellationToken cancellationToken)
    {
        var caller = InstallerOf(context, options.Value);
        var limit = options.Value.MaxPackageBytes;
        var installed = await installer.InstallAsync((target, token) => PackageUpload.ReceiveAsync(context, limit, target, token), force ?? false, caller, CorrelationId.Of(context), cancellationToken);
        context.Response.Headers.Location = $"/api/plugins/{installed.Plugin.Id}";
        return Results.Json(installed, HubJson.Options, statusCode: installed.Outcome == InstallOutcome.Installed ? StatusCodes.Status201Created : StatusCodes.Status200OK);
    }

    private static async Task<IResult> RemoveAsync(string id, bool? force, HttpContext context, PluginInstaller installer, IOptions<PluginInstallOptions> options, CancellationToken cancellationToken)
    {
        await installer.RemoveAsync(id, force ?? false, InstallerOf(context, options.Value), CorrelationId.Of(context), cancellationToken);
        return Results.NoContent();
    }

    private static Caller InstallerOf(HttpContext context, PluginInstallOptions options)
    {
        if (!options.AllowInstall)
            throw Problem.Forbidden("This hub takes no plugins through the API: Hub:Plugins:AllowInstall is off. Put the plugin's folder on the machine, and on the plugin list.").ToException();

        return context.GetCaller();
    }
}
