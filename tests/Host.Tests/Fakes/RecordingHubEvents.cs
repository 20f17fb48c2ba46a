using System.Text.Json;
using System.Threading.Channels;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Insights;

namespace IntegrationHub.Host.Tests.Fakes;

/// <summary>Hears what the hub tells of itself.</summary>
internal sealed class RecordingHubEvents : IHubEvents
{
    private readonly Channel<HubNotice> told = Channel.CreateUnbounded<HubNotice>();

    public List<HubNotice> All { get; } = [];

    public Task PublishAsync(HubNotice notice, CancellationToken cancellationToken)
    {
        // Whatever any test sees published is in the catalogue, with the members it says.
        var type = HubEventTypes.Find(HubEventTypes.Prefix + notice.Type);
        Assert.True(type is not null, $"hub.{notice.Type} is not in {nameof(HubEventTypes)}.");
        var members = JsonSerializer.SerializeToElement(notice.Data, HubJson.Options).EnumerateObject().Select(member => member.Name);
        Assert.Equal(type.Data.Select(member => member.Name).Order(StringComparer.Ordinal), members.Order(StringComparer.Ordinal));
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
