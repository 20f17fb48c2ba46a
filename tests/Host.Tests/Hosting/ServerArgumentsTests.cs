using IntegrationHub.Host.Hosting;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Host.Tests.Hosting;

public sealed class ServerArgumentsTests
{
    [Theory]
    [InlineData]
    [InlineData("--urls", "http://127.0.0.1:5080", "--data", "./data")]
    [InlineData("--urls=http://127.0.0.1:5080;http://[::1]:5080", "--DATA=./data", "/plugins", "/etc/hub/plugins.json", "environment=Production")]
    [InlineData("--Hub:Delivery:Concurrency", "4", "--Serilog:MinimumLevel:Default=Debug", "--Kestrel:Endpoints:Main:Url", "http://*:1")]
    [InlineData("--contentRoot", "/srv", "--Hub:AdminKey", "-begins-with-a-hyphen", "--http_ports", "8080")]
    public void Check_WhatTheHubUnderstands_Passes(params string[] args) => ServerArguments.Check(args);

    [Theory]
    [InlineData("There is no option '--ulrs'. Did you mean 'urls'?", "--ulrs", "http://127.0.0.1:5080")]
    [InlineData("There is no option '--port'. Known: data, environment, plugins, public-url, urls.", "--port=5080")]
    [InlineData("The option '--data' has no value.", "--urls", "http://127.0.0.1:5080", "--data")]
    [InlineData("The option '--data' has no value.", "--data", "--urls", "http://127.0.0.1:5080")]
    [InlineData("'./data' is neither an option nor the value of one.", "--data=", "./data")]
    public void Check_ASlip_IsNamed(string says, params string[] args) =>
        Assert.StartsWith(says, Assert.Throws<FormatException>(() => ServerArguments.Check(args)).Message, StringComparison.Ordinal);

    /// <summary>As the person at the terminal sees it: one line that says what is wrong and what to do, and no stack.</summary>
    [Fact]
    public async Task Start_PortIsTaken_IsSaidInOneLine()
    {
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        await using var hub = await HubProcess.StartAsync(port: ((System.Net.IPEndPoint)taken.LocalEndpoint).Port, untilReady: false);
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await hub.WaitForExitAsync(patience.Token);

        Assert.Equal(ExitCodes.TemporaryFailure, hub.ExitCode);
        Assert.Contains("The hub cannot start. Failed to bind to address", hub.Output, StringComparison.Ordinal);
        Assert.Contains("another program listens there", hub.Output, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("   at ", hub.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("TaskCanceledException", hub.Output, StringComparison.Ordinal);
        hub.DeleteData();
    }
}
