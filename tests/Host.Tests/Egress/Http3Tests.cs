using System.Text.Json;

namespace IntegrationHub.Host.Tests.Egress;

/// <summary>HTTP/3 would connect past the check of addresses.</summary>
public sealed class Http3Tests
{
    [Fact]
    public async Task Host_Http3_IsOffForTheWholeProcess()
    {
        using var settings = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "hub.runtimeconfig.json")));

        Assert.False(settings.RootElement.GetProperty("runtimeOptions").GetProperty("configProperties").GetProperty("System.Net.SocketsHttpHandler.Http3Support").GetBoolean());
    }
}
