using IntegrationHub.Host;
using IntegrationHub.Host.Cli;
using IntegrationHub.Host.Hosting;

return HubCli.IsForServer(args)
    ? await HubProgram.RunAsync(() => HubApp.Build(args))
    : await HubCli.RunAsync(args);
