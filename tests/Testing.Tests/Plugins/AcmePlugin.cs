using System.Text;
using System.Text.Json.Nodes;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Testing.Tests.Plugins;

/// <summary>A copy of the plugin <c>acme</c>, which has everything, to be spoiled.</summary>
internal sealed class AcmePlugin : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("hub-kit-");

    public AcmePlugin()
    {
        var source = Repository.At("tests", "Testing.Tests", "Plugins", "acme");
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(Folder, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    public string Folder => folder.FullName;

    private string ManifestPath => Path.Combine(Folder, "manifest.json");

    public void Change(Action<JsonNode> change)
    {
        var manifest = JsonNode.Parse(File.ReadAllText(ManifestPath))!;
        change(manifest);
        File.WriteAllText(ManifestPath, manifest.ToJsonString(), new UTF8Encoding(false));
    }

    /// <summary>Makes it a plugin with code: a class of the test plugin <c>BrokenAdapters</c>.</summary>
    public void UseCode(string type)
    {
        File.Copy(Repository.At("artifacts", "test-plugins", "BrokenAdapters", "BrokenAdapters.dll"), Path.Combine(Folder, "BrokenAdapters.dll"));
        Change(manifest =>
        {
            manifest["entry"] = new JsonObject { ["assembly"] = "BrokenAdapters.dll", ["type"] = "BrokenAdapters." + type };
            foreach (var (_, operation) in manifest["operations"]!.AsObject())
                operation!.AsObject().Remove("http");

            manifest["operations"]!["createPayment"]!["idempotency"] = new JsonObject { ["header"] = "Idempotency-Key" };
        });
    }

    public void Dispose() => folder.Delete(recursive: true);
}
