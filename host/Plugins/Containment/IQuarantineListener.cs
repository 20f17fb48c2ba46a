namespace IntegrationHub.Host.Plugins;

/// <summary>Hears of plugins that the hub itself quarantined. Thread-safe.</summary>
internal interface IQuarantineListener
{
    Task QuarantinedAsync(string plugin, string reason, string? sha256, CancellationToken cancellationToken);
}
