using System.Collections;

namespace IntegrationHub.Host.Hosting;

/// <summary>
/// Reads <c>HUB_…</c> environment variables into the section <c>Hub</c>: <c>HUB_ADMIN_KEY</c> is <c>Hub:AdminKey</c>, <c>HUB_DELIVERY__CONCURRENCY</c> is <c>Hub:Delivery:Concurrency</c>.
/// </summary>
internal sealed class HubEnvironmentVariables(IDictionary variables) : ConfigurationProvider, IConfigurationSource
{
    private const string Prefix = "HUB_";

    /// <summary>Variables of the commands (<c>hub plugin …</c>), which may share an environment with the hub.</summary>
    private static readonly HashSet<string> OfCommands = new(StringComparer.OrdinalIgnoreCase) { "HUB_URL", "HUB_API_KEY", "HUB_CLI_TRACE" };

    private readonly Dictionary<string, string> names = new(StringComparer.OrdinalIgnoreCase);

    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

    public override void Load()
    {
        foreach (DictionaryEntry variable in variables)
        {
            var name = (string)variable.Key;
            if (!name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) || OfCommands.Contains(name) || variable.Value is not string value)
                continue;

            // Configuration keys compare without case, so dropping single underscores turns ADMIN_KEY into AdminKey.
            var path = name[Prefix.Length..].Split("__").Select(segment => segment.Replace("_", "", StringComparison.Ordinal));
            var key = string.Join(':', path);
            key = key.Equals("urls", StringComparison.OrdinalIgnoreCase) ? "urls" : $"{HubOptions.Section}:{key}";
            Data[key] = value;
            names[key] = name;
        }
    }

    /// <summary>The variable that a setting was read from, as it was written.</summary>
    public string? NameOf(string key) => names.GetValueOrDefault(key);
}
