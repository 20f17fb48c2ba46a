using System.Threading.Channels;
using IntegrationHub.Host.Insights;

namespace IntegrationHub.Host.Tests.Fakes;

/// <summary>Hears what the hub tells of itself.</summary>
internal sealed class RecordingHubEvents : IHubEvents
{
    private readonly Channel<HubNotice> told = Channel.CreateUnbounded<HubNotice>();

    public List<HubNotice> All { get; } = [];

    public Task PublishAsync(HubNotice notice, CancellationToken cancellationToken)
    {
        lock (All)
            All.Add(notice);

        told.Writer.TryWrite(notice);
        return Task.CompletedTask;
    }

    /// <summary>The next notice of the type; others are passed over.</summary>
    public async Task<HubNotice> NextAsync(string type)
    {
        while (true)
            if (await told.Reader.ReadAsync() is { } notice && notice.Type == type)
                return notice;
    }
}
