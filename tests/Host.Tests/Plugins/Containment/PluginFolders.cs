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
    /// <param name="method">Where it misbehaves.</param>
    /// <param name="way">How.</param>
    /// <param name="timeout">How long its operations may take, where that matters.</param>
    public string AddMisbehaving(string method, string way, string? timeout = null) => Add("Misbehaving", $"{method}-{way}", $"{method} {way} {Cure}", timeout);

    public string Add(string plugin, string id, string? behaviour = null, string? timeout = null)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Root, "plugins", id)).FullName;
        foreach (var file in Directory.EnumerateFiles(TestPluginHost.TestPlugin(plugin)))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));

        var manifest = Path.Combine(folder, "manifest.json");
        var json = JsonNode.Parse(File.ReadAllText(manifest))!;
        json["id"] = id;
        json["name"] = id;
        foreach (var (_, operation) in timeout is null ? [] : json["operations"]!.AsObject())
            operation!["timeout"] = timeout;
        File.WriteAllText(manifest, json.ToJsonString());
        if (behaviour is not null)
            File.WriteAllText(Path.Combine(folder, "behaviour.txt"), behaviour);

        File.WriteAllText(List, JsonSerializer.Serialize(new { plugins = new[] { "plugins/*" } }));
        return id;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
