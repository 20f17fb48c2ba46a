using IntegrationHub.Host.Operations.Resilience;

namespace IntegrationHub.Host.Operations;

internal static class OperationServiceCollectionExtensions
{
    /// <summary>The steps run in the order in which they stand here.</summary>
    public static IServiceCollection AddOperations(this IServiceCollection services) =>
        services
            .AddResilience()
            .AddSingleton<IOperationStep, ParameterValidationStep>()
            .AddSingleton<IOperationStep, GrantedScopesStep>()
            .AddSingleton<IOperationStep, ResilienceStep>()
            .AddSingleton<IOperationStep, AdapterStep>()
            .AddSingleton<OperationExecutor>()
            .AddSingleton<ConnectionTester>();
}
