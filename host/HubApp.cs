using IntegrationHub.Host.Access;
using IntegrationHub.Host.Capabilities;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Connections.OAuth;
using IntegrationHub.Host.Egress;
using IntegrationHub.Host.Encryption;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Health;
using IntegrationHub.Host.Hosting;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Insights;
using IntegrationHub.Host.Operations;
using IntegrationHub.Host.Operations.Resilience;
using IntegrationHub.Host.Plugins;
using IntegrationHub.Host.Plugins.Install;
using IntegrationHub.Host.Privacy;
using IntegrationHub.Host.Secrets;
using IntegrationHub.Host.Simulators;
using IntegrationHub.Host.Storage.Sqlite;
using IntegrationHub.Host.Targets;
using IntegrationHub.Host.Webhooks;

namespace IntegrationHub.Host;

/// <summary>The composition root: the table of contents of what the hub is made of.</summary>
internal static class HubApp
{
    /// <summary>Puts the hub together without starting it: no file is touched and no port taken.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="configure">What to change before it is built.</param>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = HubBuilder.Create(args);
        Compose(builder.Services);
        configure?.Invoke(builder);

        var app = builder.Build();
        Route(app);
        return app;
    }

    private static void Compose(IServiceCollection services) => services
        .AddHosting()
        .AddSqliteStorage()
        .AddSecrets()
        .AddAccess()
        .AddEncryption()
        .AddInsights()
        .AddEgress()
        .AddCatalog()
        .AddPlugins()
        .AddPluginInstall()
        .AddHubConnections()
        .AddConnectionAuthorization()
        .AddOperations()
        .AddHealth()
        .AddCapabilities()
        .AddEvents()
        .AddTargets()
        .AddWebhooks()
        .AddPrivacy()
        .AddApiDescription();

    private static void Route(WebApplication app)
    {
        app.UseMiddleware<ProblemMiddleware>();
        app.UseRouting();
        app.UseAccess();
        app.UseHeadRequests();
        app.UseKnownQueries();

        var routes = app.MapGroup("").AnswersHead().KnowsItsQuery();
        routes.MapHealth();
        routes.MapAccess();
        routes.MapEncryption();
        routes.MapCatalog();
        routes.MapPlugins();
        routes.MapPluginInstall();
        routes.MapConnections();
        routes.MapConnectionAuthorization();
        routes.MapOperations();
        routes.MapConnectionLimits();
        routes.MapConnectionHealth();
        routes.MapCapabilities();
        routes.MapEvents();
        routes.MapWebhooks();
        routes.MapPrivacy();
        routes.MapSimulators();
        app.MapApiDescription();
    }
}
