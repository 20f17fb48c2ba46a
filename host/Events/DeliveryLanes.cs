using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Events;

/// <summary>
/// What this node knows of the queue: one lane a subscription, with when its next delivery is due, what of it is leased, and what runs. A lane leases as much as its endpoint
/// takes, and a little ahead while the endpoint is quick; no lane is in the way of another, however long its backlog is. Thread-safe.
/// </summary>
internal sealed class DeliveryLanes(SubscriptionRegistry registry, EndpointRegistry endpoints, IOptions<DeliveryOptions> options, TimeProvider time)
{
    /// <summary>The most deliveries of one lease: it is a write, and others wait for the writer.</summary>
    private const int MaxLease = 512;

    /// <summary>How much the node holds, in terms of what it may have in flight.</summary>
    private const int MostInHand = 4;

    /// <summary>By how long an endpoint takes to answer: how many places' worth of deliveries its lane leases ahead, so that it has enough until the next lease is on disk.</summary>
    private static readonly (TimeSpan Within, int Ahead)[] Quickness = [(TimeSpan.FromMilliseconds(50), 16), (TimeSpan.FromMilliseconds(500), 4)];

    private readonly DeliveryOptions options = options.Value;
    private readonly Lock gate = new();
    private readonly Dictionary<string, Lane> lanes = new(StringComparer.Ordinal);
    private readonly Queue<Lane> ready = new();
    private readonly List<Delivery> unwanted = [];
    private int running;
    private int waiting;
    private bool starved;
    private TaskCompletionSource? idle;

    public int Running
    {
        get
        {
            lock (gate)
                return running;
        }
    }

    /// <summary>A delivery of the subscription is due then.</summary>
    public void Due(string subscriptionId, DateTimeOffset at)
    {
        lock (gate)
        {
            var lane = Of(subscriptionId);
            if (at < lane.Due)
                lane.Due = at;
        }
    }

    /// <summary>What to lease now. Each lane named is taken care of by <see cref="Put"/> or <see cref="NotLeased"/>.</summary>
    public IReadOnlyList<LeaseShare> Plan(DateTimeOffset now)
    {
        lock (gate)
        {
            List<(Lane Lane, int Want)>? wanted = null;
            List<string>? empty = null;
            var room = (options.Concurrency * MostInHand) - running - waiting;
            starved = false;
            foreach (var lane in lanes.Values)
            {
                if (lane.Due <= now && Want(lane) is > 0 and var want)
                    (wanted ??= []).Add((lane, want));
                else if (lane is { Running: 0, Waiting.Count: 0, Claimed: 0 } && lane.Due == DateTimeOffset.MaxValue)
                    (empty ??= []).Add(lane.SubscriptionId);
            }

            foreach (var id in empty ?? [])
                lanes.Remove(id);

            // Whoever gets nothing because the node is full is looked at again when it is less so.
            starved = wanted is not null && room < wanted.Count;
            return wanted is null || room < 1 ? [] : Share(wanted, Math.Min(room, MaxLease));
        }
    }

    /// <summary>Takes in what was leased.</summary>
    public void Put(LeasedShare leased, int asked, DateTimeOffset until)
    {
        lock (gate)
        {
            var lane = Of(leased.SubscriptionId);
            lane.Claimed -= asked;
            foreach (var delivery in leased.Deliveries)
                lane.Waiting.Enqueue(new LeasedDelivery(delivery, until));
            waiting += leased.Deliveries.Count;

            if (leased.NextDue is { } next && next < lane.Due)
                lane.Due = next;
            Ready(lane);
        }
    }

    /// <summary>What was planned could not be leased.</summary>
    public void NotLeased(IReadOnlyList<LeaseShare> shares)
    {
        lock (gate)
        {
            foreach (var share in shares)
            {
                var lane = Of(share.SubscriptionId);
                lane.Claimed -= share.Max;
                lane.Due = DateTimeOffset.MinValue;
            }
        }
    }

    /// <summary>A delivery to be sent now: it has a place until <see cref="Leave"/>. <see langword="null"/> when none may start.</summary>
    public LeasedDelivery? Next()
    {
        lock (gate)
        {
            while (running < options.Concurrency && ready.TryDequeue(out var lane))
            {
                lane.Queued = false;
                if (lane.Waiting.Count == 0)
                    continue;

                var (subscription, admitted) = Admitted(lane);
                if (admitted == 0)
                {
                    Return(lane);
                    continue;
                }

                if (lane.Running >= admitted)
                    continue;

                endpoints.Find(lane.SubscriptionId)?.Begin(subscription?.Settings.Rate);
                waiting--;
                running++;
                lane.Running++;
                var next = lane.Waiting.Dequeue();
                Ready(lane);
                return next;
            }

            return null;
        }
    }

    /// <summary>Gives a place back.</summary>
    /// <returns>Whether the lane could do with another look at the queue.</returns>
    public bool Leave(string subscriptionId, TimeSpan took)
    {
        lock (gate)
        {
            var lane = lanes[subscriptionId];
            running--;
            lane.Running--;
            lane.Ahead = Quickness.FirstOrDefault(quickness => took < quickness.Within).Ahead;
            Ready(lane);
            if (running == 0)
                idle?.TrySetResult();
            return starved || (lane.Waiting.Count * 2 <= options.ConcurrencyPerEndpoint * lane.Ahead && lane.Due <= time.GetUtcNow());
        }
    }

