using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Plugins;

/// <summary>
/// Sees to it that a plugin which ended the hub while it was started does not do so at each start. When only one was being started, or one ended the process itself, that
/// one is quarantined. When several were, they are suspects: each is started on its own, so that if it happens again it is known which one it was.
/// </summary>
internal sealed partial class StartRecovery(StartMarkers markers, IPluginStateStore states, QuarantineAudit audit, TimeProvider time, ILogger<StartRecovery> logger)
{
    /// <summary>Call it once, when the storage is open and before any plugin is loaded.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var left = markers.Left();
        var guilty = left.Where(marker => marker.Certain).ToList();
        if (guilty.Count == 0 && left.Count == 1)
            guilty.Add(left[0]);

        if (guilty.Count > 0)
            await QuarantineAsync(guilty, cancellationToken);
        else if (left.Count > 1)
            Log.Suspects(logger, left.Count, string.Join(", ", left.Select(marker => marker.Plugin)));

        // Only now: had the hub ended before this was kept, the next start would have to find them again.
        markers.Clear(guilty.Count > 0 ? [] : left.Select(marker => marker.Plugin));
    }

    private async Task QuarantineAsync(List<StartMarker> guilty, CancellationToken cancellationToken)
    {
        var standings = await states.ListAsync(cancellationToken);
        foreach (var marker in guilty)
        {
            var reason = new ValidationIssue(
                "/entry/type",
                $"The hub's process ended while the plugin '{marker.Plugin}' {marker.Doing}.",
                $"Look at the end of the former log and at what the process wrote to standard error. If the plugin had no part in it (the hub was killed), have it tried again: POST /api/plugins/{marker.Plugin}/enable.");
            var standing = standings.FirstOrDefault(known => known.Id == marker.Plugin) ?? new PluginStanding(marker.Plugin);
            await states.SaveAsync(standing with { Quarantine = new PluginQuarantine(reason, time.GetUtcNow(), marker.Sha256) }, cancellationToken);
            await audit.RecordAsync(marker.Plugin, reason, marker.Sha256, cancellationToken);
            Log.Guilty(logger, marker.Plugin, marker.Doing);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1250, LogLevel.Error, "The hub's last process ended while plugin {Plugin} {Doing}: it is quarantined")]
        public static partial void Guilty(ILogger logger, string plugin, string doing);

        [LoggerMessage(1251, LogLevel.Warning, "The hub's last process ended while {Count} plugins were being started: {Plugins}. Each of them is started on its own now")]
        public static partial void Suspects(ILogger logger, int count, string plugins);
    }
}
