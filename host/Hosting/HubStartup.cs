using IntegrationHub.Host.Access;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Events.Retention;
using IntegrationHub.Host.Health;
using IntegrationHub.Host.Operations;
using IntegrationHub.Host.Plugins;
using IntegrationHub.Host.Plugins.Install;
using IntegrationHub.Host.Secrets;
using IntegrationHub.Host.Storage;

namespace IntegrationHub.Host.Hosting;

/// <summary>What must have happened, in this order, before the first request is taken.</summary>
internal sealed class HubStartup(
    UnknownSettings settings,
    IHubStorage storage,
    MasterKeyStartup masterKeys,
    KeyRing keys,
    BootstrapKey bootstrap,
    PluginInstaller installer,
    StartRecovery recovery,
    PluginHost plugins,
    SubscriptionRegistry subscriptions,
    RetentionRegistry retention,
    ExecutionRecovery execution,
    HealthMonitor connectionHealth,
    HubHealth health)
{
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        settings.Check();
        await storage.OpenAsync(cancellationToken);
        await masterKeys.InitializeAsync(cancellationToken);
        await keys.InitializeAsync(cancellationToken);
        await bootstrap.InitializeAsync(cancellationToken);
        installer.Recover();
        await subscriptions.LoadAsync(cancellationToken);
        await retention.LoadAsync(cancellationToken);
        await recovery.RunAsync(cancellationToken);
        await plugins.LoadAllAsync(cancellationToken);
        await execution.RunAsync(cancellationToken);
        await connectionHealth.LoadAsync(cancellationToken);
        health.MarkStarted();
    }
}
