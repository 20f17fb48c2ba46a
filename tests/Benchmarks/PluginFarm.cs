using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Benchmarks;

/// <summary>
/// Many plugins made of the real ones: each with a folder and an id of its own and five operations of its model, with their schemas, templates, simulated answers and the
/// model's configuration, texts and webhooks. Those with code have an assembly of their own, under a name of its own.
/// </summary>
internal sealed class PluginFarm : IDisposable
{
    /// <summary>As many assemblies are built along.</summary>
    public const int MaxCode = 50;

    private const int Operations = 5;
    private const string CodeModel = "s3";
    private const string CodeType = "IntegrationHub.Benchmarks.StartupPlugins.StartupAdapter";
    private static readonly string[] Models = ["elasticsearch", "sendgrid", "slack", "stripe", "twilio"];
    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    // As people write manifests: indented, and without escapes.
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, WriteIndented = true };
    private readonly string root = Directory.CreateTempSubdirectory("hub-startup-").FullName;
    private int starts;

    public PluginFarm(int manifests, int code)
    {
        for (var i = 0; i < manifests; i++)
            WriteManifestPlugin(i);

        for (var i = 0; i < code; i++)
            WriteCodePlugin(i);

        ManifestBytes = new DirectoryInfo(root).EnumerateFiles("manifest.json", SearchOption.AllDirectories).Sum(file => file.Length);
        None = List("none");
        OnlyManifests = List("manifests", "manifest/*");
        OnlyCode = List("code", "code/*");
        All = List("all", "manifest/*", "code/*");
    }

    public long ManifestBytes { get; }

    public string None { get; }

    public string OnlyManifests { get; }

    public string OnlyCode { get; }

    public string All { get; }

    /// <summary>An empty data folder. All are removed at the end, and not between starts: removing files slows down those who create some just then.</summary>
    public string NewDataFolder() => Directory.CreateDirectory(Path.Combine(root, "data", string.Create(CultureInfo.InvariantCulture, $"{++starts:000}"))).FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    private void WriteManifestPlugin(int index)
    {
        var source = Repository.At("plugins", Models[index % Models.Length]);
        var manifest = Read(source);
        CutDown(manifest, from: index / Models.Length);
        var folder = Write("manifest", string.Create(CultureInfo.InvariantCulture, $"bench-manifest-{index:000}"), manifest);
        File.Copy(Path.Combine(source, "icon.svg"), Path.Combine(folder, "icon.svg"));
    }

    private void WriteCodePlugin(int index)
    {
        var source = Repository.At("plugins", CodeModel);
        var built = Repository.At("artifacts", "benchmark-plugins");
        var assembly = string.Create(CultureInfo.InvariantCulture, $"BenchCode{index:00}");
        var manifest = Read(source);
        CutDown(manifest, from: 0);
        manifest["entry"] = new JsonObject { ["assembly"] = assembly + ".dll", ["type"] = CodeType };
        var folder = Write("code", string.Create(CultureInfo.InvariantCulture, $"bench-code-{index:000}"), manifest);
        var bin = Directory.CreateDirectory(Path.Combine(folder, "bin")).FullName;
        File.Copy(Path.Combine(source, "icon.svg"), Path.Combine(folder, "icon.svg"));
        File.Copy(Path.Combine(built, "variants", assembly + ".dll"), Path.Combine(bin, assembly + ".dll"));
        foreach (var description in (string[])[".deps.json", ".runtimeconfig.json"])
        {
            var text = File.ReadAllText(Path.Combine(built, "StartupPlugins" + description));
            File.WriteAllText(Path.Combine(bin, assembly + description), text.Replace("StartupPlugins", assembly, StringComparison.Ordinal));
        }
    }

    /// <summary>Keeps a few operations, other ones in each copy, and what belongs to them.</summary>
    private static void CutDown(JsonObject manifest, int from)
    {
        var operations = manifest["operations"]!.AsObject();
        var names = operations.Select(operation => operation.Key).ToList();
        var kept = Enumerable.Range(from, Operations).Select(i => names[i % names.Count]).ToHashSet(StringComparer.Ordinal);
        foreach (var name in names.Where(name => !kept.Contains(name)))
        {
            operations.Remove(name);
            manifest["simulator"]?["operations"]?.AsObject().Remove(name);
        }

        manifest["tests"]?.AsArray().RemoveAll(test => !kept.Contains(test!["operation"]!.GetValue<string>()));
    }

    private static JsonObject Read(string folder) => JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "manifest.json")), documentOptions: Lenient)!.AsObject();

    private string Write(string kind, string id, JsonObject manifest)
    {
        manifest["id"] = id;
        var folder = Directory.CreateDirectory(Path.Combine(root, kind, id)).FullName;
        File.WriteAllText(Path.Combine(folder, "manifest.json"), manifest.ToJsonString(Readable));
        return folder;
    }

    private string List(string name, params string[] patterns)
    {
        var file = Path.Combine(root, name + ".json");
        File.WriteAllText(file, new JsonObject { ["plugins"] = new JsonArray([.. patterns.Select(pattern => (JsonNode)pattern)]) }.ToJsonString());
        return file;
    }
}
