using System.CommandLine;
using System.Text.Json.Nodes;

namespace IntegrationHub.Host.Cli;

/// <summary><c>enable</c>, <c>disable</c> and <c>reload</c>: one call each, answered with the plugin as it is then.</summary>
internal static class SwitchCommands
{
    public static Command Create(Terminal terminal, string name, string description)
    {
        var id = new Argument<string>("ID") { Description = "The plugin's id." };
        var command = new Command(name, description) { id };
        var access = HubAccess.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var hub = access.Open(terminal, parsed);
            var path = $"api/plugins/{Uri.EscapeDataString(parsed.GetRequiredValue(id))}/{name}";
            var plugin = new PluginView(await hub.SendAsync(HttpMethod.Post, path, null, cancellationToken));
            var asWanted = name == "disable" ? plugin.State == "disabled" : plugin.IsWell;
            terminal.Say($"{terminal.Bold($"{plugin.Id} {plugin.Version}")} is {plugin.Painted(terminal, plugin.State)}.");
            if (!asWanted)
                plugin.WriteTroubles(terminal);

            if (terminal.Json)
                terminal.WriteJson(new JsonObject { ["ok"] = asWanted, ["plugin"] = plugin.ToJson() });

            return asWanted ? CliExitCodes.Ok : CliExitCodes.Findings;
        });
        return command;
    }
}
