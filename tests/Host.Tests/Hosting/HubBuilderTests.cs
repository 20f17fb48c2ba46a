using IntegrationHub.Host.Hosting;
using Microsoft.Extensions.Configuration.Json;

namespace IntegrationHub.Host.Tests.Hosting;

public sealed class HubBuilderTests : IDisposable
{
    private readonly string data = Directory.CreateTempSubdirectory("hub-builder-").FullName;

    public void Dispose() => Directory.Delete(data, recursive: true);

    [Fact]
    public void Create_SettingsFiles_AreReadAndNotWatched()
    {
        var builder = HubBuilder.Create(["--data", data, "--urls", "http://127.0.0.1:0"]);

        var files = builder.Configuration.Sources.OfType<JsonConfigurationSource>().ToList();
        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.False(file.ReloadOnChange));
    }

    [Theory]
    [InlineData("--hostBuilder:reloadConfigOnChange=true")]
    [InlineData("--hostbuilder:RELOADCONFIGONCHANGE=true")]
    public void Create_OperatorAsksForWatching_Watches(string argument)
    {
        var builder = HubBuilder.Create(["--data", data, argument]);

        Assert.All(builder.Configuration.Sources.OfType<JsonConfigurationSource>(), file => Assert.True(file.ReloadOnChange));
    }
}
