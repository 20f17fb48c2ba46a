using System.Globalization;
using System.Text.Json.Nodes;

namespace IntegrationHub.Host.Cli;

/// <summary>Shows findings: to people as compilers do, so that editors and terminals make the places clickable; to programs as JSON.</summary>
internal static class FindingWriter
{
    public static void Write(Terminal terminal, IEnumerable<CliFinding> findings)
    {
        foreach (var finding in findings)
        {
            var place = string.Create(CultureInfo.InvariantCulture, $"{Short(finding.File)}{(finding.Line is null ? "" : $":{finding.Line}:{finding.Column}")}");
            var kind = finding.Kind == FindingKind.Error ? terminal.Red("error") : terminal.Yellow("warning");
            var pointer = finding.Pointer.Length == 0 ? "" : $" {finding.Pointer}:";
            terminal.Say($"{place}: {kind}:{pointer} {finding.Message}");
            if (finding.Hint is not null)
                terminal.Say($"    {finding.Hint}");
        }
    }

    public static JsonArray Json(IEnumerable<CliFinding> findings) => new([.. findings.Select(JsonNode (finding) => new JsonObject
    {
        ["severity"] = finding.Kind == FindingKind.Error ? "error" : "warning",
        ["file"] = finding.File,
        ["line"] = finding.Line,
        ["column"] = finding.Column,
        ["pointer"] = finding.Pointer,
        ["message"] = finding.Message,
        ["hint"] = finding.Hint,
    })]);

    /// <summary>"no errors", "1 error, 2 warnings".</summary>
    public static string Count(int errors, int warnings)
    {
        var text = errors == 0 ? "no errors" : Plural(errors, "error");
        return warnings == 0 ? text : $"{text}, {Plural(warnings, "warning")}";
    }

    public static string Plural(int count, string noun) => string.Create(CultureInfo.InvariantCulture, $"{count} {noun}{(count == 1 ? "" : "s")}");

    /// <summary>A path as one would type it: relative when it lies below the working folder.</summary>
    public static string Short(string path)
    {
        var relative = Path.GetRelativePath(Directory.GetCurrentDirectory(), path);
        return relative.StartsWith("..", StringComparison.Ordinal) || Path.IsPathRooted(relative) ? path : relative;
    }
}
