namespace IntegrationHub.Host.Plugins;

/// <summary>The host's loggers under the plugin's name. Disposing it does nothing: the host's logging is not the plugin's to end.</summary>
internal sealed class PluginLoggerFactory(ILoggerFactory inner, string pluginId) : ILoggerFactory
{
    private readonly string prefix = $"Plugin.{pluginId}.";

    public ILogger CreateLogger(string categoryName) => inner.CreateLogger(prefix + categoryName);

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("Plugins log through the host and add no providers of their own.");

    public void Dispose()
    {
    }
}
