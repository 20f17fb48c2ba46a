using System.Diagnostics;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Plugins;

namespace IntegrationHub.Host.Tests.Plugins.Reload;

/// <summary>Plugin folders that a test writes to, and what it asks of the plugins in them.</summary>
internal static class PluginFolder
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Writes the test plugin's files over what is there, as a deployment does: the manifest last.</summary>
    public static string Write(string folder, string testPlugin, Func<string, string>? manifest = null)
    {
        var source = TestPluginHost.TestPlugin(testPlugin);
        Directory.CreateDirectory(folder);
        foreach (var file in Directory.GetFiles(source).Where(file => Path.GetFileName(file) != PluginSource.ManifestName))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);

        var text = File.ReadAllText(Path.Combine(source, PluginSource.ManifestName));
        File.WriteAllText(Path.Combine(folder, PluginSource.ManifestName), manifest?.Invoke(text) ?? text);
        return folder;
    }

    /// <summary>Writes version 1 or 2 of the replaceable plugin.</summary>
    public static string WriteVersion(string folder, int version, string? id = null) =>
        Write(folder, $"ReplaceableV{version}", manifest => id is null ? manifest : manifest.Replace("\"replaceable\"", $"\"{id}\"", StringComparison.Ordinal));

    public static OperationRequest Request(string operation = "run", Stream? content = null) => new()
    {
        Operation = operation,
        Parameters = JsonElement.Parse("{}"),
        CorrelationId = "req_1",
        Content = content is null ? null : new OperationContent(content, "application/octet-stream"),
        Connection = new ConnectionContext { Id = "conn_1", Project = "default", Provider = "replaceable", Environment = "dev", Alias = "default", Config = JsonElement.Parse("{}") },
    };

    /// <summary>Runs the operation on what serves now, and lets go of it.</summary>
    public static async Task<JsonElement> RunAsync(this TestPluginHost plugins, string id)
    {
        using var lease = plugins.Catalog.Acquire(id)!;
        var result = await lease.Provider.Adapter.ExecuteAsync(Request(), CancellationToken.None);
        return result.Value.Clone();
    }

    public static async Task<string?> VersionAsync(this TestPluginHost plugins, string id = "replaceable")
    {
        var answer = await plugins.RunAsync(id);
        return $"{answer.GetProperty("version").GetString()} {answer.GetProperty("library").GetString()}";
    }

    public static PluginRecord Record(this TestPluginHost plugins, string id = "replaceable") => Assert.IsType<PluginRecord>(plugins.Registry.Find(id));

    /// <summary>Waits for what happens in the background and tells nobody.</summary>
    /// <param name="holds">What is to come.</param>
    /// <param name="state">What to say when it does not.</param>
    /// <param name="look">Runs before each try.</param>
    public static async Task EventuallyAsync(Func<bool> holds, Func<string>? state = null, Func<Task>? look = null)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            if (look is not null)
                await look();

            if (holds())
                return;

            if (Stopwatch.GetElapsedTime(started) > Patience)
                throw new TimeoutException($"It did not come to hold. {state?.Invoke()}");

            await Task.Delay(5);
        }
    }

    public static Task GoneAsync(this TestPluginHost plugins, int unloaded, string id = "replaceable") => EventuallyAsync(
        () => plugins.Registry.Retired.Count == 0 && plugins.Registry.Find(id)?.Unloaded >= unloaded,
        () => string.Join("; ", plugins.Registry.Retired));
}
