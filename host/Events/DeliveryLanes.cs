namespace IntegrationHub.Host.Events;

/// <summary>
/// What this node has leased: one lane a subscription, with a limit to what runs in each. What is beyond a lane's limit waits in it. Thread-safe.
/// </summary>
internal sealed class DeliveryLanes(int perLane)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, Lane> lanes = [];
    private int running;
    private int waiting;

    public int Running
    {
        get
        {
            lock (gate)
                return running;
        }
    }

    public int Waiting
    {
        get
        {
            lock (gate)
                return waiting;
        }
    }

    /// <summary>The subscriptions that take no more for now.</summary>
    public IReadOnlyCollection<string> Full
    {
        get
        {
            lock (gate)
                return lanes.Count == 0 ? [] : [.. lanes.Where(lane => lane.Value.Running >= perLane).Select(lane => lane.Key)];
        }
    }

    /// <returns>Whether to run it now; else it waits and a later <see cref="Leave"/> returns it.</returns>
    public bool Enter(LeasedDelivery delivery)
    {
        lock (gate)
        {
            var id = delivery.Delivery.SubscriptionId;
            if (!lanes.TryGetValue(id, out var lane))
                lanes[id] = lane = new Lane();

            if (lane.Running < perLane)
            {
                lane.Running++;
                running++;
                return true;
            }

            lane.Waiting.Enqueue(delivery);
            waiting++;
            return false;
        }
    }

    /// <summary>Ends a running delivery; the next of its lane takes its place.</summary>
    public LeasedDelivery? Leave(string subscriptionId)
    {
        lock (gate)
        {
            var lane = lanes[subscriptionId];
            if (lane.Waiting.TryDequeue(out var next))
            {
                waiting--;
                return next;
            }

            running--;
            if (--lane.Running == 0)
                lanes.Remove(subscriptionId);
            return null;
        }
    }

    /// <summary>Takes out all that wait, for giving them back.</summary>
    public IReadOnlyList<LeasedDelivery> DrainWaiting()
    {
        lock (gate)
        {
            LeasedDelivery[] all = [.. lanes.Values.SelectMany(lane => lane.Waiting)];
            foreach (var lane in lanes.Values)
                lane.Waiting.Clear();
            waiting = 0;
            return all;
        }
    }

    private sealed class Lane
    {
        public int Running { get; set; }

        public Queue<LeasedDelivery> Waiting { get; } = new();
    }
}

/// <summary>A delivery with the time until which it is this node's.</summary>
internal sealed record LeasedDelivery(Delivery Delivery, DateTimeOffset LeasedUntil);
