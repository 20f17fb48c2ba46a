using System.Text.Json;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Egress;
using IntegrationHub.Host.Plugins;
using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Loading;
using IntegrationHub.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace IntegrationHub.Host.Tests.Plugins;

/// <summary>The plugin runtime as the hub composes it, over folders of a test's own.</summary>
internal sealed class TestPluginHost : IAsyncDisposable
{
    private readonly EgressHandlers handlers;

    public TestPluginHost(TimeSpan? startTimeout = null, HubOptions? hub = null, PluginOptions? options = null, TimeProvider? time = null, InMemoryPluginStateStore? states = null)
    {
        States = states ?? new InMemoryPluginStateStore();
        Time = time ?? TimeProvider.System;
        Options = options ?? new PluginOptions { UnloadCheck = TimeSpan.FromMilliseconds(20) };
        Options.StartTimeout = startTimeout ?? TimeSpan.FromSeconds(30);
        hub ??= new HubOptions { AllowPrivateTargets = true };
        hub.Data = Path.Combine(Folder, "data");
        hub.PluginsFile = Path.Combine(Folder, "plugins.json");
        var policy = new AddressPolicy(hub);
        handlers = new EgressHandlers(policy, EgressConnector.SystemResolver);
        var wrapped = Microsoft.Extensions.Options.Options.Create(Options);
        var shadows = new ShadowFolders(hub.Data);
        var loader = new PluginLoader(shadows, new ProviderBuilder(Time), new ProviderHttpFactory(handlers, policy), Time, NullLoggerFactory.Instance, wrapped);
        var unloader = new PluginUnloader(Registry, wrapped, Time, NullLogger<PluginUnloader>.Instance);
        Host = new PluginHost(loader, shadows, Catalog, Registry, States, unloader, Microsoft.Extensions.Options.Options.Create(hub), wrapped, Time, NullLogger<PluginHost>.Instance);
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("hub-plugins-").FullName;

    public ProviderCatalog Catalog { get; } = new();

    public PluginRegistry Registry { get; } = new();

    public InMemoryPluginStateStore States { get; }

    public PluginOptions Options { get; }

    public TimeProvider Time { get; }

    public PluginHost Host { get; }

    public static string TestPlugin(string name) => Repository.At("artifacts", "test-plugins", name);

    public static async Task<TestPluginHost> StartAsync(params IEnumerable<string> folders)
    {
        var plugins = new TestPluginHost();
        await plugins.LoadAsync(folders);
        return plugins;
    }

    public async Task LoadAsync(params IEnumerable<string> folders)
    {
        WriteList(JsonSerializer.Serialize(new { plugins = folders }));
        await Host.LoadAllAsync(CancellationToken.None);
    }

    public void WriteList(string json) => File.WriteAllText(Path.Combine(Folder, "plugins.json"), json);

    /// <summary>Writes a plugin folder with a manifest alone.</summary>
    public string WritePlugin(string folder, string manifest)
    {
        var path = Directory.CreateDirectory(Path.Combine(Folder, folder)).FullName;
        File.WriteAllText(Path.Combine(path, "manifest.json"), manifest);
        return path;
    }

    public static string Manifest(string id, string more = "") =>
        $$"""{ "manifestVersion": 1, "id": "{{id}}", "name": "{{id}}", "version": "1.0.0", "category": "developer", "description": { "en": "x" }{{more}} }""";

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        handlers.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
