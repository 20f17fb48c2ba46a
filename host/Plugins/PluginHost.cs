using System.Collections.Concurrent;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Loading;
using IntegrationHub.Schemas;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Plugins;

/// <summary>Loads the plugins of the operator's list at start and lets them go at the end. One broken plugin never stops the others.</summary>
internal sealed partial class PluginHost(
    PluginLoader loader,
    ShadowFolders shadows,
    ProviderCatalog catalog,
    PluginRegistry registry,
    IOptions<HubOptions> hubOptions,
    IOptions<PluginOptions> options,
    TimeProvider time,
    ILogger<PluginHost> logger) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, PluginInstance> instances = new(StringComparer.Ordinal);

    /// <summary>Reads the list and loads what it names. Call it once, before the first request.</summary>
    public async Task LoadAllAsync(CancellationToken cancellationToken)
    {
        CleanShadows();
        var list = await PluginList.ReadAsync(PluginList.Locate(hubOptions.Value.PluginsFile), cancellationToken);
        var found = PluginDiscovery.Find(list);
        var listRecord = new PluginListRecord(list.File, [.. list.Errors, .. found.Errors], list.Warnings);
        foreach (var issue in listRecord.Errors.Concat(listRecord.Warnings))
            Log.ListIssue(logger, list.File, issue.Pointer, issue.Message, issue.Hint ?? "");

        List<PluginManifestFile> files = [];
        foreach (var source in found.Sources)
            files.Add(await PluginManifestFile.ReadAsync(source, cancellationToken));

        var firstById = FirstById(files);
        var records = new PluginRecord[files.Count];
        var together = new ParallelOptions { MaxDegreeOfParallelism = options.Value.StartTogether, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, files.Count, together, async (i, token) =>
        {
            var other = firstById.GetValueOrDefault(files[i].Id);
            records[i] = await LoadAsync(files[i], other == files[i] ? null : other, token);
        });

        registry.Set(listRecord, records);
        Report(records);
    }

    public async ValueTask DisposeAsync()
    {
        using var deadline = new CancellationTokenSource(options.Value.StopTimeout, time);
        await Task.WhenAll(instances.Keys.Select(id => StopAsync(id, deadline.Token)));
    }

    // Disabled plugins claim no id: the same plugin may be listed twice with one copy switched off.
    private static Dictionary<string, PluginManifestFile> FirstById(List<PluginManifestFile> files)
    {
        Dictionary<string, PluginManifestFile> first = new(StringComparer.Ordinal);
        foreach (var file in files.Where(file => file is { Source.Enabled: true, Manifest: not null }))
            first.TryAdd(file.Id, file);

        return first;
    }

    private async Task<PluginRecord> LoadAsync(PluginManifestFile file, PluginManifestFile? claimedBy, CancellationToken cancellationToken)
    {
        var record = new PluginRecord
        {
            Id = file.Id,
            Path = file.Source.Folder,
            State = PluginState.Failed,
            Name = file.Manifest?.Name,
            Version = file.Manifest?.Version,
            Kind = file.Manifest is null ? null : file.Manifest.Entry is null ? PluginKind.Manifest : PluginKind.Code,
            Errors = file.Errors,
            Warnings = file.Warnings,
        };

        if (!file.Source.Enabled)
            return record with { State = PluginState.Disabled };

        if (file.Manifest is null)
            return record;

        if (claimedBy is not null)
        {
            var message = $"Two plugins have the id '{file.Id}': '{claimedBy.Source.Folder}', which is loaded, and '{file.Source.Folder}', which is not.";
            return record with { Errors = [new("/id", message, "Give one of them another id, or take it off the plugin list.")] };
        }

        var result = await loader.LoadAsync(file, cancellationToken);
        IReadOnlyList<ValidationIssue> warnings = [.. file.Warnings, .. result.Warnings];
        if (result.Instance is not { } instance)
            return record with { Errors = result.Errors, Warnings = warnings };

        instances[file.Id] = instance;
        await catalog.Replace(instance.Provider);
        return record with { State = PluginState.Loaded, LoadedAt = time.GetUtcNow(), Warnings = warnings };
    }

    private async Task StopAsync(string id, CancellationToken deadline)
    {
        var drained = catalog.Remove(id);
        try
        {
            await drained.WaitAsync(deadline);
            if (instances.TryRemove(id, out var instance))
                await Task.Run(async () => await instance.DisposeAsync(), CancellationToken.None).WaitAsync(deadline);
        }
        catch (OperationCanceledException)
        {
            Log.StopTimedOut(logger, id);
        }
        catch (Exception fault)
        {
            Log.StopFailed(logger, fault, id);
        }
    }

    private void CleanShadows()
    {
        try
        {
            shadows.Clean();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            Log.ShadowsRemain(logger, fault);
        }
    }

    private void Report(PluginRecord[] records)
    {
        foreach (var record in records)
        {
            foreach (var issue in record.Errors)
                Log.Error(logger, record.Id, record.Path, issue.Pointer, issue.Message, issue.Hint ?? "");

            foreach (var issue in record.Warnings)
                Log.Warning(logger, record.Id, issue.Pointer, issue.Message);
        }

        Log.Summary(logger, Count(PluginState.Loaded), Count(PluginState.Failed), Count(PluginState.Disabled));
        int Count(PluginState state) => records.Count(record => record.State == state);
    }

    private static partial class Log
    {
        [LoggerMessage(1001, LogLevel.Information, "Plugins: {Loaded} loaded, {Failed} failed, {Disabled} disabled")]
        public static partial void Summary(ILogger logger, int loaded, int failed, int disabled);

        [LoggerMessage(1002, LogLevel.Warning, "Plugin list {File} at '{Pointer}': {Problem} {Hint}")]
        public static partial void ListIssue(ILogger logger, string file, string pointer, string problem, string hint);

        [LoggerMessage(1003, LogLevel.Error, "Plugin {Plugin} ({Path}) is not loaded, '{Pointer}': {Problem} {Hint}")]
        public static partial void Error(ILogger logger, string plugin, string path, string pointer, string problem, string hint);

        [LoggerMessage(1004, LogLevel.Debug, "Plugin {Plugin} at '{Pointer}': {Problem}")]
        public static partial void Warning(ILogger logger, string plugin, string pointer, string problem);

        [LoggerMessage(1005, LogLevel.Warning, "Plugin {Plugin} did not stop in time; it ends with the process")]
        public static partial void StopTimedOut(ILogger logger, string plugin);

        [LoggerMessage(1006, LogLevel.Warning, "Plugin {Plugin} failed to stop cleanly")]
        public static partial void StopFailed(ILogger logger, Exception fault, string plugin);

        [LoggerMessage(1007, LogLevel.Warning, "Old copies of plugin assemblies cannot be removed")]
        public static partial void ShadowsRemain(ILogger logger, Exception fault);
    }
}
