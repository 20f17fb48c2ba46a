using IntegrationHub.Host.Events;

namespace IntegrationHub.Host.Tests.Storage;

public abstract class EndpointStateStoreCompliance : StoreCompliance
{
    private IEndpointStateStore States => Storage.EndpointStates;

    [Fact]
    public async Task SaveAsync_EveryField_IsReadBackAndReplaced()
    {
        var subscription = Some.Subscription();
        var other = Some.Subscription();
        await Storage.Subscriptions.AddAsync(subscription, None);
        await Storage.Subscriptions.AddAsync(other, None);
        var full = new EndpointState
        {
            SubscriptionId = subscription.Id, FailingSince = Some.Time(), LastFailureAt = Some.Time(), LastSuccessAt = Some.Time(), Failures = 12, Breaks = 3,
            OpenUntil = Some.Time(), Paused = true, Warned = 70, LastError = "The endpoint answered 500.",
        };

        await States.SaveAsync([new EndpointState { SubscriptionId = subscription.Id, Failures = 1 }, new EndpointState { SubscriptionId = other.Id }], None);
        await States.SaveAsync([full], None);

        Assert.Equal([full, new EndpointState { SubscriptionId = other.Id }], (await States.LoadAsync(None)).OrderByDescending(static state => state.Failures));
    }

    [Fact]
    public async Task SaveAsync_SubscriptionGone_LeavesNothing()
    {
        var subscription = Some.Subscription();
        await Storage.Subscriptions.AddAsync(subscription, None);
        var state = new EndpointState { SubscriptionId = subscription.Id, Failures = 1 };
        await States.SaveAsync([state], None);
        await Storage.Subscriptions.DeleteAsync(subscription.Id, None);
        Assert.Empty(await States.LoadAsync(None));

        await States.SaveAsync([state], None);
        Assert.Empty(await States.LoadAsync(None));
    }
}
