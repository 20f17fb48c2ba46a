using IntegrationHub.Host.Egress;

namespace IntegrationHub.Host.Targets.RabbitMq;

/// <summary>The links of all subscriptions: found, replaced when the address or the credentials change, closed when idle. Thread-safe.</summary>
internal sealed class RabbitMqLinks(AddressPolicy policy, TimeProvider time) : BackgroundService
{
    public static readonly TimeSpan IdleTime = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(30);

    private readonly Lock gate = new();
    private readonly Dictionary<string, RabbitMqLink> links = new(StringComparer.Ordinal);

    public int Count
    {
        get
        {
            lock (gate)
                return links.Count;
        }
    }

    public RabbitMqLink Get(RabbitMqAddress address)
    {
        RabbitMqLink? former;
        RabbitMqLink link;
        lock (gate)
        {
            if (links.TryGetValue(address.SubscriptionId, out former) && former.Address == address)
                return former;

            links[address.SubscriptionId] = link = new RabbitMqLink(address, policy, time);
        }

        if (former is not null)
            _ = former.DisposeAsync().AsTask();
        return link;
    }

    /// <summary>Closes those that nobody has used for a while.</summary>
    public async Task CloseIdleAsync()
    {
        List<RabbitMqLink> idle;
        lock (gate)
        {
            idle = [.. links.Values.Where(link => link.Idle >= IdleTime)];
            foreach (var link in idle)
                links.Remove(link.Address.SubscriptionId);
        }

        foreach (var link in idle)
            await link.DisposeAsync();
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        List<RabbitMqLink> all;
        lock (gate)
        {
            all = [.. links.Values];
            links.Clear();
        }

        await Task.WhenAll(all.Select(link => link.DisposeAsync().AsTask()));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Look, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await CloseIdleAsync();
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }
}
