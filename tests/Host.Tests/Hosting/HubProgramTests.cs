using IntegrationHub.Host.Hosting;
using IntegrationHub.Host.Secrets;
using IntegrationHub.Host.Storage;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Tests.Hosting;

public sealed class HubProgramTests : IDisposable
{
    private readonly string data = Directory.CreateTempSubdirectory("hub-start-").FullName;

    public static TheoryData<string, string> WrongSettings => new()
    {
        { "--Hub:AllowPrivateTargets", "ja" },
        { "--Hub:Delivery:Concurrency", "many" },
        { "--Hub:Delivery:Concurrency", "0" },
        { "--Hub:AdminKey", "too-short" },
        { "--Hub:MasterKey", "no base64" },
        { "--urls", "nonsense" },
    };

    [Theory]
    [MemberData(nameof(WrongSettings))]
    public async Task Run_WrongSetting_EndsWithTheCodeThatForbidsRestarts(string name, string value)
    {
        string[] args = ["--data", data, "--plugins", Path.Combine(data, "none.json"), "--urls", "http://127.0.0.1:0", "--Serilog:MinimumLevel:Default", "Fatal", name, value];

        Assert.Equal(ExitCodes.ConfigurationError, await HubProgram.RunAsync(() => HubApp.Build(args)).WaitAsync(TimeSpan.FromMinutes(3)));
    }

    [Fact]
    public async Task Run_PortTaken_EndsWithTheCodeThatAllowsRestarts()
    {
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        string[] args = ["--data", data, "--plugins", Path.Combine(data, "none.json"), "--urls", $"http://{taken.LocalEndpoint}", "--Serilog:MinimumLevel:Default", "Fatal"];

        Assert.Equal(ExitCodes.TemporaryFailure, await HubProgram.RunAsync(() => HubApp.Build(args)).WaitAsync(TimeSpan.FromMinutes(3)));
    }

    [Fact]
    public void ExitCode_ByFault_TellsWhetherToRestart()
    {
        Assert.Equal(78, ExitCodes.For(new MasterKeyException("x")));
        Assert.Equal(78, ExitCodes.For(new StorageException("x")));
        Assert.Equal(78, ExitCodes.For(new OptionsValidationException("x", typeof(object), [])));
        Assert.Equal(75, ExitCodes.For(new IOException()));
        Assert.Equal(70, ExitCodes.For(new InvalidOperationException("a fault of the hub")));
        Assert.Equal(70, ExitCodes.For(new NullReferenceException()));
    }

    public void Dispose() => Directory.Delete(data, recursive: true);
}
