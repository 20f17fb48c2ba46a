using IntegrationHub.Loading;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Plugins;

/// <summary>Reads a plugin's icon. A bad icon is a warning: the catalog draws initials then.</summary>
internal static class PluginIcon
{
    private const int MaxBytes = 64 * 1024;

    public static (ReadOnlyMemory<byte> Bytes, string ContentType)? Read(string folder, string? name, List<ValidationIssue> warnings)
    {
        if (name is null)
            return null;

        var contentType = Path.GetExtension(name).ToLowerInvariant() switch
        {
            ".svg" => "image/svg+xml",
            ".png" => "image/png",
            ".webp" => "image/webp",
            ".jpg" or ".jpeg" => "image/jpeg",
            _ => null,
        };

        string? problem = null;
        if (contentType is null)
            problem = $"The icon '{name}' is no SVG, PNG, WebP or JPEG file.";
        else if (PluginPaths.Inside(folder, name) is not { } path || !File.Exists(path))
            problem = $"The icon '{name}' is not in the plugin's folder.";
        else if (new FileInfo(path).Length > MaxBytes)
            problem = $"The icon '{name}' is larger than 64 KB.";
        else
            return (File.ReadAllBytes(path), contentType);

        warnings.Add(new("/icon", problem, "The catalog shows initials instead."));
        return null;
    }
}
