using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Http;

/// <summary>Options that are read from their section and checked at start; a fault names its setting and stops the host before it serves.</summary>
internal static class CheckedOptions
{
    public static IServiceCollection AddCheckedOptions<TOptions>(this IServiceCollection services, string section, Func<TOptions, IEnumerable<string>> faults)
        where TOptions : class
    {
        services.AddSettings<TOptions>(section);
        return services.AddSingleton<IValidateOptions<TOptions>>(new Check<TOptions>(faults));
    }

    /// <summary>The only way that settings are bound: what no class so bound has a place for is a slip, and is named at start.</summary>
    public static OptionsBuilder<TOptions> AddSettings<TOptions>(this IServiceCollection services, string section)
        where TOptions : class
    {
        services.AddSingleton(new SettingsSection(section, typeof(TOptions)));
        return services.AddOptions<TOptions>().BindConfiguration(section).ValidateOnStart();
    }

    private sealed class Check<TOptions>(Func<TOptions, IEnumerable<string>> faults) : IValidateOptions<TOptions>
        where TOptions : class
    {
        public ValidateOptionsResult Validate(string? name, TOptions options) =>
            faults(options).ToList() is { Count: > 0 } found ? ValidateOptionsResult.Fail(found) : ValidateOptionsResult.Success;
    }
}

/// <summary>A class that settings are read into, and the section that they are read from. Several classes may share one.</summary>
internal sealed record SettingsSection(string Path, Type Options);
