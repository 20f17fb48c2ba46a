using System.CommandLine;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IntegrationHub.Host.Cli;

internal static class InstallCommand
{
    public static Command Create(Terminal terminal)
    {
        var package = new Argument<string>("PACKAGE") { Description = "A ZIP file made by 'hub plugin pack', or a plugin's folder, which is packed first." };
        var force = new Option<bool>("--force") { Description = "Also when it is older than the version that is installed." };
        var command = new Command("install", "Install a plugin into a running hub, or replace it by another version. The former version serves until the new one is loaded, and goes on when that fails.") { package, force };
        var access = HubAccess.AddTo(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(terminal, access, parsed, parsed.GetRequiredValue(package), parsed.GetValue(force), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(Terminal terminal, HubAccess access, ParseResult parsed, string package, bool force, CancellationToken cancellationToken)
    {
        if (File.Exists(package) && Path.GetFileName(package) != "manifest.json")
            return await SendAsync(terminal, access, parsed, package, force, cancellationToken);

        if (!Directory.Exists(package) && !File.Exists(package))
            throw CliException.Usage("file", $"There is no file or folder '{package}'.");

        var check = PluginCheck.Run(package);
        if (check.Errors > 0)
        {
            FindingWriter.Write(terminal, check.Findings);
            terminal.Say($"{check.Id ?? FindingWriter.Short(check.Folder)}: {FindingWriter.Count(check.Errors, check.Warnings)}; not installed.");
            if (terminal.Json)
                terminal.WriteJson(new JsonObject { ["ok"] = false, ["plugin"] = null, ["outcome"] = null, ["formerVersion"] = null, ["findings"] = FindingWriter.Json(check.Findings) });

            return CliExitCodes.Findings;
        }

        var folder = Directory.CreateTempSubdirectory("hub-pack-");
        try
        {
            var file = Path.Combine(folder.FullName, "plugin.zip");
            PackCommand.Write(check.Folder, file);
            return await SendAsync(terminal, access, parsed, file, force, cancellationToken);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<int> SendAsync(Terminal terminal, HubAccess access, ParseResult parsed, string file, bool force, CancellationToken cancellationToken)
    {
        using var hub = access.Open(terminal, parsed);
        await using var stream = File.OpenRead(file);
        using var content = new StreamContent(stream) { Headers = { ContentType = new MediaTypeHeaderValue("application/zip") } };
        var answer = await hub.SendAsync(HttpMethod.Post, force ? "api/plugins?force=true" : "api/plugins", content, cancellationToken);

        var plugin = new PluginView(PluginView.Member(answer, "plugin", JsonValueKind.Object));
        var (outcome, former) = (Text(answer, "outcome"), Text(answer, "formerVersion"));
        var what = outcome switch
        {
            "updated" => $"Updated {terminal.Bold(plugin.Id)} from {former} to {plugin.Version}",
            "unchanged" => $"{terminal.Bold($"{plugin.Id} {plugin.Version}")} was installed already, file for file",
            _ => $"Installed {terminal.Bold($"{plugin.Id} {plugin.Version}")}",
        };
        terminal.Say($"{what}; it is {plugin.Painted(terminal, plugin.State)}.");
        if (!plugin.IsWell)
            plugin.WriteTroubles(terminal);

        terminal.Say($"  SHA-256 {plugin.Sha256 ?? Text(answer, "sha256")}");
        if (terminal.Json)
            terminal.WriteJson(new JsonObject { ["ok"] = true, ["plugin"] = plugin.ToJson(), ["outcome"] = outcome, ["formerVersion"] = former, ["findings"] = new JsonArray() });

        return CliExitCodes.Ok;
    }

    private static string? Text(JsonElement of, string name) => of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
