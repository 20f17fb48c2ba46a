using IntegrationHub.Host.Catalog;
using IntegrationHub.Loading;

namespace IntegrationHub.Host.Plugins;

/// <summary>A plugin in memory: the provider it serves and what must go when it goes.</summary>
internal sealed class PluginInstance(LoadedProvider provider, PluginLoadContext? context, string? assemblyCopy) : IAsyncDisposable
{
    public LoadedProvider Provider { get; } = provider;

    /// <summary>Disposes the adapter and lets go of its assemblies. The last lease must have been released.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await Provider.Adapter.DisposeAsync();
        }
        finally
        {
            context?.Unload();
            if (assemblyCopy is not null)
                ShadowFolders.TryDelete(assemblyCopy);
        }
    }
}
