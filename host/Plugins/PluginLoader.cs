using IntegrationHub.Adapters;
using IntegrationHub.Host.Egress;
using IntegrationHub.Loading;
using IntegrationHub.Loading.Compatibility;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Plugins;

/// <summary>A copy of a plugin's files, and the manifest as it stands in the copy. Without a copy when the file has errors.</summary>
/// <param name="File">The manifest, or the errors.</param>
/// <param name="Snapshot">The copy.</param>
/// <param name="RefusedSha256">The digest of files that the operator's pins do not allow: trying the same ones again would change nothing.</param>
internal sealed record PluginCopy(PluginManifestFile File, PluginSnapshot? Snapshot, string? RefusedSha256 = null);

/// <summary>What came of loading one plugin: an instance, or errors.</summary>
internal sealed record PluginLoadResult(PluginInstance? Instance, IReadOnlyList<ValidationIssue> Errors, IReadOnlyList<ValidationIssue> Warnings);

/// <summary>Makes a running provider of a plugin's folder. Whatever a plugin does wrong ends up in the result, never in an exception. Thread-safe.</summary>
internal sealed class PluginLoader(
    ShadowFolders shadows,
    ProviderBuilder builder,
    ProviderHttpFactory http,
    PluginContainment containment,
    PluginPins pins)
{
    /// <summary>Copies the plugin. From here on the copy is what counts: the original may change at any moment.</summary>
    public async Task<PluginCopy> CopyAsync(PluginManifestFile seen, CancellationToken cancellationToken)
    {
        PluginSnapshot snapshot;
        try
        {
            snapshot = shadows.Take(seen.Id, seen.Source.Folder);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return Refused(seen, new ValidationIssue("", $"The plugin's files cannot be copied: {fault.Message}", "They may be being replaced just now, or the hub's user may not read them."));
        }

        var kept = false;
        try
        {
            // Before anything of the copy is read.
            if (await pins.CheckAsync(seen.Id, seen.Source, snapshot.Sha256, cancellationToken) is { } refusal)
                return Refused(seen, refusal) with { RefusedSha256 = snapshot.Sha256 };

            var file = await PluginManifestFile.ReadAsync(seen.Source, snapshot.Folder, seen, cancellationToken);
            if (file.Manifest is null)
                return new PluginCopy(file, null);

            if (file.Id != seen.Id)
                return Refused(file, new ValidationIssue("/id", $"The plugin's id changed from '{seen.Id}' to '{file.Id}' while its files were read.", "Reload it when all files are in place."));

            kept = true;
            return new PluginCopy(file, snapshot);
        }
        finally
        {
            if (!kept)
                snapshot.TryDelete();
        }
    }

    /// <summary>Starts the plugin from its copy, which is removed again when that fails.</summary>
    public async Task<PluginLoadResult> LoadAsync(PluginCopy copy, CancellationToken cancellationToken)
    {
        if (copy is not { File.Manifest: { } manifest, Snapshot: { } snapshot })
            throw new ArgumentException("The plugin was not copied.", nameof(copy));

        List<ValidationIssue> warnings = [];
        PluginLoadContext? context = null;
        IProviderAdapter? adapter = null;
        var during = "while its assemblies were loaded";
        try
        {
            Func<IProviderAdapter> create = static () => new RestAdapter();
            if (manifest.Entry is { } entry)
            {
                warnings.AddRange(PluginCompatibility.Require(snapshot.Folder, manifest, copy.File.Source.Folder));
                var assembly = PluginPaths.EntryAssembly(snapshot.Folder, entry.Assembly, copy.File.Source.Folder);
                context = new PluginLoadContext($"plugin {manifest.Id} {manifest.Version} {Path.GetFileName(snapshot.Folder)}", assembly);
                var constructor = AdapterFactory.FindConstructor(context, assembly, entry);
                create = () => (IProviderAdapter)constructor.Invoke(null);
            }

            during = "while it started";
            adapter = await containment.StartAsync(create, manifest, snapshot.Sha256, context, http.Create(manifest), cancellationToken);

            during = "while its manifest was compiled";
            var stopping = new CancellationTokenSource();
            var provider = builder.Build(manifest, copy.File.Json, adapter, snapshot.Folder, warnings, stopping.Token);
            return new PluginLoadResult(new PluginInstance(provider, context, snapshot, stopping), [], warnings);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await DropAsync(adapter, context, snapshot);
            throw;
        }
        catch (Exception fault)
        {
            // The operator knows the plugin's own folder, not the copy's.
            var errors = PluginFaults.Explain(fault, during).Select(issue => issue with { Message = issue.Message.Replace(snapshot.Folder, copy.File.Source.Folder, StringComparison.Ordinal) }).ToList();
            await DropAsync(adapter, context, snapshot);
            return new PluginLoadResult(null, errors, warnings);
        }
    }

    private static PluginCopy Refused(PluginManifestFile file, ValidationIssue why) => new(file with { Manifest = null, Errors = [why] }, null);

    private static async Task DropAsync(IProviderAdapter? adapter, PluginLoadContext? context, PluginSnapshot snapshot)
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
        snapshot.TryDelete();
    }
}
