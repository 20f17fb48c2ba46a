using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Connections.Health;
using IntegrationHub.Host.Connections.OAuth;
using IntegrationHub.Host.Egress;
using IntegrationHub.Host.Insights;
using IntegrationHub.Host.Secrets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace IntegrationHub.Host.Tests.Fakes;

internal static class OAuthFakes
{
    /// <summary>What the steps of operations need of authorisations, over stores in memory: for tests whose connections are not about them.</summary>
    public static IServiceCollection AddConnectionAuthorizationFakes(this IServiceCollection services)
    {
        services.TryAddSingleton<IConnectionStore, InMemoryConnectionStore>();
        services.TryAddSingleton<ISealer, FakeSealer>();
        services.TryAddSingleton<ConnectionSecrets>();
        services.TryAddSingleton<RecordingHubEvents>();
        services.TryAddSingleton<IHubEvents>(static provider => provider.GetRequiredService<RecordingHubEvents>());
        services.TryAddSingleton<IConnectionHealthSignal, RecordingHealthSignal>();
        services.TryAddSingleton<InMemoryTokenStore>();
        services.TryAddSingleton<ITokenStore>(static provider => provider.GetRequiredService<InMemoryTokenStore>());
        services.TryAddSingleton<InMemoryPendingAuthorizationStore>();
        services.TryAddSingleton<IPendingAuthorizationStore>(static provider => provider.GetRequiredService<InMemoryPendingAuthorizationStore>());
        services.TryAddSingleton(new HubOptions { AllowPrivateTargets = true });
        services.TryAddSingleton(static provider => new AddressPolicy(provider.GetRequiredService<HubOptions>()));
        services.TryAddSingleton(static provider => new EgressHandlers(provider.GetRequiredService<AddressPolicy>(), EgressConnector.SystemResolver));
        services.AddConnectionAuthorization();

        // Rounds of the worker are the tests' to run.
        foreach (var worker in services.Where(service => service.ServiceType == typeof(Microsoft.Extensions.Hosting.IHostedService) && service.ImplementationFactory?.Method.DeclaringType?.DeclaringType == typeof(OAuthServiceCollectionExtensions)).ToArray())
            services.Remove(worker);

        return services;
    }
}

internal sealed class RecordingHealthSignal : IConnectionHealthSignal
{
    public System.Collections.Concurrent.ConcurrentQueue<string> Told { get; } = new();

    public void Changed(string connectionId) => Told.Enqueue(connectionId);
}
