using System.Text.Json;
using System.Text.Json.Nodes;

namespace IntegrationHub.Host.Tests.Plugins.Containment;

/// <summary>A folder with plugins for a hub: copies of built test plugins under ids of their own.</summary>
internal sealed class PluginFolders : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("hub-contain-").FullName;

    public string Data => Path.Combine(Root, "data");

    public string List => Path.Combine(Root, "plugins.json");

    /// <summary>The file whose existence makes the plugins behave.</summary>
    public string Cure => Path.Combine(Root, "cure");

    /// <summary>A plugin that misbehaves in one way, in one method, until <see cref="Cure"/> exists.</summary>
    /// <returns>Its id.</returns>
    public string AddMisbehaving(string method, string way) => Add("Misbehaving", $"{method}-{way}", $"{method} {way} {Cure}");

    public string Add(string plugin, string id, string? behaviour = null)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Root, "plugins", id)).FullName;
        foreach (var file in Directory.EnumerateFiles(TestPluginHost.TestPlugin(plugin)))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));

        var manifest = Path.Combine(folder, "manifest.json");
        var json = JsonNode.Parse(File.ReadAllText(manifest))!;
        json["id"] = id;
        json["name"] = id;
        File.WriteAllText(manifest, json.ToJsonString());
        if (behaviour is not null)
            File.WriteAllText(Path.Combine(folder, "behaviour.txt"), behaviour);

        File.WriteAllText(List, JsonSerializer.Serialize(new { plugins = new[] { "plugins/*" } }));
        return id;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
