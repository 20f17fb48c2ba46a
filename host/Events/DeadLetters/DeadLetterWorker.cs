using IntegrationHub.Host.Insights;

namespace IntegrationHub.Host.Events.DeadLetters;

/// <summary>
/// Tells of dead letters with <c>hub.delivery.exhausted</c>. What is to be told stands in the database until it is, so a crash leaves nothing untold; the event's key makes a second telling
/// a repetition. A dead letter of one of the hub's own events is not told of: a subscription to <c>hub.**</c> that fails would otherwise never come to an end.
/// </summary>
internal sealed partial class DeadLetterWorker(IDeadLetterStore store, IHubEvents events, DeadLetterSignal signal, TimeProvider time, ILogger<DeadLetterWorker> logger) : BackgroundService
{
    private const int Batch = 100;
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var explained = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (!explained)
                    explained = await store.ExplainAsync(Batch, stoppingToken) < Batch;

                await TellAsync(stoppingToken);
                await signal.WaitAsync(Tick, time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
            }
            catch (Exception exception)
            {
                Log.Failed(logger, exception);
                await Task.Delay(Tick, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Tells of all there are; returns of how many.</summary>
    public async Task<int> TellAsync(CancellationToken cancellationToken)
    {
        var told = 0;
        while (await store.ListUntoldAsync(Batch, cancellationToken) is { Count: > 0 } notices)
        {
            foreach (var notice in notices.Where(notice => !IsOfHub(notice.Letter.Delivery.EventType)))
            {
                await events.PublishAsync(Notice(notice), cancellationToken);
                told++;
            }

            await store.MarkToldAsync([.. notices.Select(notice => notice.Letter.Delivery.Id)], cancellationToken);
        }

        return told;
    }

    private static bool IsOfHub(string type) => type.StartsWith(EventProviders.Hub + ".", StringComparison.Ordinal);

    private static HubNotice Notice(DeadLetterNotice notice)
    {
        var (delivery, cause) = (notice.Letter.Delivery, notice.Letter.Cause);
        return new HubNotice
        {
            Type = "delivery.exhausted",
            Project = delivery.Project,
            Environment = notice.Environment,
            Subject = delivery.Id,
            CorrelationId = notice.CorrelationId,
            Key = "exhausted:" + delivery.Id,
            Data = new
            {
                delivery = delivery.Id,
                @event = delivery.EventId,
                delivery.EventType,
                subscription = delivery.SubscriptionId,
                delivery.Attempts,
                cause.Step,
                cause.Status,
                delivery.Reason,
                cause.Fingerprint,
                repair = $"See GET /api/dead-letters/{delivery.Id}; when the cause is gone: POST /api/dead-letters/{delivery.Id}/replay.",
            },
        };
    }

    private static partial class Log
    {
        [LoggerMessage(3310, LogLevel.Error, "Dead letters could not be told of; trying again")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
