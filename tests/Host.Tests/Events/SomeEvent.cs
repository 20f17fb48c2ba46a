using System.Text;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Events;

/// <summary>Events and subscriptions that are right in all that a test does not speak of.</summary>
internal static class SomeEvent
{
    public static HubEvent Of(TimeProvider time, string type = "acme.order.paid", string data = """{"amount":42}""", string project = "shop", string environment = "prod")
    {
        var id = Ids.New(Ids.Event, time);
        return new HubEvent
        {
            Id = id,
            ConnectionId = "conn_1",
            Provider = type.Split('.')[0],
            Project = project,
            Environment = environment,
            Type = type,
            Subject = "order_7",
            ProviderEventId = "acme-" + id,
            Time = time.GetUtcNow(),
            ReceivedAt = time.GetUtcNow(),
            CorrelationId = "req_1",
            SealedData = new FakeSealer().Seal(Encoding.UTF8.GetBytes(data), id),
        };
    }

    public static (Subscription Subscription, string Secret) Subscribed(
        string url, string pattern = "acme.**", string project = "shop", string? environment = null, bool enabled = true) =>
        new SubscriptionSecrets(new FakeSealer()).Create(new Subscription
        {
            Id = Ids.New(Ids.Subscription, DateTimeOffset.UnixEpoch),
            Project = project,
            Environment = environment,
            Pattern = pattern,
            TargetKind = WebhookTarget.KindName,
            Url = url,
            SealedSecret = [],
            WrappedKey = [],
            MasterKeyId = "",
            Enabled = enabled,
            CreatedAt = DateTimeOffset.UnixEpoch,
            UpdatedAt = DateTimeOffset.UnixEpoch,
        });
}
