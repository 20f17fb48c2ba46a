using System.CommandLine;
using System.Text.Json.Nodes;

namespace IntegrationHub.Host.Cli;

internal static class ValidateCommand
{
    public static Command Create(Terminal terminal)
    {
        var folders = new Argument<string[]>("FOLDER") { Description = "The plugins' folders.", Arity = ArgumentArity.OneOrMore };
        var strict = new Option<bool>("--warnings-as-errors") { Description = "End with 1 also when there are only warnings." };
        var command = new Command("validate", "Check plugins without running them: every error and warning at once, with its place in the manifest.") { folders, strict };
        command.SetAction(parsed => Run(terminal, parsed.GetRequiredValue(folders), parsed.GetValue(strict)));
        return command;
    }

    private static int Run(Terminal terminal, string[] folders, bool strict)
    {
        var checks = folders.Select(PluginCheck.Run).ToList();
        foreach (var check in checks)
        {
            FindingWriter.Write(terminal, check.Findings);
            var name = check.Id is null ? FindingWriter.Short(check.Folder) : $"{check.Id} {check.Version}".TrimEnd();
            terminal.Say($"{terminal.Bold(name)}: {(check.Errors == 0 ? terminal.Green("valid") : FindingWriter.Plural(check.Errors, "error"))}{(check.Warnings == 0 ? "" : $", {FindingWriter.Plural(check.Warnings, "warning")}")}");
        }

        var bad = checks.Exists(check => check.Errors > 0 || (strict && check.Warnings > 0));
        if (terminal.Json)
        {
            terminal.WriteJson(new JsonObject
            {
                ["ok"] = !bad,
                ["plugins"] = new JsonArray([.. checks.Select(JsonNode (check) => new JsonObject
                {
                    ["folder"] = check.Folder,
                    ["id"] = check.Id,
                    ["version"] = check.Version,
                    ["kind"] = check.Kind,
                    ["errors"] = check.Errors,
                    ["warnings"] = check.Warnings,
                    ["findings"] = FindingWriter.Json(check.Findings),
                })]),
            });
        }

        return bad ? CliExitCodes.Findings : CliExitCodes.Ok;
    }
}
