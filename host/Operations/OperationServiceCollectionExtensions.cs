using IntegrationHub.Host.Http;
using IntegrationHub.Host.Operations.Effects;
using IntegrationHub.Host.Operations.Idempotency;
using IntegrationHub.Host.Operations.Jobs;
using IntegrationHub.Host.Operations.Resilience;

namespace IntegrationHub.Host.Operations;

internal static class OperationServiceCollectionExtensions
{
    /// <summary>Needs the stores of effects, idempotent requests and jobs, the secrets and the hub's events. <see cref="ExecutionRecovery.RunAsync"/> must run before requests are served.</summary>
    public static IServiceCollection AddOperations(this IServiceCollection services)
    {
        services.AddCheckedOptions<ExecutionOptions>(ExecutionOptions.Section, ExecutionOptions.Faults);
        services.AddCheckedOptions<JobOptions>(JobOptions.Section, JobOptions.Faults);

        // The steps run in the order in which they stand here.
        services
            .AddResilience()
            .AddSingleton<IOperationStep, ParameterValidationStep>()
            .AddSingleton<IOperationStep, GrantedScopesStep>()
            .AddSingleton<IOperationStep, EffectVerdictStep>()
            .AddSingleton<IOperationStep, ResilienceStep>()
            .AddSingleton<IOperationStep, AuthorizationStep>()
            .AddSingleton<IOperationStep, EffectRecordStep>()
            .AddSingleton<IOperationStep, AdapterStep>()
            .AddSingleton<OperationExecutor>()
            .AddSingleton<ConnectionTester>();

        services
            .AddSingleton<EffectService>()
            .AddSingleton<IdempotentRequests>()
            .AddSingleton<IEffectSettlementHandler>(provider => provider.GetRequiredService<IdempotentRequests>())
            .AddSingleton<JobSignal>()
            .AddSingleton<JobService>()
            .AddSingleton<IEffectSettlementHandler>(provider => provider.GetRequiredService<JobService>())
            .AddSingleton<JobRunner>()
            .AddSingleton<ExecutionRecovery>();

        return services.AddSingleton<JobWorker>().AddHostedService(provider => provider.GetRequiredService<JobWorker>()).AddHostedService<ExecutionRetentionWorker>();
    }
}
