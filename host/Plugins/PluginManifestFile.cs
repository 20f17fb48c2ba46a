using IntegrationHub.Loading;
using IntegrationHub.Manifests;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Plugins;

/// <summary>A plugin folder's manifest as it was read. Without a manifest when there are errors.</summary>
internal sealed record PluginManifestFile(PluginSource Source, ReadOnlyMemory<byte> Json, ProviderManifest? Manifest, string Id, IReadOnlyList<ValidationIssue> Errors, IReadOnlyList<ValidationIssue> Warnings)
{
    private const int MaxBytes = 8 * 1024 * 1024;

    public static Task<PluginManifestFile> ReadAsync(PluginSource source, CancellationToken cancellationToken) => ReadAsync(source, source.Folder, null, cancellationToken);

    /// <summary>Reads the manifest of a copy of the plugin.</summary>
    /// <param name="source">The plugin.</param>
    /// <param name="folder">Where the copy is.</param>
    /// <param name="known">What was read before: it is not validated again when the bytes are the same.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<PluginManifestFile> ReadAsync(PluginSource source, string folder, PluginManifestFile? known, CancellationToken cancellationToken)
    {
        var folderName = Path.GetFileName(source.Folder);
        var path = Path.Combine(folder, PluginSource.ManifestName);
        try
        {
            if (new FileInfo(path).Length > MaxBytes)
                return Unusable(source, folderName, "The manifest is larger than 8 MB.", "A manifest describes a provider; keep data out of it.");

            var json = await Task.Run(() => SharedFile.ReadAllBytes(path), cancellationToken);
            if (known is { Manifest: not null } && known.Json.Span.SequenceEqual(json))
                return known;

            var read = ManifestReader.Read(json);
            var usable = read.Errors.Count == 0 ? read.Manifest : null;
            return new PluginManifestFile(source, json, usable, read.Manifest?.Id ?? read.Id ?? folderName, read.Errors, read.Warnings);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return Unusable(source, folderName, $"The manifest cannot be read: {fault.Message}", "Give the hub's user the right to read it.");
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            // A fault of the reader's, which must not keep the hub from loading the other plugins.
            return Unusable(source, folderName, $"The hub failed to read the manifest ({fault.GetType().Name}).", "That is a fault of the hub: please report it with the manifest.");
        }
    }

    private static PluginManifestFile Unusable(PluginSource source, string id, string message, string hint) =>
        new(source, default, null, id, [new("", message, hint)], []);
}
