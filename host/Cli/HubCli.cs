using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json.Nodes;
using IntegrationHub.Host.Http;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Cli;

/// <summary>
/// The hub's commands. They share nothing with the server but the way plugins are read and loaded: no web host is built, so that a command answers at once.
/// </summary>
internal static class HubCli
{
    private const string StartsServer = "Without a command the hub starts its server: hub --urls http://127.0.0.1:5080 --data DIR";

    /// <summary>Whether the arguments are the server's: options only. A word that no option takes is a command, or meant to be one.</summary>
    public static bool IsForServer(IReadOnlyList<string> args)
    {
        for (var i = 0; i < args.Count; i++)
        {
            var arg = args[i];
            if (arg is "--help" or "-h" or "-?" or "/?" or "--version")
                return false;

            // The forms that the configuration reads: --name value, --name=value, /name value, name=value.
            if (arg.StartsWith('-') || arg.StartsWith('/'))
            {
                if (!arg.Contains('=', StringComparison.Ordinal) && i + 1 < args.Count && !args[i + 1].StartsWith("--", StringComparison.Ordinal))
                    i++;
            }
            else if (!arg.Contains('=', StringComparison.Ordinal))
            {
                return false;
            }
        }

        return true;
    }

    public static Task<int> RunAsync(string[] args) => RunAsync(args, Terminal.OfProcess(), CancellationToken.None);

    public static async Task<int> RunAsync(string[] args, Terminal terminal, CancellationToken cancellationToken)
    {
        terminal.Json = args.Contains("--json");
        var root = CreateRoot(terminal);
        var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        try
        {
            RefuseStrayOptions(parsed);
            if (parsed.Errors.Count > 0)
                throw Misunderstood(parsed);

            return await parsed.InvokeAsync(new InvocationConfiguration { Output = terminal.Out, Error = terminal.Error, EnableDefaultExceptionHandler = false }, cancellationToken);
        }
        catch (CliException fault)
        {
            Report(terminal, fault);
            return fault.ExitCode;
        }
        catch (OperationCanceledException)
        {
            await terminal.Error.WriteLineAsync("Cancelled.");
            return CliExitCodes.Internal;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            Report(terminal, CliException.Usage("file", fault.Message));
            return CliExitCodes.Usage;
        }
        catch (Exception fault)
        {
            Report(terminal, new CliException(CliExitCodes.Internal, "internal", $"The command failed, which is a fault of the hub: {fault.GetType().Name}: {fault.Message}", "HUB_CLI_TRACE=1 shows where; please report it with that."));
            if (terminal.Variable("HUB_CLI_TRACE") is not null)
                await terminal.Error.WriteLineAsync(fault.ToString());

            return CliExitCodes.Internal;
        }
    }

    // The server's options are the configuration's, not this parser's: they are told of here or nowhere.
    private const string ServerOptions = """

        Options of the server:
          --urls URL           where it listens, several with ';' between them. Default: http://127.0.0.1:5080
          --data DIR           its data folder. Default: ./data
          --plugins FILE       which plugins it loads. Default: ./plugins.json
          --public-url URL     how providers and browsers reach it from outside
          --environment NAME   Production (default), or Development, which allows private addresses and other base URLs
          --Hub:Section:Name VALUE   every other setting, as HUB_SECTION__NAME in the environment
        """;

    private static RootCommand CreateRoot(Terminal terminal) => new("The Integration Hub. " + StartsServer + "\n" + ServerOptions)
    {
        HelpName = "hub",
        Subcommands = { PluginCommand.Create(terminal), KeysCommand.Create(terminal) },
    };

    /// <summary>A mistyped option must not become the name of a folder. Names that begin with a dash stand after <c>--</c>.</summary>
    private static void RefuseStrayOptions(ParseResult parsed)
    {
        var beforeDashes = parsed.Tokens.TakeWhile(token => token.Type != TokenType.DoubleDash).Select(token => token.Value).ToHashSet(StringComparer.Ordinal);
        if (parsed.CommandResult.Tokens.FirstOrDefault(token => token.Value is ['-', _, ..] && beforeDashes.Contains(token.Value)) is not { } stray)
            return;

        var command = parsed.CommandResult.Command;
        var path = PathOf(command);
        throw Unknown(stray.Value.Split('=')[0], "option", path, Names(OptionsOf(command)), $"See: {path} --help");
    }

    private static CliException Misunderstood(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var path = PathOf(command);
        var help = $"See: {path} --help";
        if (parsed.UnmatchedTokens is [var word, ..])
        {
            if (command is RootCommand)
                return Unknown(word, "command", "hub", Names(command.Subcommands), StartsServer);

            // Options of the server before a command end up here.
            if (parsed.Tokens[0].Value == word)
                return CliException.Usage("usage", $"'{word}' stands before the command.", $"The command comes first, its options after it: {path} …");

            if (word.StartsWith('-'))
                return Unknown(word, "option", path, Names(OptionsOf(command)), help);

            return command.Subcommands.Count > 0
                ? Unknown(word, "command", path, Names(command.Subcommands), help)
                : CliException.Usage("usage", $"'{word}' is one word too many for '{path}'.", $"A name with spaces stands in quotation marks. {help}");
        }

        return command.Subcommands.Count > 0
            ? CliException.Usage("usage", $"'{path}' needs a command.", $"There are: {string.Join(", ", Names(command.Subcommands))}. {help}")
            : CliException.Usage("usage", string.Join(" ", parsed.Errors.Select(error => error.Message.ReplaceLineEndings(" ").Replace("\t", "", StringComparison.Ordinal).TrimEnd('.') + ".")), help);
    }

    private static CliException Unknown(string word, string what, string path, IReadOnlyList<string> known, string otherwise) =>
        CliException.Usage("usage", $"'{word}' is no {what} of '{path}'.", $"{Suggestion.For(word, known)} {otherwise}".Trim());

    private static IEnumerable<Option> OptionsOf(Command command) =>
        command.Options.Concat(command.Parents.OfType<Command>().SelectMany(parent => parent.Options).Where(option => option.Recursive));

    private static IReadOnlyList<string> Names(IEnumerable<Symbol> symbols) => [.. symbols.Where(symbol => !symbol.Hidden).Select(symbol => symbol.Name)];

    private static string PathOf(Command command) =>
        command is RootCommand ? "hub" : $"{PathOf(command.Parents.OfType<Command>().First())} {command.Name}";

    private static void Report(Terminal terminal, CliException fault)
    {
        terminal.Complain($"{terminal.RedError("error:")} {fault.Message}");
        if (fault.Hint is not null)
            terminal.Complain($"  {fault.Hint}");

        foreach (var issue in fault.Issues)
        {
            terminal.Complain($"  - {(issue.Pointer.Length > 0 ? issue.Pointer + ": " : "")}{issue.Message}");
            if (issue.Hint is not null)
                terminal.Complain($"    {issue.Hint}");
        }

        if (!terminal.Json)
            return;

        terminal.WriteJson(new JsonObject
        {
            ["ok"] = false,
            ["error"] = new JsonObject
            {
                ["code"] = fault.Code,
                ["status"] = fault.Status,
                ["message"] = fault.Message,
                ["hint"] = fault.Hint,
                ["errors"] = new JsonArray([.. fault.Issues.Select(Json)]),
            },
        });
    }

    private static JsonNode Json(ValidationIssue issue) => new JsonObject { ["pointer"] = issue.Pointer, ["message"] = issue.Message, ["hint"] = issue.Hint };
}
