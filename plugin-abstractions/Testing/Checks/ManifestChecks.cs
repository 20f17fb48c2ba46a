using IntegrationHub.Loading;
using IntegrationHub.Loading.Compatibility;
using IntegrationHub.Manifests;
using IntegrationHub.Schemas;
using IntegrationHub.Testing.Suite;

namespace IntegrationHub.Testing.Checks;

/// <summary>The files of a plugin, before anything of it runs.</summary>
internal static class ManifestChecks
{
    private const int MaxIconBytes = 64 * 1024;
    private static readonly string[] IconTypes = [".svg", ".png", ".webp", ".jpg", ".jpeg"];

    public static ManifestReadResult? Rules(SuiteLog suiteLog, string folder)
    {
        ManifestReadResult? read = null;
        suiteLog.Run("manifest.rules", "the manifest is valid", log =>
        {
            log.Case();
            var path = Path.Combine(folder, "manifest.json");
            if (!File.Exists(path))
            {
                log.Error("", $"There is no manifest.json in '{folder}'.", "Name the plugin's folder.");
                return;
            }

            read = ManifestReader.Read(File.ReadAllBytes(path));
            foreach (var issue in read.Errors)
                log.Error(issue);

            foreach (var issue in read.Warnings)
                log.Warn(issue);
        });
        return read;
    }

    public static void Files(SuiteLog suiteLog, string folder, ProviderManifest manifest) =>
        suiteLog.Run("manifest.icon", "the icon can be shown", log => Icon(log, folder, manifest.Icon));

    /// <summary>Whether the host can run the plugin's assemblies: read, not loaded.</summary>
    public static void Compatible(SuiteLog suiteLog, string folder, ProviderManifest manifest) => suiteLog.Run("plugin.compatible", "the assemblies fit the host", log =>
    {
        if (manifest.Entry is null)
        {
            log.NotApplicable("there is no code");
            return;
        }

        log.Case();
        var report = PluginCompatibility.Check(folder, manifest);
        foreach (var issue in report.Errors)
            log.Error(issue);

        foreach (var issue in report.Warnings)
            log.Warn(issue);
    });

    public static void Compile(SuiteLog suiteLog, ProviderManifest manifest) => suiteLog.Run("manifest.compile", "schemas compile and defaults are valid", log =>
    {
        log.Case();
        if (manifest.Config is { } config)
            Schema(log, "/config", config);

        foreach (var (name, operation) in manifest.Operations)
        {
            if (operation.Params is { } parameters)
                Schema(log, $"/operations/{name}/params", parameters);

            if (operation.Result is { } result)
                Schema(log, $"/operations/{name}/result", result);
        }
    });

    private static void Schema(CheckLog log, string pointer, System.Text.Json.JsonElement schema)
    {
        log.Case();
        foreach (var issue in SchemaValidator.TryCompile(schema, out _))
            log.Error(pointer + issue.Pointer, issue.Message, issue.Hint);

        if (schema.ValueKind != System.Text.Json.JsonValueKind.Object || !schema.TryGetProperty("properties", out var properties))
            return;

        foreach (var property in properties.EnumerateObject())
            if (property.Value.ValueKind == System.Text.Json.JsonValueKind.Object && property.Value.TryGetProperty("default", out var preset)
                && SchemaValidator.TryCompile(property.Value, out var own).Count == 0 && own!.Validate(preset) is [var wrong, ..])
                log.Error($"{pointer}/properties/{property.Name}/default", $"The default does not fit its own schema: {wrong.Message}", wrong.Hint);
    }

    private static void Icon(CheckLog log, string folder, string? name)
    {
        if (name is null)
        {
            log.NotApplicable("there is no icon; the catalog draws initials");
            return;
        }

        log.Case();
        if (!IconTypes.Contains(Path.GetExtension(name).ToLowerInvariant()))
            log.Error("/icon", $"The icon '{name}' is no SVG, PNG, WebP or JPEG file.", "Use one of these.");
        else if (PluginPaths.Inside(folder, name) is not { } path || !File.Exists(path))
            log.Error("/icon", $"The icon '{name}' is not in the plugin's folder.", "Put it beside the manifest, or leave \"icon\" out.");
        else if (new FileInfo(path).Length > MaxIconBytes)
            log.Error("/icon", $"The icon '{name}' is larger than 64 KB.", "Make it smaller.");
        else if (Path.GetExtension(name).Equals(".svg", StringComparison.OrdinalIgnoreCase))
            Svg(log, File.ReadAllText(path));
    }

    private static void Svg(CheckLog log, string text)
    {
        if (!text.Contains("<svg", StringComparison.OrdinalIgnoreCase))
            log.Error("/icon", "The icon is no SVG image.");

        foreach (var active in (string[])["<script", "javascript:", " onload=", " onclick=", "<foreignObject"])
            if (text.Contains(active, StringComparison.OrdinalIgnoreCase))
                log.Error("/icon", $"The icon has active content ({active.Trim()}).", "An icon is a picture and nothing else.");
    }
}
