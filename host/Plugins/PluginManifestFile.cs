using IntegrationHub.Manifests;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Plugins;

/// <summary>A plugin folder's manifest as it was read. Without a manifest when there are errors.</summary>
internal sealed record PluginManifestFile(PluginSource Source, ReadOnlyMemory<byte> Json, ProviderManifest? Manifest, string Id, IReadOnlyList<ValidationIssue> Errors, IReadOnlyList<ValidationIssue> Warnings)
{
    private const int MaxBytes = 8 * 1024 * 1024;

    public static async Task<PluginManifestFile> ReadAsync(PluginSource source, CancellationToken cancellationToken)
    {
        var folderName = Path.GetFileName(source.Folder);
        try
        {
            if (new FileInfo(source.ManifestPath).Length > MaxBytes)
                return Unusable(source, folderName, "The manifest is larger than 8 MB.", "A manifest describes a provider; keep data out of it.");

            var json = await File.ReadAllBytesAsync(source.ManifestPath, cancellationToken);
            var read = ManifestReader.Read(json);
            var usable = read.Errors.Count == 0 ? read.Manifest : null;
            return new PluginManifestFile(source, json, usable, read.Manifest?.Id ?? read.Id ?? folderName, read.Errors, read.Warnings);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return Unusable(source, folderName, $"The manifest cannot be read: {fault.Message}", "Give the hub's user the right to read it.");
        }
    }

    private static PluginManifestFile Unusable(PluginSource source, string id, string message, string hint) =>
        new(source, default, null, id, [new("", message, hint)], []);
}
