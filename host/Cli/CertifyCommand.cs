using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using IntegrationHub.Testing;

namespace IntegrationHub.Host.Cli;

internal static class CertifyCommand
{
    /// <summary>Not for people: what <c>certify</c> starts.</summary>
    public const string ChildName = "certify-here";

    public static Command Create(Terminal terminal)
    {
        var folders = new Argument<string[]>("FOLDER") { Description = "The plugins' folders; of code plugins after their build.", Arity = ArgumentArity.OneOrMore };
        var description = new Option<string[]>("--description") { Description = "The vendor's OpenAPI description (JSON or YAML); once for each of its files. Default: what lies in the plugin's folder contract.", HelpName = "FILE" };
        var level = new Option<string?>("--level") { Description = "End with 1 when the plugin is below this level. Default: only errors count." };
        level.AcceptOnlyFromAmong("bronze", "silver", "gold", "platinum");
        var timeout = new Option<int>("--timeout") { Description = "Seconds that a plugin's whole run may take.", DefaultValueFactory = _ => 300, HelpName = "SECONDS" };
        var command = new Command("certify", "Run the conformance kit against plugins, each in a process of its own, and tell their quality level and what is missing for the next. Nothing is called outside of this machine.")
        {
            folders, description, level, timeout,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var wanted = parsed.GetValue(level) is { } name ? Enum.Parse<QualityLevel>(name, ignoreCase: true) : QualityLevel.None;
            var seconds = parsed.GetValue(timeout);
            if (seconds is < 1 or > 86_400)
                throw CliException.Usage("usage", $"A timeout of {seconds} s is none that a run can keep.", "Give seconds from 1 to 86400.");

            var limit = TimeSpan.FromSeconds(seconds);
            return await RunAsync(terminal, parsed.GetRequiredValue(folders), DescriptionFiles(parsed.GetValue(description)), wanted, limit, cancellationToken);
        });
        return command;
    }

    public static Command CreateChild()
    {
        var folder = new Argument<string>("FOLDER");
        var report = new Option<string>("--report") { Required = true };
        var description = new Option<string[]>("--description");
        var command = new Command(ChildName, "Runs the conformance kit in this process.") { folder, report, description };
        command.Hidden = true;
        command.SetAction((parsed, cancellationToken) => CertifyRun.WriteReportAsync(parsed.GetRequiredValue(folder), parsed.GetRequiredValue(report), parsed.GetValue(description) ?? [], cancellationToken));
        return command;
    }

    private static string[] DescriptionFiles(string[]? files) =>
        Array.Find(files ?? [], file => !File.Exists(file)) is { } missing
            ? throw CliException.Usage("file", $"There is no file '{missing}'.", "--description names an OpenAPI document, in JSON or YAML.")
            : [.. (files ?? []).Select(Path.GetFullPath)];

    private static async Task<int> RunAsync(Terminal terminal, string[] folders, string[] descriptions, QualityLevel wanted, TimeSpan limit, CancellationToken cancellationToken)
    {
        List<CertifyResult> results = [];
        foreach (var folder in folders)
        {
            var result = await CertifyRun.RunAsync(folder, descriptions, limit, cancellationToken);
            results.Add(result);
            Write(terminal, result, wanted);
        }

        var ok = results.TrueForAll(result => result.IsAtLeast(wanted));
        if (terminal.Json)
            terminal.WriteJson(new JsonObject { ["ok"] = ok, ["wanted"] = Name(wanted), ["plugins"] = new JsonArray([.. results.Select(result => Json(result, wanted))]) });

        return ok ? CliExitCodes.Ok : CliExitCodes.Findings;
    }

    private static void Write(Terminal terminal, CertifyResult result, QualityLevel wanted)
    {
        if (result.Report is { } report)
            terminal.Say(report.ToText().TrimEnd());

        FindingWriter.Write(terminal, result.Crashes);
        var name = result.Report?.PluginId ?? FindingWriter.Short(result.Folder);
        var verdict = result.IsAtLeast(wanted) ? terminal.Green(Name(result.Level)) : terminal.Red(Name(result.Level));
        var below = result.Level < wanted ? string.Create(CultureInfo.InvariantCulture, $", below the {Name(wanted)} that is wanted") : "";
        terminal.Say($"{terminal.Bold(name)}: level {verdict}{below}");
        terminal.Say();
    }

    private static JsonObject Json(CertifyResult result, QualityLevel wanted) => new JsonObject
    {
        ["folder"] = result.Folder,
        ["ok"] = result.IsAtLeast(wanted),
        ["level"] = Name(result.Level),
        ["crashes"] = FindingWriter.Json(result.Crashes),
        ["report"] = result.Report is { } report ? JsonNode.Parse(report.ToJson()) : null,
    };

    private static string Name(QualityLevel level) => level.ToString().ToLowerInvariant();
}
