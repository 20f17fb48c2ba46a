using IntegrationHub.Host.Access;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Egress;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Hosting;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Insights;
using IntegrationHub.Host.Operations;
using IntegrationHub.Host.Plugins;
using IntegrationHub.Host.Secrets;
using IntegrationHub.Host.Simulators;
using IntegrationHub.Host.Storage.Sqlite;
using IntegrationHub.Host.Webhooks;

return await HubProgram.RunAsync(args, Compose, Route);

static void Compose(IServiceCollection services) => services
    .AddHosting()
    .AddSqliteStorage()
    .AddSecrets()
    .AddAccess()
    .AddInsights()
    .AddEgress()
    .AddCatalog()
    .AddPlugins()
    .AddHubConnections()
    .AddOperations()
    .AddEvents()
    .AddWebhooks()
    .AddApiDescription();

static void Route(WebApplication app)
{
    app.UseMiddleware<ProblemMiddleware>();
    app.UseRouting();
    app.UseAccess();

    app.MapHealth();
    app.MapAccess();
    app.MapCatalog();
    app.MapPlugins();
    app.MapConnections();
    app.MapOperations();
    app.MapEvents();
    app.MapWebhooks();
    app.MapSimulators();
    app.MapApiDescription();
}
