using IntegrationHub.Host;
using IntegrationHub.Host.Cli;
using IntegrationHub.Host.Hosting;
using IntegrationHub.Host.Plugins;

var code = HubCli.IsForServer(args)
    ? await HubProgram.RunAsync(() => HubApp.Build(args))
    : await HubCli.RunAsync(args);

// Not a return, which would wait for threads that plugins left behind.
StrayExceptions.Exit(code);
