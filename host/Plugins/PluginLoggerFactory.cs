using System.Collections.Concurrent;

namespace IntegrationHub.Host.Plugins;

/// <summary>
/// The host's loggers under the plugin's name, with the plugin's budget. The host's logging keeps a logger for each category for ever, so a plugin has so many and no more.
/// Disposing it does nothing: the host's logging is not the plugin's to end. Thread-safe.
/// </summary>
internal sealed class PluginLoggerFactory(ILoggerFactory inner, string pluginId, LogBudget? budget, int maxLength) : ILoggerFactory
{
    public const int MaxCategories = 100;
    private const int MaxName = 200;
    private const string Others = "Others";

    private readonly string prefix = $"Plugin.{pluginId}.";
    private readonly ConcurrentDictionary<string, PluginLogger> made = new(StringComparer.Ordinal);

    public ILogger CreateLogger(string categoryName)
    {
        var name = categoryName is { Length: > 0 and <= MaxName } ? categoryName : Others;
        if (made.TryGetValue(name, out var known))
            return known;

        return made.GetOrAdd(made.Count < MaxCategories ? name : Others, wanted => new PluginLogger(inner.CreateLogger(prefix + wanted), budget, maxLength));
    }

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("Plugins log through the host and add no providers of their own.");

    public void Dispose()
    {
    }
}
