using System.Text.Json;
using IntegrationHub.Host.Plugins;
using IntegrationHub.Loading;
using IntegrationHub.Loading.Compatibility;
using IntegrationHub.Loading.Packaging;
using IntegrationHub.Manifests;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Cli;

/// <summary>Everything that can be said about a plugin's folder without running any of it.</summary>
internal sealed class PluginCheck
{
    private const int MostManifestBytes = 8 * 1024 * 1024;
    private readonly List<CliFinding> findings = [];

    private PluginCheck(string folder) => Folder = folder;

    public string Folder { get; }

    public string? Id { get; private set; }

    public string? Version { get; private set; }

    /// <summary><c>manifest</c> or <c>code</c>; <see langword="null"/> when that cannot be said.</summary>
    public string? Kind { get; private set; }

    /// <summary>In the order of the file, errors and warnings together.</summary>
    public IReadOnlyList<CliFinding> Findings => findings;

    public int Errors => findings.Count(finding => finding.Kind == FindingKind.Error);

    public int Warnings => findings.Count - Errors;

    private string ManifestPath => Path.Combine(Folder, PluginSource.ManifestName);

    /// <param name="path">The plugin's folder, or the manifest in it.</param>
    public static PluginCheck Run(string path)
    {
        if (string.IsNullOrWhiteSpace(path))
            throw CliException.Usage("usage", "The name of the plugin's folder is empty.", "Name a folder with a manifest.json; in a script, look whether its variable is set.");

        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        var check = new PluginCheck(Path.GetFileName(full) == PluginSource.ManifestName && File.Exists(full) ? Path.GetDirectoryName(full)! : full);
        check.CheckFolder();
        check.findings.Sort((a, b) => (a.Line ?? 0, a.Column ?? 0).CompareTo((b.Line ?? 0, b.Column ?? 0)));
        return check;
    }

    private void CheckFolder()
    {
        if (!Directory.Exists(Folder))
        {
            Add("There is no such folder.", "A plugin is a folder with a manifest.json.");
            return;
        }

        if (!File.Exists(ManifestPath))
        {
            var other = Directory.EnumerateFiles(Folder).Select(Path.GetFileName).FirstOrDefault(name => PluginSource.ManifestName.Equals(name, StringComparison.OrdinalIgnoreCase));
            Add("The folder has no manifest.json.", other is null ? "Make a plugin with: hub plugin new NAME" : $"There is '{other}': the name is written in small letters.");
            return;
        }

        if (new FileInfo(ManifestPath).Length > MostManifestBytes)
        {
            Add("The manifest is larger than 8 MB.", "A manifest describes a provider; keep data out of it.");
            return;
        }

        var json = File.ReadAllBytes(ManifestPath);
        CheckManifest(json, new JsonPositions(json));
        foreach (var issue in PluginPackage.CheckNames(PluginFiles.List(Folder)))
            Add(issue.Message, issue.Hint);
    }

    private void CheckManifest(byte[] json, JsonPositions positions)
    {
        var read = ManifestReader.Read(json);
        AddAll(FindingKind.Error, read.Errors, positions);
        AddAll(FindingKind.Warning, read.Warnings, positions);

        // Also what a faulty manifest names is looked for: whoever corrects it shall not find out in a second round.
        var (id, version, icon, entry) = Glance(json);
        Id = read.Manifest?.Id ?? read.Id ?? id;
        Version = read.Manifest?.Version ?? version;
        Kind = entry is null ? read.Manifest is null ? null : "manifest" : "code";

        List<ValidationIssue> warnings = [];
        PluginIcon.Read(Folder, icon, warnings);
        AddAll(FindingKind.Warning, warnings, positions);
        if (read.Manifest is { } manifest)
        {
            var fit = PluginCompatibility.Check(Folder, manifest);
            AddAll(FindingKind.Error, fit.Errors, positions);
            AddAll(FindingKind.Warning, fit.Warnings, positions);
        }
        else if (entry is not null)
        {
            AddAll(FindingKind.Error, EntryIssues(entry), positions);
        }
    }

    private IReadOnlyList<ValidationIssue> EntryIssues(string assembly)
    {
        try
        {
            PluginPaths.EntryAssembly(Folder, assembly);
            return [];
        }
        catch (PluginLoadException fault)
        {
            return fault.Issues;
        }
    }

    private static (string? Id, string? Version, string? Icon, string? Entry) Glance(byte[] json)
    {
        try
        {
            using var document = JsonDocument.Parse(json.AsMemory(json.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            var root = document.RootElement;
            return (Text(root, "id"), Text(root, "version"), Text(root, "icon"), root.ValueKind == JsonValueKind.Object && root.TryGetProperty("entry", out var entry) ? Text(entry, "assembly") : null);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // What is wrong with it, the manifest's reader says; also where a text is no valid Unicode.
            return default;
        }

        static string? Text(JsonElement of, string name) =>
            of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    }

    private void AddAll(FindingKind kind, IEnumerable<ValidationIssue> issues, JsonPositions positions)
    {
        foreach (var issue in issues)
        {
            var (line, column) = positions.Find(issue.Pointer);
            var finding = new CliFinding(kind, ManifestPath, line, column, issue.Pointer, issue.Message, issue.Hint);

            // A rule of the manifest and a look at the files can find the same.
            if (!findings.Exists(other => other.Pointer == finding.Pointer && other.Message == finding.Message))
                findings.Add(finding);
        }
    }

    private void Add(string message, string? hint) => findings.Add(new CliFinding(FindingKind.Error, Folder, null, null, "", message, hint));
}
