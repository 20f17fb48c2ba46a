using System.Net.Http.Json;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Host.Tests.Plugins.Containment;

public sealed class ContentLeaseTests
{
    [Fact]
    public async Task Download_PluginIsDisabledInTheMiddle_IsReadToItsEndBeforeThePluginGoes()
    {
        using var folders = new PluginFolders();
        var plugin = folders.AddMisbehaving("content", "waits");
        await using var hub = await HubProcess.StartAsync(folders.Data, folders.List);
        var connection = await hub.CreateConnectionAsync(plugin, new { });
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/connections/{connection}/operations/download") { Content = JsonContent.Create(new { @params = new { } }) };
        using var answer = await hub.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await using var content = await answer.Content.ReadAsStreamAsync();
        var bytes = new byte[30];
        Assert.Equal(10, await content.ReadAtLeastAsync(bytes, 10));

        await hub.PostAsync($"/api/plugins/{plugin}/disable", new { });
        var retired = Assert.Single((await hub.GetAsync("/api/plugins")).GetProperty("retired").EnumerateArray());
        Assert.Equal("draining", retired.GetProperty("state").GetString());

        await File.WriteAllTextAsync(folders.Cure, "");
        Assert.Equal(10, await content.ReadAtLeastAsync(bytes, 20, throwOnEndOfStream: false));
        await hub.EventuallyAsync("/api/plugins", plugins => plugins.GetProperty("retired").GetArrayLength() == 0);
    }
}