    /// <summary>What was leased for endpoints that take nothing any more, to be given back; of all lanes at the end.</summary>
    public IReadOnlyList<Delivery> TakeUnwanted(bool all)
    {
        lock (gate)
        {
            if (all)
            {
                foreach (var lane in lanes.Values)
                    Return(lane);
            }

            if (unwanted.Count == 0)
                return [];

            Delivery[] taken = [.. unwanted];
            unwanted.Clear();
            return taken;
        }
    }

    /// <summary>How long nothing has to be looked at, as far as is known; <see langword="null"/> when nothing waits.</summary>
    public TimeSpan? Pause(DateTimeOffset now)
    {
        lock (gate)
        {
            TimeSpan? shortest = null;
            foreach (var lane in lanes.Values)
            {
                // A lane that is full is looked at when a place becomes free.
                if (lane.Due == DateTimeOffset.MaxValue || lane.Claimed > 0)
                    continue;

                var pause = lane.Due > now ? lane.Due - now : TimeSpan.Zero;
                var endpoint = endpoints.Find(lane.SubscriptionId);
                if (endpoint?.Remaining is { Ticks: > 0 } open && open > pause)
                    pause = open;
                if (endpoint is not null && endpoint.Allowed(registry.Find(lane.SubscriptionId)?.Settings.Rate, out var wait) == 0 && wait > pause)
                    pause = wait;
                if (pause > TimeSpan.Zero && !(pause > shortest))
                    shortest = pause;
            }

            return shortest;
        }
    }

    /// <summary>Completes when nothing runs.</summary>
    public Task WhenIdleAsync()
    {
        lock (gate)
        {
            if (running == 0)
                return Task.CompletedTask;

            idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return idle.Task;
        }
    }

    private Lane Of(string subscriptionId)
    {
        if (!lanes.TryGetValue(subscriptionId, out var lane))
            lanes[subscriptionId] = lane = new Lane(subscriptionId);
        return lane;
    }

    private void Ready(Lane lane)
    {
        if (lane.Queued || lane.Waiting.Count == 0)
            return;

        lane.Queued = true;
        ready.Enqueue(lane);
    }

    /// <summary>Gives up what waits in a lane.</summary>
    private void Return(Lane lane)
    {
        if (lane.Waiting.Count == 0)
            return;

        unwanted.AddRange(lane.Waiting.Select(static leased => leased.Delivery));
        waiting -= lane.Waiting.Count;
        lane.Waiting.Clear();
    }

    /// <summary>How many attempts may be in flight to a lane's endpoint. What is deleted or disabled is not sent to, so that nothing limits it.</summary>
    private (Subscription? Subscription, int Admitted) Admitted(Lane lane)
    {
        var subscription = registry.Find(lane.SubscriptionId);
        var limit = subscription?.Settings.Concurrency ?? options.ConcurrencyPerEndpoint;
        return (subscription, subscription is null ? limit : endpoints.Of(lane.SubscriptionId).Admitted(subscription, limit));
    }

    private int Want(Lane lane)
    {
        var (subscription, admitted) = Admitted(lane);
        if (admitted == 0)
            return 0;

        var rate = subscription?.Settings.Rate;
        var places = rate is null && admitted > 1 ? admitted * (1 + lane.Ahead) : admitted;
        var inHand = lane.Running + lane.Waiting.Count + lane.Claimed;
        var want = Math.Min(places - inHand, rate is null ? int.MaxValue : endpoints.Of(lane.SubscriptionId).Allowed(rate, out _) - lane.Waiting.Count - lane.Claimed);

        // A lease is a write. While enough is at hand it is not worth one.
        return lane.Waiting.Count + lane.Claimed > lane.Running && want < places / 2 ? 0 : want;
    }

    private static List<LeaseShare> Share(List<(Lane Lane, int Want)> wanted, int room)
    {
        wanted.Sort(static (left, right) => left.Lane.Due.CompareTo(right.Lane.Due));
        var shares = new List<LeaseShare>(Math.Min(wanted.Count, room));

        // How much waits for each is not known: where many want something, each gets a part.
        var part = Math.Max(1, room / wanted.Count);
        foreach (var (lane, want) in wanted)
        {
            if (room <= 0)
                break;

            var max = Math.Min(want, part);
            room -= max;
            lane.Claimed += max;

            // What comes in from now on makes it due again.
            lane.Due = DateTimeOffset.MaxValue;
            shares.Add(new LeaseShare(lane.SubscriptionId, max));
        }

        return shares;
    }

    private sealed class Lane(string subscriptionId)
    {
        public string SubscriptionId { get; } = subscriptionId;

        /// <summary>When the first of what is not leased is due, as far as is known.</summary>
        public DateTimeOffset Due { get; set; } = DateTimeOffset.MaxValue;

        public Queue<LeasedDelivery> Waiting { get; } = new();

        public int Running { get; set; }

        /// <summary>How many are being leased.</summary>
        public int Claimed { get; set; }

        /// <summary>How many places' worth it leases ahead.</summary>
        public int Ahead { get; set; }

        public bool Queued { get; set; }
    }
}

/// <summary>A delivery with the time until which it is this node's.</summary>
internal sealed record LeasedDelivery(Delivery Delivery, DateTimeOffset LeasedUntil);
