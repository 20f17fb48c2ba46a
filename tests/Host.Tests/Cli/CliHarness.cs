using System.Text.Json;
using IntegrationHub.Host.Cli;

namespace IntegrationHub.Host.Tests.Cli;

/// <summary>What a command wrote and ended with.</summary>
internal sealed record CliOutcome(int Code, string Out, string Error)
{
    public JsonElement Json => JsonElement.Parse(Out);
}

/// <summary>Runs commands in this process, with an environment of their own.</summary>
internal static class CliHarness
{
    public static Task<CliOutcome> RunAsync(params string[] args) => RunAsync(new Dictionary<string, string>(), args);

    public static async Task<CliOutcome> RunAsync(Dictionary<string, string> variables, string[] args, string input = "", bool terminal = false)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var where = new Terminal
        {
            Out = output, Error = error, In = new StringReader(input), Variable = variables.GetValueOrDefault, OutIsTerminal = terminal, ErrorIsTerminal = terminal,
        };
        var code = await HubCli.RunAsync(args, where, CancellationToken.None);
        return new CliOutcome(code, output.ToString(), error.ToString());
    }
}
