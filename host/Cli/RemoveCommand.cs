using System.CommandLine;
using System.Text.Json.Nodes;

namespace IntegrationHub.Host.Cli;

internal static class RemoveCommand
{
    public static Command Create(Terminal terminal)
    {
        var id = new Argument<string>("ID") { Description = "The plugin's id." };
        var force = new Option<bool>("--force") { Description = "Also when connections use it; they stay, and work again when the plugin is back." };
        var command = new Command("remove", "Remove a plugin that was installed. Folders that plugins.json names are the operator's: take them off that list instead.") { id, force };
        var access = HubAccess.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var hub = access.Open(terminal, parsed);
            var name = parsed.GetRequiredValue(id);
            await hub.SendAsync(HttpMethod.Delete, $"api/plugins/{Uri.EscapeDataString(name)}{(parsed.GetValue(force) ? "?force=true" : "")}", null, cancellationToken);
            terminal.Say($"Removed {terminal.Bold(name)}.");
            if (terminal.Json)
                terminal.WriteJson(new JsonObject { ["ok"] = true, ["id"] = name });

            return CliExitCodes.Ok;
        });
        return command;
    }
}
