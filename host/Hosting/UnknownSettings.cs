using IntegrationHub.Host.Http;
using Microsoft.Extensions.Configuration.CommandLine;
using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Hosting;

/// <summary>
/// Refuses settings that nothing reads, as other wrong settings are refused: the configuration's own reader passes over them, and the hub would run with a default that the operator
/// believes changed. Values are never repeated: they may be secrets.
/// </summary>
internal sealed partial class UnknownSettings(IConfiguration configuration, IEnumerable<SettingsSection> sections, ILogger<UnknownSettings> logger)
{
    private readonly SettingsTree known = SettingsTree.Of(sections);

    /// <exception cref="OptionsValidationException">A setting of the hub has no meaning; the message names each, where it stands, and what was probably meant.</exception>
    public void Check()
    {
        var (faults, foreign) = (new List<string>(), new List<string>());
        foreach (var (key, source) in Given())
        {
            if (Fault(key) is not { } fault)
                continue;

            // A program that starts the hub has variables of its own: for a service called "hub", Kubernetes sets HUB_PORT and HUB_SERVICE_HOST. What has two underscores in a row means
            // a section of the hub's.
            if (source.Variable is { } variable && fault.IsUnknown && key.Count(static c => c == ':') == 1)
                foreign.Add(Suggestion.Near(key[(HubOptions.Section.Length + 1)..], known.Find(HubOptions.Section)!.Names) is [var near, ..] ? $"{variable} (did you mean {near}?)" : variable);
            else
                faults.Add($"{key}, from {source.Place}: {fault.Text}");
        }

        if (foreign.Count > 0)
            Log.Foreign(logger, string.Join("; ", foreign));
        if (faults.Count > 0)
            throw new OptionsValidationException(HubOptions.Section, typeof(HubOptions), faults);
    }

    private (string Text, bool IsUnknown)? Fault(string key)
    {
        var (at, path) = (known, "");
        foreach (var name in key.Split(ConfigurationPath.KeyDelimiter))
        {
            if (at.Kind == SettingKind.Value)
                return ($"{path} takes one value and has nothing below it.", false);
            if (at.Find(name) is not { } below)
                return ($"There is no such setting. {Meant(at, path, name)}", true);

            path = path.Length == 0 ? at.Spell(name) : ConfigurationPath.Combine(path, at.Spell(name));
            at = below;
        }

        return at.Kind switch
        {
            SettingKind.Value => null,
            SettingKind.List => ($"This is a list. Write its values one by one: {path}:0, {path}:1; in a variable's name, with two underscores before the number.", false),
            SettingKind.Map => ($"This takes a name below it: {path}:NAME.", false),
            _ => ($"This is a section and takes no value of its own. {Suggestion.For("", at.Names)}", false),
        };
    }

    private string Meant(SettingsTree at, string path, string name)
    {
        var meant = Suggestion.Near(name, at.Names).Select(near => ConfigurationPath.Combine(path, near)).ToList();
        if (meant.Count == 0)
            meant = known.Find(HubOptions.Section)?.Everywhere(name, HubOptions.Section).ToList() ?? [];

        return meant.Count > 0 ? $"Did you mean {string.Join(" or ", meant)}?" : $"{path}: {Suggestion.For(name, at.Names)}";
    }

    /// <summary>Every key of the hub's that has a value, and where the value that counts stands.</summary>
    private Dictionary<string, Source> Given()
    {
        var given = new Dictionary<string, Source>(StringComparer.OrdinalIgnoreCase);
        Collect(configuration, given);
        return given;
    }

    private static void Collect(IConfiguration configuration, Dictionary<string, Source> given)
    {
        if (configuration is not IConfigurationRoot root)
            return;

        // The last provider that has a key is the one that counts.
        foreach (var provider in root.Providers.Reverse())
        {
            if (provider is ChainedConfigurationProvider { Configuration: var inner })
                Collect(inner, given);
            else
                Collect(provider, HubOptions.Section, given);
        }
    }

    private static void Collect(IConfigurationProvider provider, string path, Dictionary<string, Source> given)
    {
        // An empty section or list in a file has an empty value of its own.
        if (provider.TryGet(path, out var value) && !string.IsNullOrEmpty(value))
            given.TryAdd(path, Source.Of(provider, path));

        foreach (var name in provider.GetChildKeys([], path).Distinct(StringComparer.OrdinalIgnoreCase))
            Collect(provider, ConfigurationPath.Combine(path, name), given);
    }

    private readonly record struct Source(string Place, string? Variable = null)
    {
        public static Source Of(IConfigurationProvider provider, string key) => provider switch
        {
            HubEnvironmentVariables own when own.NameOf(key) is { } name => new($"the environment variable {name}", name),
            EnvironmentVariablesConfigurationProvider => new($"the environment variable {key.Replace(":", "__", StringComparison.Ordinal)}"),
            CommandLineConfigurationProvider => new("the command line"),
            FileConfigurationProvider { Source: { Path: { } path } file } => new($"the file {file.FileProvider?.GetFileInfo(path).PhysicalPath ?? path}"),
            _ => new(provider.ToString() ?? provider.GetType().Name),
        };
    }

    private static partial class Log
    {
        [LoggerMessage(2012, LogLevel.Warning, "Environment variables that begin with HUB_ and are no settings of the hub are not read: {Variables}")]
        public static partial void Foreign(ILogger logger, string variables);
    }
}
