using System.Collections.Concurrent;
using IntegrationHub.Host.Insights;

namespace IntegrationHub.Host.Tests.Fakes;

internal sealed class RecordingHubEvents : IHubEvents
{
    private readonly ConcurrentQueue<HubNotice> notices = new();

    public IReadOnlyList<HubNotice> Notices => [.. notices];

    public Task PublishAsync(HubNotice notice, CancellationToken cancellationToken)
    {
        notices.Enqueue(notice);
        return Task.CompletedTask;
    }
}
