using IntegrationHub.Host.Access;
using IntegrationHub.Host.Plugins;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace IntegrationHub.Host.Hosting;

/// <summary>What a person sees once the hub is up: what runs, where, how to sign in, what to try next. The admin key itself is never printed.</summary>
internal sealed class StartBanner(IServer server, PluginRegistry plugins, BootstrapKey bootstrap, HubOptions options, IHostEnvironment environment)
{
    public void Write(TextWriter output) => output.WriteLine(Compose());

    public string Compose()
    {
        var address = server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() ?? "http://127.0.0.1:5080";
        var loaded = plugins.All.Count(plugin => plugin.State == PluginState.Loaded);
        var failed = plugins.All.Count(plugin => plugin.State == PluginState.Failed);

        var keyPlace = bootstrap.FilePath is { } file ? (bootstrap.Created ? "made just now, in " : "in ") + file : "the value of HUB_ADMIN_KEY";
        var key = bootstrap.FilePath is { } path ? $"$(cat '{path}')" : "$HUB_ADMIN_KEY";
        var troubles = failed > 0 ? $", {failed} failed: GET /api/plugins says why" : "";
        return $"""

              Integration Hub is running ({environment.EnvironmentName})

                API page    {address}/docs
                Health      {address}/health/ready
                Data        {Path.GetFullPath(options.Data)}
                Plugins     {loaded} loaded{troubles}
                Admin key   {keyPlace}

              Try next:
                curl -H "Authorization: Bearer {key}" {address}/api/providers

            """;
    }
}
