using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Host.Hosting;
using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Loading.Packaging;
using IntegrationHub.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace IntegrationHub.Host.Tests.Plugins.Install;

/// <summary>The whole hub in this process, with one plugin of the operator's and whatever a test installs.</summary>
internal sealed class InstallHub : IAsyncDisposable
{
    private static readonly string AdminKey = "admin-" + new string('k', 40);
    private readonly string root;
    private readonly string[] settings;
    private WebApplication? app;

    private InstallHub(string root, string[] settings) => (this.root, this.settings) = (root, settings);

    public string Data => Path.Combine(root, "data");

    /// <summary>Where installed plugins are.</summary>
    public string Installed => Path.Combine(Data, "plugins");

    public string OperatorsPlugin => Path.Combine(root, "operators");

    public Uri Address => new(app!.Urls.First());

    public HttpClient Admin => Client(AdminKey);

    public static string Key => AdminKey;

    public static async Task<InstallHub> StartAsync(params string[] settings)
    {
        var hub = new InstallHub(Directory.CreateTempSubdirectory("hub-install-").FullName, settings);
        Directory.CreateDirectory(hub.OperatorsPlugin);
        await File.WriteAllTextAsync(Path.Combine(hub.OperatorsPlugin, "manifest.json"), TestPluginHost.Manifest("operators"));
        await File.WriteAllTextAsync(Path.Combine(hub.root, "plugins.json"), """{ "plugins": ["operators"] }""");
        await hub.RunAsync();
        return hub;
    }

    public async Task RestartAsync(Action? meanwhile = null)
    {
        await app!.StopAsync();
        await app.DisposeAsync();
        meanwhile?.Invoke();
        await RunAsync();
    }

    public HttpClient Client(string key) => new() { BaseAddress = Address, DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", key) } };

    /// <summary>A client with a new key.</summary>
    public async Task<HttpClient> ClientAsync(string role, params string[] projects)
    {
        using var admin = Admin;
        using var created = await admin.PostAsJsonAsync("/api/keys", new { name = role, role, projects = projects.Length == 0 ? null : projects });
        return Client((await created.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("key").GetString()!);
    }

    public async Task<Answer> InstallAsync(Stream package, string query = "", HttpClient? by = null)
    {
        using var content = new StreamContent(package) { Headers = { ContentType = new MediaTypeHeaderValue("application/zip") } };
        return await PostAsync(content, query, by);
    }

    public async Task<Answer> PostAsync(HttpContent content, string query = "", HttpClient? by = null)
    {
        var client = by ?? Admin;
        using var response = await client.PostAsync(new Uri("/api/plugins" + query, UriKind.Relative), content);
        var text = await response.Content.ReadAsStringAsync();
        return new Answer((int)response.StatusCode, text, response.Headers, text.Length == 0 ? default : JsonElement.Parse(text));
    }

    public Task<Answer> SendAsync(string method, string path, string? json = null) => Admin.SendAsync(method, path, json);

    /// <summary>A package of a manifest alone.</summary>
    public static MemoryStream Package(string id, string version = "1.0.0", string more = "") =>
        RawZip.Plugin(Manifest(id, version, more)).Add("icon.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>").AddChecksums().Build();

    public static string Manifest(string id, string version = "1.0.0", string more = "") =>
        TestPluginHost.Manifest(id, more).Replace("\"1.0.0\"", $"\"{version}\"", StringComparison.Ordinal);

    /// <summary>A test plugin with code, packed under an id and a version of its own.</summary>
    public static MemoryStream CodePackage(string plugin, string id, string version)
    {
        var folder = Directory.CreateTempSubdirectory("hub-code-");
        foreach (var file in Directory.GetFiles(TestPluginHost.TestPlugin(plugin)))
            File.Copy(file, Path.Combine(folder.FullName, Path.GetFileName(file)));

        var path = Path.Combine(folder.FullName, "manifest.json");
        var manifest = JsonNode.Parse(File.ReadAllText(path))!;
        manifest["id"] = id;
        manifest["version"] = version;
        File.WriteAllText(path, manifest.ToJsonString());
        var package = new MemoryStream();
        PluginPackage.Write(folder.FullName, package);
        folder.Delete(recursive: true);
        package.Position = 0;
        return package;
    }

    public async ValueTask DisposeAsync()
    {
        await app!.StopAsync();
        await app.DisposeAsync();
        Directory.Delete(root, recursive: true);
    }

    private async Task RunAsync()
    {
        app = HubApp.Build(
        [
            "--data", Data, "--plugins", Path.Combine(root, "plugins.json"), "--urls", "http://127.0.0.1:0", "--Hub:AdminKey", AdminKey, "--Serilog:MinimumLevel:Default", "Fatal", .. settings,
        ]);
        await app.Services.GetRequiredService<HubStartup>().RunAsync(CancellationToken.None);
        await app.StartAsync();
    }
}
