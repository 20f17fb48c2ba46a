using System.CommandLine;

namespace IntegrationHub.Host.Cli;

/// <summary><c>hub plugin</c> and what belongs below it.</summary>
internal static class PluginCommand
{
    public static Command Create(Terminal terminal)
    {
        var plugin = new Command("plugin", "Write, prove, pack and install plugins. Exit codes: 0 all is well, 1 a plugin has errors, 2 the command cannot be run like this, 3 the hub is not reachable or refused, 70 a fault of the program.")
        {
            NewCommand.Create(terminal),
            ValidateCommand.Create(terminal),
            CertifyCommand.Create(terminal),
            CertifyCommand.CreateChild(),
            PackCommand.Create(terminal),
            InstallCommand.Create(terminal),
            ListCommand.Create(terminal),
            SwitchCommands.Create(terminal, "enable", "Serve a plugin again that was disabled or quarantined."),
            SwitchCommands.Create(terminal, "disable", "Stop serving a plugin, now and after a restart, until it is enabled."),
            SwitchCommands.Create(terminal, "reload", "Load a plugin again from its folder. When that fails, what served before serves on."),
            RemoveCommand.Create(terminal),
        };
        plugin.Options.Add(new Option<bool>("--json") { Description = "Write the result as one JSON document to standard output.", Recursive = true });
        return plugin;
    }
}
