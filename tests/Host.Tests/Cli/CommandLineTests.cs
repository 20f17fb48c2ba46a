using IntegrationHub.Host.Cli;

namespace IntegrationHub.Host.Tests.Cli;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData(true, "")]
    [InlineData(true, "--urls http://127.0.0.1:5080 --data DIR")]
    [InlineData(true, "--urls=http://127.0.0.1:5080 --data=DIR")]
    [InlineData(true, "/urls http://127.0.0.1:5080")]
    [InlineData(true, "urls=http://127.0.0.1:5080")]
    [InlineData(true, "--Hub:AllowPrivateTargets true --Serilog:MinimumLevel:Default Fatal")]
    [InlineData(true, "--flag --urls http://127.0.0.1:5080")]
    [InlineData(true, "--environment=Development --contentRoot=/srv --applicationName=hub")]
    [InlineData(false, "plugin list")]
    [InlineData(false, "plugin")]
    [InlineData(false, "plugn list")]
    [InlineData(false, "serve")]
    [InlineData(false, "--help")]
    [InlineData(false, "-h")]
    [InlineData(false, "--version")]
    [InlineData(false, "--data DIR plugin list")]
    public void IsForServer_OptionsOnly_AndNothingElse(bool expected, string line) =>
        Assert.Equal(expected, HubCli.IsForServer(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)));

    [Theory]
    [InlineData("plugn list", "Did you mean 'plugin'?")]
    [InlineData("plugin instal x.zip", "Did you mean 'install'?")]
    [InlineData("plugin pack x --outptu y", "Did you mean '--output'?")]
    [InlineData("plugin list --jsn", "Did you mean '--json'?")]
    [InlineData("serve", "hub --urls")]
    [InlineData("plugin", "There are: new, validate, certify")]
    [InlineData("plugin pack", "'FOLDER' missing")]
    [InlineData("plugin pack a b", "'b' is one word too many")]
    [InlineData("plugin certify a --level silvr", "'silver'")]
    [InlineData("--data x plugin list", "The command comes first")]
    [InlineData("plugin new --hlep", "'--hlep' is no option")]
    [InlineData("plugin new --knd=code", "'--knd' is no option")]
    [InlineData("plugin validate x --warning-as-errors", "Did you mean '--warnings-as-errors'?")]
    [InlineData("plugin remove --forse", "Did you mean '--force'?")]
    [InlineData("plugin certify x --timeout 0", "from 1 to 86400")]
    public async Task Run_Misunderstood_SaysWhatWasMeant(string line, string says)
    {
        var outcome = await CliHarness.RunAsync(line.Split(' '));

        Assert.Equal(2, outcome.Code);
        Assert.Contains(says, outcome.Error, StringComparison.Ordinal);
        Assert.Empty(outcome.Out);
    }

    [Fact]
    public async Task Run_MisunderstoodWithJson_AnswersJson()
    {
        var outcome = await CliHarness.RunAsync("plugin", "lst", "--json");

        Assert.Equal(2, outcome.Code);
        Assert.False(outcome.Json.GetProperty("ok").GetBoolean());
        Assert.Equal("usage", outcome.Json.GetProperty("error").GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("--help", "plugin")]
    [InlineData("--help", "--public-url URL")]
    [InlineData("plugin --help", "certify")]
    [InlineData("plugin install --help", "--key-file")]
    public async Task Run_Help_IsOnStandardOutput(string line, string says)
    {
        var outcome = await CliHarness.RunAsync(line.Split(' '));

        Assert.Equal(0, outcome.Code);
        Assert.Contains(says, outcome.Out, StringComparison.Ordinal);
        Assert.DoesNotContain(CertifyCommand.ChildName, outcome.Out, StringComparison.Ordinal);
        Assert.Empty(outcome.Error);
    }

    [Fact]
    public async Task Run_Colours_OnlyOnATerminalWithoutNoColor()
    {
        string[] args = ["plugin", "validate", "/nonexistent"];

        Assert.Contains('\u001b', (await CliHarness.RunAsync([], args, terminal: true)).Out);
        Assert.DoesNotContain('\u001b', (await CliHarness.RunAsync([], args)).Out);
        Assert.DoesNotContain('\u001b', (await CliHarness.RunAsync(new() { ["NO_COLOR"] = "1" }, args, terminal: true)).Out);
    }
}
