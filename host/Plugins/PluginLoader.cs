using IntegrationHub.Adapters;
using IntegrationHub.Host.Egress;
using IntegrationHub.Loading;
using IntegrationHub.Manifests;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Plugins;

/// <summary>What came of loading one plugin: an instance, or errors.</summary>
internal sealed record PluginLoadResult(PluginInstance? Instance, IReadOnlyList<ValidationIssue> Errors, IReadOnlyList<ValidationIssue> Warnings);

/// <summary>Makes a running provider of a valid manifest. Whatever a plugin does wrong ends up in the result, never in an exception. Thread-safe.</summary>
internal sealed class PluginLoader(
    ShadowFolders shadows,
    ProviderBuilder builder,
    ProviderHttpFactory http,
    PluginContainment containment)
{
    public async Task<PluginLoadResult> LoadAsync(PluginManifestFile file, CancellationToken cancellationToken)
    {
        var manifest = file.Manifest ?? throw new ArgumentException("The manifest has errors.", nameof(file));
        List<ValidationIssue> warnings = [];
        PluginLoadContext? context = null;
        IProviderAdapter? adapter = null;
        string? copy = null;
        var during = "while its assemblies were loaded";
        try
        {
            Func<IProviderAdapter> create = static () => new RestAdapter();
            if (manifest.Entry is { } entry)
            {
                copy = shadows.Copy(manifest.Id, PluginPaths.EntryAssembly(file.Source.Folder, entry.Assembly));
                context = new PluginLoadContext($"plugin {manifest.Id} {manifest.Version}", copy);
                var constructor = AdapterFactory.FindConstructor(context, copy, entry);
                create = () => (IProviderAdapter)constructor.Invoke(null);
            }

            during = "while it started";
            adapter = await containment.StartAsync(create, manifest, null, context, http.Create(manifest), cancellationToken);

            during = "while its manifest was compiled";
            var provider = builder.Build(manifest, file.Json, adapter, file.Source.Folder, warnings);
            return new PluginLoadResult(new PluginInstance(provider, context, copy), [], warnings);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await DropAsync(adapter, context, copy);
            throw;
        }
        catch (Exception fault)
        {
            var errors = PluginFaults.Explain(fault, during);
            await DropAsync(adapter, context, copy);
            return new PluginLoadResult(null, errors, warnings);
        }
    }

    private static async Task DropAsync(IProviderAdapter? adapter, PluginLoadContext? context, string? copy)
    {
        try
        {
            if (adapter is not null)
                await adapter.DisposeAsync();
        }
        catch (Exception)
        {
            // It has failed already, and the first fault is the one that is reported.
        }

        context?.Unload();
        if (copy is not null)
            ShadowFolders.TryDelete(copy);
    }
}
