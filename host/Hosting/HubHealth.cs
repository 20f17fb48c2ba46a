using IntegrationHub.Host.Storage;

namespace IntegrationHub.Host.Hosting;

/// <summary>Whether the hub can do its work. Thread-safe.</summary>
internal sealed class HubHealth(IHubStorage storage)
{
    private volatile bool started;
    private volatile bool stopping;

    public void MarkStarted() => started = true;

    public void MarkStopping() => stopping = true;

    public async Task<bool> IsReadyAsync(CancellationToken cancellationToken) =>
        started && !stopping && await storage.IsHealthyAsync(cancellationToken);
}
