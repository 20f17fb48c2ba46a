using System.Collections;
using IntegrationHub.Host.Hosting;
using Microsoft.Extensions.Configuration;

namespace IntegrationHub.Host.Tests.Hosting;

public sealed class HubEnvironmentVariablesTests
{
    [Theory]
    [InlineData("HUB_DATA", "Hub:Data")]
    [InlineData("HUB_ADMIN_KEY", "Hub:AdminKey")]
    [InlineData("HUB_MASTER_KEY", "Hub:MasterKey")]
    [InlineData("HUB_PUBLIC_URL", "Hub:PublicUrl")]
    [InlineData("HUB_PLUGINS_FILE", "Hub:PluginsFile")]
    [InlineData("HUB_ALLOW_BASE_URL_OVERRIDE", "Hub:AllowBaseUrlOverride")]
    [InlineData("HUB_ALLOWED_NETWORKS__0", "Hub:AllowedNetworks:0")]
    [InlineData("HUB_DELIVERY__CONCURRENCY", "Hub:Delivery:Concurrency")]
    [InlineData("HUB_DELIVERY__SECRET_OVERLAP", "Hub:Delivery:SecretOverlap")]
    [InlineData("hub_data", "Hub:Data")]
    [InlineData("HUB_URLS", "urls")]
    public void Variable_StandsForTheSetting(string variable, string setting)
    {
        Assert.Equal("a value", Read(new() { [variable] = "a value" })[setting]);
    }

    [Fact]
    public void Variables_OfOthers_AreNotRead()
    {
        var configuration = Read(new() { ["HUBS_DATA"] = "x", ["GITHUB_TOKEN"] = "x", ["PATH"] = "x" });

        Assert.Empty(configuration.AsEnumerable());
    }

    private static IConfigurationRoot Read(Hashtable variables) => new ConfigurationBuilder().Add(new HubEnvironmentVariables(variables)).Build();
}
