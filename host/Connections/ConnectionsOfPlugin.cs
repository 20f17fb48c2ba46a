using System.Globalization;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Plugins.Install;

namespace IntegrationHub.Host.Connections;

/// <summary>The connections that would miss a plugin.</summary>
internal sealed class ConnectionsOfPlugin(IConnectionStore connections) : IPluginUsage
{
    private const int MostNamed = 3;

    public async Task<IReadOnlyList<string>> UsesAsync(string plugin, CancellationToken cancellationToken)
    {
        var page = await connections.ListAsync(new ConnectionQuery { Provider = plugin }, new PageRequest(PageRequest.MaxLimit), cancellationToken);
        var named = page.Items.Take(MostNamed).Select(one => $"connection {one.Project}/{one.Environment}/{one.Alias}").ToList();
        if (page.Items.Count > MostNamed)
            named.Add(string.Create(CultureInfo.InvariantCulture, $"and {page.Items.Count - MostNamed}{(page.NextCursor is null ? "" : " or more")} others"));

        return named;
    }
}
