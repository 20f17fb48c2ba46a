using IntegrationHub.Host.Http;
using IntegrationHub.Host.Insights;
using IntegrationHub.Host.Plugins;

namespace IntegrationHub.Host.Connections;

/// <summary>Tells those who use a plugin that it was quarantined: once in each project and environment with a connection of its provider. A plugin that nobody uses concerns nobody.</summary>
internal sealed class QuarantineNotices(IConnectionStore connections, IHubEvents events, TimeProvider time) : IQuarantineListener
{
    public async Task QuarantinedAsync(string plugin, string reason, string? sha256, CancellationToken cancellationToken)
    {
        var users = new HashSet<(string Project, string Environment)>();
        string? cursor = null;
        do
        {
            var page = await connections.ListAsync(new ConnectionQuery { Provider = plugin }, new PageRequest(PageRequest.MaxLimit, cursor), cancellationToken);
            users.UnionWith(page.Items.Select(connection => (connection.Project, connection.Environment)));
            cursor = page.NextCursor;
        }
        while (cursor is not null);

        foreach (var (project, environment) in users)
            await events.PublishAsync(
                new HubNotice
                {
                    Type = "plugin.quarantined",
                    Project = project,
                    Environment = environment,
                    Subject = plugin,
                    CorrelationId = Ids.New("corr", time),
                    Data = new { plugin, reason, sha256, repair = $"See GET /api/plugins; replace its files, or try it again: POST /api/plugins/{plugin}/enable." },
                },
                cancellationToken);
    }
}
