namespace IntegrationHub.Host.Plugins.Install;

/// <summary>Tells what would miss a plugin. Implemented by the features that use plugins.</summary>
internal interface IPluginUsage
{
    /// <summary>What uses the plugin, in words for the operator (<c>connection shop/prod/default</c>): a few, when it is much.</summary>
    Task<IReadOnlyList<string>> UsesAsync(string plugin, CancellationToken cancellationToken);
}
