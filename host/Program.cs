using IntegrationHub.Host;
using IntegrationHub.Host.Hosting;

return await HubProgram.RunAsync(() => HubApp.Build(args));
