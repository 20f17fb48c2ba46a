using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Plugins;
using IntegrationHub.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IntegrationHub.Host.Tests.Plugins;

/// <summary>The catalog and the plugin list over HTTP, with real plugins behind them.</summary>
public sealed class CatalogEndpointsTests : IAsyncLifetime
{
    private TestPluginHost plugins = null!;
    private WebApplication server = null!;
    private HttpClient client = null!;

    public async Task InitializeAsync()
    {
        plugins = await TestPluginHost.StartAsync(Repository.At("plugins", "s3"), TestPluginHost.TestPlugin("WellBehaved"), TestPluginHost.TestPlugin("WrongType"));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(TimeProvider.System).AddSingleton<IProviderCatalog>(plugins.Catalog).AddSingleton(plugins.Registry);
        builder.Services.AddSingleton<IPluginControl>(plugins.Host).AddSingleton<IAuditTrail>(plugins.Audit);
        builder.Services.ConfigureHttpJsonOptions(options => HubJson.Apply(options.SerializerOptions));
        server = builder.Build();
        server.UseMiddleware<ProblemMiddleware>();
        server.MapCatalog();
        server.MapPlugins();
        await server.StartAsync();
        client = Client(server);
    }

    public async Task DisposeAsync()
    {
        client.Dispose();
        await server.DisposeAsync();
        await plugins.DisposeAsync();
    }

    [Theory]
    [InlineData("", "s3,well-behaved")]
    [InlineData("?sort=category", "well-behaved,s3")]
    [InlineData("?capability=file.put&capability=file.share", "s3")]
    [InlineData("?capability=file.put&capability=email.send", "")]
    [InlineData("?category=storage&market=SA&q=MinIO", "s3")]
    public async Task List_Search_FindsInOrder(string query, string expected)
    {
        var page = await client.GetFromJsonAsync<JsonElement>("/api/providers" + query);
        Assert.Equal(expected, string.Join(',', page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString())));
    }

    [Fact]
    public async Task List_PageByPage_FindsAllOnce()
    {
        var first = await client.GetFromJsonAsync<JsonElement>("/api/providers?limit=1");
        var second = await client.GetFromJsonAsync<JsonElement>("/api/providers?limit=1&cursor=" + first.GetProperty("nextCursor").GetString());

        Assert.Equal("s3", first.GetProperty("items")[0].GetProperty("id").GetString());
        Assert.Equal("well-behaved", second.GetProperty("items")[0].GetProperty("id").GetString());
        Assert.Equal(JsonValueKind.Null, second.GetProperty("nextCursor").ValueKind);
    }

    [Theory]
    [InlineData("/api/providers?limit=0", 400)]
    [InlineData("/api/providers?limit=201", 400)]
    [InlineData("/api/providers?sort=price", 400)]
    [InlineData("/api/providers?cursor=%21%21", 400)]
    [InlineData("/api/providers/none", 404)]
    [InlineData("/api/providers/none/manifest", 404)]
    [InlineData("/api/providers/well-behaved/icon", 404)]
    [InlineData("/api/plugins/none", 404)]
    public async Task Get_BadRequest_IsAProblem(string path, int status)
    {
        using var answer = await client.GetAsync(new Uri(path, UriKind.Relative));
        Assert.Equal((HttpStatusCode)status, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Get_Provider_HasFormAndOperations()
    {
        var provider = await client.GetFromJsonAsync<JsonElement>("/api/providers/s3");

        Assert.Equal("Amazon S3", provider.GetProperty("name").GetString());
        Assert.True(provider.GetProperty("config").GetProperty("properties").GetProperty("secretAccessKey").GetProperty("x-secret").GetBoolean());
        var put = provider.GetProperty("operations").EnumerateArray().Single(operation => operation.GetProperty("name").GetString() == "putObject");
        Assert.True(put.GetProperty("streamsRequest").GetBoolean());
        Assert.Equal("تخزين كائن", put.GetProperty("title").GetProperty("ar").GetString());
        Assert.Equal("s3", (await client.GetFromJsonAsync<JsonElement>("/api/providers/s3/manifest")).GetProperty("id").GetString());
    }

    [Fact]
    public async Task GetIcon_Svg_CannotRunScripts()
    {
        using var answer = await client.GetAsync(new Uri("/api/providers/s3/icon", UriKind.Relative));

        Assert.Equal("image/svg+xml", answer.Content.Headers.ContentType?.MediaType);
        Assert.Contains("sandbox", Assert.Single(answer.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
    }

    [Fact]
    public async Task GetPlugins_LoadedAndFailed_ShowsErrorsWithPlaceAndHint()
    {
        var list = await client.GetFromJsonAsync<JsonElement>("/api/plugins");
        Assert.Equal(["loaded", "loaded", "failed"], list.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("state").GetString()));

        var failed = await client.GetFromJsonAsync<JsonElement>("/api/plugins/wrong-type");
        Assert.Equal("/entry/type", failed.GetProperty("errors")[0].GetProperty("pointer").GetString());
        Assert.NotEqual(JsonValueKind.Null, failed.GetProperty("errors")[0].GetProperty("hint").ValueKind);
    }

    private static HttpClient Client(WebApplication server) => new() { BaseAddress = new Uri(server.Urls.First()) };
}
