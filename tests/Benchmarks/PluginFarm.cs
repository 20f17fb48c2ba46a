using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Benchmarks;

/// <summary>Many plugins made of few: folders with manifests alone, and folders with a DLL of their own, each with an id of its own.</summary>
internal sealed class PluginFarm : IDisposable
{
    /// <summary>Of five manifests, two are the real ones whole and three are cut down to a few operations, as small providers' are.</summary>
    private const int Whole = 2;
    private const int InFive = 5;
    private const int FewOperations = 4;
    private static readonly string[] Real = ["elasticsearch", "sendgrid", "slack", "stripe", "twilio"];
    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    // About as many bytes as manifests have that people write: script characters as they are, and little white space.
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.Create(UnicodeRanges.All) };
    private readonly string root = Directory.CreateTempSubdirectory("hub-startup-").FullName;

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

    public void Dispose() => Directory.Delete(root, recursive: true);

    private void WriteManifestPlugin(int index)
    {
        var source = Repository.At("plugins", Real[index / InFive % Real.Length]);
        var manifest = Read(source);
        if (index % InFive >= Whole)
            CutDown(manifest, from: index / InFive / Real.Length);

        var folder = Write("manifest", string.Create(CultureInfo.InvariantCulture, $"bench-manifest-{index:000}"), manifest);
        File.Copy(Path.Combine(source, "icon.svg"), Path.Combine(folder, "icon.svg"));
    }

    private void WriteCodePlugin(int index)
    {
        var source = Repository.At("artifacts", "test-plugins", "WellBehaved");
        var manifest = Read(source);
        var folder = Write("code", string.Create(CultureInfo.InvariantCulture, $"bench-code-{index:000}"), manifest);
        foreach (var file in Directory.EnumerateFiles(source).Where(file => Path.GetFileName(file) != "manifest.json"))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
    }

    /// <summary>Keeps a few operations, other ones in each copy, and what belongs to them.</summary>
    private static void CutDown(JsonObject manifest, int from)
    {
        var operations = manifest["operations"]!.AsObject();
        var names = operations.Select(operation => operation.Key).ToList();
        var kept = Enumerable.Range(from, FewOperations).Select(i => names[i % names.Count]).ToHashSet(StringComparer.Ordinal);
        foreach (var name in names.Where(name => !kept.Contains(name)))
        {
            operations.Remove(name);
            manifest["simulator"]?["operations"]?.AsObject().Remove(name);
        }

        var tests = manifest["tests"]!.AsArray();
        tests.RemoveAll(test => !kept.Contains(test!["operation"]!.GetValue<string>()));
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
