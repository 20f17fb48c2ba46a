using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IntegrationHub.Host.Cli;

internal static class ListCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = new Command("list", "What a hub has loaded, from where, and what is wrong with what it has not.");
        var access = HubAccess.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var hub = access.Open(terminal, parsed);
            return Write(terminal, await hub.SendAsync(HttpMethod.Get, "api/plugins", null, cancellationToken));
        });
        return command;
    }

    private static int Write(Terminal terminal, JsonElement answer)
    {
        var plugins = answer.GetProperty("items").EnumerateArray().Select(item => new PluginView(item)).ToList();
        if (plugins.Count == 0)
            terminal.Say("The hub has no plugins.");
        else
            PluginView.WriteTable(terminal, plugins);

        if (terminal.Json)
            terminal.WriteJson(new JsonObject { ["ok"] = true, ["plugins"] = new JsonArray([.. plugins.Select(plugin => plugin.ToJson())]) });

        return CliExitCodes.Ok;
    }
}
