namespace IntegrationHub.Host.Operations;

internal static class OperationServiceCollectionExtensions
{
    /// <summary>The steps run in the order in which they stand here.</summary>
    public static IServiceCollection AddOperations(this IServiceCollection services) =>
        services
            .AddSingleton<IOperationStep, ParameterValidationStep>()
            .AddSingleton<IOperationStep, GrantedScopesStep>()
            .AddSingleton<IOperationStep, AuthorizationStep>()
            .AddSingleton<IOperationStep, AdapterStep>()
            .AddSingleton<OperationExecutor>()
            .AddSingleton<ConnectionTester>();
}
