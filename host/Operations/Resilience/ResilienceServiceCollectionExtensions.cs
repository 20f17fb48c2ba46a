using IntegrationHub.Host.Connections.Health;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Operations.Resilience;

internal static class ResilienceServiceCollectionExtensions
{
    /// <summary>What <see cref="ResilienceStep"/> needs; the step itself stands among the others.</summary>
    public static IServiceCollection AddResilience(this IServiceCollection services)
    {
        services.AddOptions<ResilienceOptions>().BindConfiguration(ResilienceOptions.Section).ValidateOnStart();
        services.AddOptions<OperatorOverrides>().BindConfiguration(HubOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<ResilienceOptions>>(new Check<ResilienceOptions>(ResilienceOptions.Faults));
        services.AddSingleton<IValidateOptions<OperatorOverrides>>(new Check<OperatorOverrides>(OperatorOverrides.Faults));
        services.TryAddSingleton<IConnectionHealthSignal, SilentHealthSignal>();
        return services
            .AddSingleton<ResiliencePolicies>()
            .AddSingleton<ConnectionGates>()
            .AddSingleton<IConnectionHealthSource>(provider => provider.GetRequiredService<ConnectionGates>());
    }

    private sealed class Check<TOptions>(Func<TOptions, IEnumerable<string>> faults) : IValidateOptions<TOptions>
        where TOptions : class
    {
        public ValidateOptionsResult Validate(string? name, TOptions options) =>
            faults(options).ToList() is { Count: > 0 } found ? ValidateOptionsResult.Fail(found) : ValidateOptionsResult.Success;
    }
}
