using System.Text.Json;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Plugins;

/// <summary>Writes down, and tells, that the hub itself quarantined a plugin; who lifts that is written down by the API. Thread-safe.</summary>
internal sealed partial class QuarantineAudit(IAuditTrail audit, IEnumerable<IQuarantineListener> listeners, TimeProvider time, ILogger<QuarantineAudit> logger)
{
    public const string Action = "plugin.quarantined";

    /// <summary>Never throws but when cancelled: the quarantine stands, written down or not.</summary>
    public async Task RecordAsync(string plugin, ValidationIssue reason, string? sha256, CancellationToken cancellationToken)
    {
        try
        {
            var details = JsonSerializer.SerializeToElement(new { reason = reason.Message, sha256 }, HubJson.Options);
            await audit.RecordAsync(new AuditEntry { Time = time.GetUtcNow(), Actor = "system", Action = Action, Target = plugin, Details = details }, cancellationToken);
        }
        catch (Exception fault) when (fault is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            Log.NotAudited(logger, fault, plugin);
        }

        foreach (var listener in listeners)
        {
            try
            {
                await listener.QuarantinedAsync(plugin, reason.Message, sha256, cancellationToken);
            }
            catch (Exception fault) when (fault is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                Log.NotTold(logger, fault, plugin);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1211, LogLevel.Error, "The quarantine of plugin {Plugin} could not be written to the audit")]
        public static partial void NotAudited(ILogger logger, Exception fault, string plugin);

        [LoggerMessage(1212, LogLevel.Error, "The quarantine of plugin {Plugin} could not be told")]
        public static partial void NotTold(ILogger logger, Exception fault, string plugin);
    }
}
