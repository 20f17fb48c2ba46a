using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Http;

/// <summary>Options that are read from their section and checked at start; a fault names its setting and stops the host before it serves.</summary>
internal static class CheckedOptions
{
    public static IServiceCollection AddCheckedOptions<TOptions>(this IServiceCollection services, string section, Func<TOptions, IEnumerable<string>> faults)
        where TOptions : class
    {
        services.AddOptions<TOptions>().BindConfiguration(section).ValidateOnStart();
        return services.AddSingleton<IValidateOptions<TOptions>>(new Check<TOptions>(faults));
    }

    private sealed class Check<TOptions>(Func<TOptions, IEnumerable<string>> faults) : IValidateOptions<TOptions>
        where TOptions : class
    {
        public ValidateOptionsResult Validate(string? name, TOptions options) =>
            faults(options).ToList() is { Count: > 0 } found ? ValidateOptionsResult.Fail(found) : ValidateOptionsResult.Success;
    }
}
