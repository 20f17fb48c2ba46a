using System.Collections.Concurrent;
using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Insights;

namespace IntegrationHub.Host.Webhooks;

/// <summary>Tells that many webhooks of a connection are refused, with <c>hub.webhook.refused</c>: once in an hour and connection at the most, however many there are. Thread-safe.</summary>
internal sealed partial class RefusalNotices(IConnectionResolver connections, IHubEvents events, TimeProvider time, ILogger<RefusalNotices> logger)
{
    public const int Burst = 20;
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(5);
    public static readonly TimeSpan Silence = TimeSpan.FromHours(1);

    /// <summary>Only connections that exist are counted, so strangers cannot fill the memory; this is for those who make and delete many.</summary>
    private const int MaxKnown = 10_000;

    private readonly ConcurrentDictionary<string, Count> counts = new(StringComparer.Ordinal);

    /// <summary>Counts a refusal for what is wrong with the request itself. Throws nothing.</summary>
    public async Task CountAsync(string provider, string connectionId, string code)
    {
        try
        {
            if (await connections.FindAsync(connectionId, CancellationToken.None) is not { } connection || connection.Provider != provider)
                return;

            if (counts.Count > MaxKnown)
                counts.Clear();
            if (counts.GetOrAdd(connectionId, static _ => new Count()).Add(time.GetUtcNow()) is not { } seen)
                return;

            await events.PublishAsync(
                new HubNotice
                {
                    Type = "webhook.refused",
                    Project = connection.Project,
                    Environment = connection.Environment,
                    Subject = connection.Id,
                    CorrelationId = Ids.New("corr", time),
                    Data = new
                    {
                        connection = connection.Id,
                        connection.Provider,
                        count = seen.Refused,
                        seconds = (int)Math.Ceiling(seen.Within.TotalSeconds),
                        code,
                        repair = "If these are the provider's, compare the connection's webhook secret with the provider's. If not, nothing was let in.",
                    },
                },
                CancellationToken.None);
        }
        catch (Exception exception)
        {
            Log.NotTold(logger, exception);
        }
    }

    private sealed class Count
    {
        private readonly Lock gate = new();
        private DateTimeOffset since;
        private DateTimeOffset silentUntil;
        private int refused;

        /// <returns>How many, when it is time to tell.</returns>
        public (int Refused, TimeSpan Within)? Add(DateTimeOffset now)
        {
            lock (gate)
            {
                if (now - since > Window || now < since)
                    (since, refused) = (now, 0);
                if (++refused < Burst || now < silentUntil)
                    return null;

                silentUntil = now + Silence;
                return (refused, now - since);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3003, LogLevel.Warning, "That many webhooks are refused could not be told")]
        public static partial void NotTold(ILogger logger, Exception exception);
    }
}
