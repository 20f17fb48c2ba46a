using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using IntegrationHub.Host.Hosting;
using IntegrationHub.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace IntegrationHub.Host.Tests.Fakes;

/// <summary>The whole hub in this process: real storage in a folder of its own, a real port, the plugins named (Stripe unless told), nothing replaced.</summary>
public sealed class RealHub : IAsyncLifetime
{
    private static readonly string AdminKey = "admin-" + new string('k', 40);

    private readonly string data = Directory.CreateTempSubdirectory("hub-real-").FullName;
    private readonly string[] folders;
    private readonly string[] settings;
    private WebApplication? app;

    public RealHub()
        : this([Repository.At("plugins", "stripe"), Repository.At("tests", "TestPlugins", "Consent")])
    {
    }

    /// <param name="folders">The plugins.</param>
    /// <param name="settings">Further arguments of the command line.</param>
    internal RealHub(string[] folders, params string[] settings) => (this.folders, this.settings) = (folders, settings);

    public IServiceProvider Services => app!.Services;

    public string Address => app!.Urls.First();

    public string Data => data;

    public async Task InitializeAsync()
    {
        var plugins = Path.Combine(data, "plugins.json");
        await File.WriteAllTextAsync(plugins, JsonSerializer.Serialize(new { plugins = folders }));
        app = HubApp.Build(
        [
            "--data", data, "--plugins", plugins, "--urls", "http://127.0.0.1:0", "--Hub:AdminKey", AdminKey,
            "--Hub:AllowPrivateTargets", "true", "--Hub:AllowBaseUrlOverride", "true", "--Serilog:MinimumLevel:Default", "Fatal",
            .. settings,
        ]);
        await app.Services.GetRequiredService<HubStartup>().RunAsync(CancellationToken.None);
        await app.StartAsync();
    }

    /// <summary>A client with the key; <see langword="null"/> for none.</summary>
    public HttpClient Client(string? key)
    {
        var client = new HttpClient { BaseAddress = new Uri(app!.Urls.First()) };
        if (key is not null)
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);

        return client;
    }

    /// <summary>A client with the key that the operator gave.</summary>
    public HttpClient Bootstrap() => Client(AdminKey);

    /// <summary>A client with a new admin key, limited to the projects if there are any.</summary>
    public async Task<HttpClient> AdminAsync(params string[] projects)
    {
        using var bootstrap = Client(AdminKey);
        var created = await bootstrap.PostAsJsonAsync("/api/keys", new { name = "test", role = "admin", projects = projects.Length == 0 ? null : projects });
        return Client((await created.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("key").GetString());
    }

    public async Task DisposeAsync()
    {
        await app!.StopAsync();
        await app.DisposeAsync();
        Directory.Delete(data, recursive: true);
    }
}
