using System.Text.Json;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;
using IntegrationHub.Schemas;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Plugins;

/// <summary>
/// Compares what is about to be loaded with what the operator pinned in <c>plugins.json</c>; a refusal goes into the audit. Give it the digest of the copy that is loaded,
/// at every load: between a check of the original and the copying somebody could write. Thread-safe.
/// </summary>
internal sealed partial class PluginPins(IAuditTrail audit, TimeProvider time, IOptions<PluginOptions> options, ILogger<PluginPins> logger)
{
    public const string RefusedAction = "plugin.refused";

    /// <returns>Why the plugin must not be loaded; <see langword="null"/> when it may.</returns>
    public async Task<ValidationIssue?> CheckAsync(string id, PluginSource source, string digest, CancellationToken cancellationToken)
    {
        if (Compare(source, digest, options.Value.RequirePins) is not { } refusal)
            return null;

        try
        {
            var details = JsonSerializer.SerializeToElement(new { path = source.Folder, expected = source.Sha256, found = digest }, HubJson.Options);
            await audit.RecordAsync(new AuditEntry { Time = time.GetUtcNow(), Actor = "system", Action = RefusedAction, Target = id, Details = details }, cancellationToken);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            // It stays refused. That nobody could write it down must not hide why.
            Log.NotAudited(logger, fault, id);
        }

        return refusal;
    }

    /// <summary>The comparison alone, without the audit.</summary>
    public static ValidationIssue? Compare(PluginSource source, string digest, bool requirePins)
    {
        if (source.Sha256 is { } expected)
        {
            return string.Equals(expected, digest, StringComparison.OrdinalIgnoreCase)
                ? null
                : new(
                    "",
                    $"The files of '{source.Folder}' are not those that plugins.json pins: expected SHA-256 {expected}, found {digest}.",
                    "If you updated the plugin, look at what changed and pin the new digest. If you did not, somebody else changed it: restore the published files.");
        }

        return requirePins
            ? new(
                "",
                $"plugins.json does not pin '{source.Folder}', and Hub:Plugins:RequirePins is on.",
                $"If you trust these files, list the plugin as {{ \"path\": \"…\", \"sha256\": \"{digest}\" }}.")
            : null;
    }

    private static partial class Log
    {
        [LoggerMessage(1030, LogLevel.Error, "The refusal of plugin {Plugin} could not be written to the audit")]
        public static partial void NotAudited(ILogger logger, Exception fault, string plugin);
    }
}
