using System.Text.Json;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Insights;
using IntegrationHub.Host.Secrets;

namespace IntegrationHub.Host.Events;

/// <summary>Makes events of what the hub tells of itself.</summary>
internal sealed partial class HubEventSource(IEventPublisher publisher, IPayloadSealer payloads, TimeProvider time, ILogger<HubEventSource> logger) : IHubEvents
{
    private static readonly TimeSpan DedupeWindow = TimeSpan.FromHours(1);

    public async Task PublishAsync(HubNotice notice, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var id = Ids.New(Ids.Event, now);
        var hubEvent = new HubEvent
        {
            Id = id,
            Provider = EventProviders.Hub,
            Project = notice.Project,
            Environment = notice.Environment,
            Type = $"{EventProviders.Hub}.{notice.Type}",
            Subject = notice.Subject,
            ProviderEventId = notice.Key ?? id,
            Time = now,
            ReceivedAt = now,
            CorrelationId = notice.CorrelationId,
            SealedData = payloads.Seal(JsonSerializer.SerializeToUtf8Bytes(notice.Data, HubJson.Options), id),
        };
        try
        {
            await publisher.PublishAsync(null, [hubEvent], DedupeWindow, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException && notice.Key is null)
        {
            Log.NotPublished(logger, exception, hubEvent.Type, notice.Subject);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3401, LogLevel.Error, "The event {Type} about {Subject} could not be published")]
        public static partial void NotPublished(ILogger logger, Exception exception, string type, string? subject);
    }
}
