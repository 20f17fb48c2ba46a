using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Cli;

/// <summary>A plugin as a hub tells about it, for people. What a newer hub tells in addition is kept for programs and not shown.</summary>
internal sealed class PluginView(JsonElement record)
{
    public string Id => Text("id") ?? "?";

    public string Version => Text("version") ?? "-";

    public string State => Text("state") ?? "?";

    public string Kind => Text("kind") ?? "-";

    public string Path => Text("path") ?? "-";

    public string? Sha256 => Text("sha256");

    /// <summary>Whether it serves what its folder holds.</summary>
    public bool IsWell => State is "loaded" && Issues("pendingErrors").Count == 0;

    /// <summary>What keeps it, or its newer files, from serving.</summary>
    public IReadOnlyList<ValidationIssue> Troubles => [.. Reason is { } reason ? [reason] : (IEnumerable<ValidationIssue>)[], .. Issues("errors"), .. Issues("pendingErrors")];

    private ValidationIssue? Reason => record.TryGetProperty("reason", out var reason) && reason.ValueKind == JsonValueKind.Object ? Issue(reason) : null;

    public JsonNode ToJson() => JsonNode.Parse(record.GetRawText())!;

    public string Painted(Terminal terminal, string text) => State switch
    {
        "loaded" when IsWell => terminal.Green(text),
        "failed" or "quarantined" => terminal.Red(text),
        _ => terminal.Yellow(text),
    };

    public void WriteTroubles(Terminal terminal)
    {
        if (Text("pendingVersion") is { } pending)
            terminal.Say($"  Version {pending} is in its folder and cannot be loaded; {Version} serves on.");

        foreach (var issue in Troubles)
        {
            terminal.Say($"  {(issue.Pointer.Length > 0 ? issue.Pointer + ": " : "")}{issue.Message}");
            if (issue.Hint is not null)
                terminal.Say($"    {issue.Hint}");
        }
    }

    /// <summary>Columns as wide as their widest cell.</summary>
    public static void WriteTable(Terminal terminal, IReadOnlyList<PluginView> plugins)
    {
        string[] heads = ["ID", "VERSION", "STATE", "KIND", "FOLDER"];
        var rows = plugins.Select(plugin => (Plugin: plugin, Cells: (string[])[plugin.Id, plugin.Version, plugin.State, plugin.Kind, plugin.Path])).ToList();
        var widths = heads.Select((head, i) => rows.Select(row => row.Cells[i].Length).Append(head.Length).Max()).ToArray();
        terminal.Say(terminal.Bold(string.Join("  ", heads.Select((head, i) => i == heads.Length - 1 ? head : head.PadRight(widths[i])))));
        foreach (var (plugin, cells) in rows)
        {
            terminal.Say(string.Join("  ", cells.Select((cell, i) => i == 2 ? plugin.Painted(terminal, cell) + new string(' ', widths[i] - cell.Length) : i == cells.Length - 1 ? cell : cell.PadRight(widths[i]))));
            plugin.WriteTroubles(terminal);
        }

        terminal.Say();
        terminal.Say(string.Join(", ", plugins.GroupBy(plugin => plugin.State).Select(group => string.Create(CultureInfo.InvariantCulture, $"{group.Count()} {group.Key}"))));
    }

    private IReadOnlyList<ValidationIssue> Issues(string name) =>
        record.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray().Select(Issue)] : [];

    private static ValidationIssue Issue(JsonElement issue) => new(TextOf(issue, "pointer") ?? "", TextOf(issue, "message") ?? "", TextOf(issue, "hint"));

    private string? Text(string name) => TextOf(record, name);

    private static string? TextOf(JsonElement of, string name) => of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
