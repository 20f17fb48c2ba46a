using IntegrationHub.Host.Events;
using IntegrationHub.Host.Events.DeadLetters;
using IntegrationHub.Host.Events.Replays;
using IntegrationHub.Host.Events.Retention;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Tests.Fakes;

internal sealed partial class InMemoryEventStore : IDeadLetterStore, IReplayStore, IRetentionStore
{
    private readonly List<(DeadLetter Letter, bool Told)> letters = [];
    private readonly Dictionary<string, Replay> replays = [];

    public Task<IReadOnlyList<HubEvent>> ListOfRequestAsync(RawRequest raw, CancellationToken cancellationToken) => Locked(() =>
    {
        var first = events.Values.Where(one => one.RequestId == raw.Id && one.ReprocessOf is null).ToList();
        return (IReadOnlyList<HubEvent>)[.. first, .. events.Values.Where(one => one.ReprocessOf is { } former && first.Any(other => other.Id == former))];
    });

    Task<DeadLetter?> IDeadLetterStore.GetAsync(string deliveryId, CancellationToken cancellationToken) => Locked(() => Letters().FirstOrDefault(letter => letter.Delivery.Id == deliveryId));

    public Task<Page<DeadLetter>> ListAsync(DeadLetterQuery query, PageRequest page, CancellationToken cancellationToken) =>
        Locked(() => Cut(Letters().Where(letter => Fits(letter, query)), letter => letter.Number.ToString("D12"), page));

    public Task<IReadOnlyList<DeadLetterGroup>> GroupsAsync(DeadLetterQuery query, int limit, CancellationToken cancellationToken) => Locked(() => (IReadOnlyList<DeadLetterGroup>)
    [
        .. Letters().Where(letter => Fits(letter, query)).GroupBy(letter => letter.Cause.Fingerprint).Select(group => new DeadLetterGroup
        {
            Fingerprint = group.Key,
            SubscriptionId = group.First().Delivery.SubscriptionId,
            Project = group.First().Delivery.Project,
            Step = group.First().Cause.Step,
            Status = group.First().Cause.Status,
            Pattern = group.First().Cause.Pattern,
            Count = group.Count(),
            Open = group.Count(letter => letter.ReplayedBy is null),
            FirstSeen = group.Min(letter => letter.DiedAt),
            LastSeen = group.Max(letter => letter.DiedAt),
            Latest = group.Last().Delivery.Id,
        }).OrderByDescending(group => group.Count).Take(limit),
    ]);

    public Task<DeadLetterReplay> ReplayAsync(DeadLetterQuery query, int limit, DateTimeOffset now, CancellationToken cancellationToken) => Locked(() =>
    {
        var found = Letters().Where(letter => Fits(letter, query)).ToList();
        var open = found.Where(letter => letter.ReplayedBy is null).ToList();
        string[] made = [.. open.Take(limit).Select(letter => Again(letter, now).Id)];
        return new DeadLetterReplay(made, found.Count - open.Count, open.Count > limit);
    });

    public Task<(Delivery Delivery, bool IsNew)?> ReplayOneAsync(string deliveryId, DateTimeOffset now, CancellationToken cancellationToken) => Locked<(Delivery, bool)?>(() =>
        Letters().FirstOrDefault(one => one.Delivery.Id == deliveryId) is not { } letter ? null
        : letter.ReplayedBy is { } by && deliveries[by] is { Status: DeliveryStatus.Pending } underWay ? (underWay, false)
        : (Again(letter, now), true));

    public Task<IReadOnlyList<DeadLetterNotice>> ListUntoldAsync(int limit, CancellationToken cancellationToken) => Locked(() => (IReadOnlyList<DeadLetterNotice>)
        [.. letters.Where(one => !one.Told).Take(limit).Select(one => new DeadLetterNotice(Fresh(one.Letter), events[one.Letter.Delivery.EventId].Environment, "corr"))]);

    public Task MarkToldAsync(IReadOnlyList<string> deliveryIds, CancellationToken cancellationToken) => Locked(() =>
    {
        for (var i = 0; i < letters.Count; i++)
            if (deliveryIds.Contains(letters[i].Letter.Delivery.Id))
                letters[i] = (letters[i].Letter, true);
        return true;
    });

    public Task<int> ExplainAsync(int batch, CancellationToken cancellationToken) => Task.FromResult(0);

    public Task<Replay> AddAsync(Replay replay, CancellationToken cancellationToken) => Locked(() => replays[replay.Id] = replay with
    {
        Total = Letters().Count(letter => Fits(letter, replay.Filter with { Project = replay.Project, Replayed = false })),
        Last = letters.Count,
    });

    Task<Replay?> IReplayStore.GetAsync(string id, CancellationToken cancellationToken) => Locked(() => replays.GetValueOrDefault(id));

    public Task<Page<Replay>> ListAsync(ReplayState? state, IReadOnlySet<string>? visibleProjects, PageRequest page, CancellationToken cancellationToken) => Locked(() =>
        Cut(replays.Values.Where(replay => (state ?? replay.State) == replay.State && (visibleProjects?.Contains(replay.Project) ?? true)), replay => replay.Id, page));

    public Task<IReadOnlyList<Replay>> ListRunningAsync(CancellationToken cancellationToken) =>
        Locked(() => (IReadOnlyList<Replay>)[.. replays.Values.Where(replay => replay.State == ReplayState.Running).OrderBy(replay => replay.NextStepAt)]);

    public Task<Replay?> StepAsync(Replay replay, int batch, DateTimeOffset now, CancellationToken cancellationToken) => Locked(() =>
    {
        if (replays[replay.Id] is not { State: ReplayState.Running } current || current.Position != replay.Position)
            return null;

        var found = Letters().Where(letter => Fits(letter, replay.Filter with { Project = replay.Project, Replayed = false }) && letter.Number > replay.Position && letter.Number <= replay.Last)
            .Take(batch).ToList();
        found.ForEach(letter => Again(letter, now));
        var isThrough = found.Count < batch;
        return replays[replay.Id] = current with
        {
            Made = current.Made + found.Count,
            Position = isThrough ? current.Last : found[^1].Number,
            NextStepAt = now + TimeSpan.FromSeconds(found.Count / current.Rate),
            State = isThrough ? ReplayState.Completed : ReplayState.Running,
            CompletedAt = isThrough ? now : null,
        };
    });

    public Task<bool> CancelAsync(string id, DateTimeOffset now, CancellationToken cancellationToken) => Locked(() =>
    {
        if (replays[id].State != ReplayState.Running)
            return false;
        replays[id] = replays[id] with { State = ReplayState.Cancelled, CompletedAt = now };
        return true;
    });

    public Task<int> PurgeAsync(DateTimeOffset endedBefore, int batch, CancellationToken cancellationToken) => Task.FromResult(0);

    public Task<RetentionSlice> PurgeAsync(RetentionWalk walk, long after, int batch, TimeSpan budget, CancellationToken cancellationToken) =>
        Task.FromResult(new RetentionSlice(0, after, false, TimeSpan.Zero));

    private void Bury(Delivery dead, DeliveryAttempt? attempt, bool told) => letters.Add((
        new DeadLetter
        {
            Delivery = dead,
            Cause = attempt is null ? DeadLetterCause.Of(dead.SubscriptionId, DeliverySteps.Route, null, dead.Reason) : DeadLetterCause.Of(dead.SubscriptionId, attempt, dead.Reason),
            DiedAt = dead.CompletedAt ?? dead.CreatedAt,
            Number = letters.Count + 1,
        },
        told));

    private Delivery Again(DeadLetter letter, DateTimeOffset now)
    {
        var again = letter.Delivery with
        {
            Id = Ids.New(Ids.Delivery, now), Status = DeliveryStatus.Pending, Attempts = 0, NextAttemptAt = now, CreatedAt = now, CompletedAt = null, Reason = null, ReplayOf = letter.Delivery.Id,
        };
        deliveries.Add(again.Id, again);
        letters[(int)letter.Number - 1] = (letter with { ReplayedBy = again.Id }, letters[(int)letter.Number - 1].Told);
        return again;
    }

    private List<DeadLetter> Letters() => letters.ConvertAll(one => Fresh(one.Letter));

    private DeadLetter Fresh(DeadLetter letter) => letter with { Delivery = deliveries[letter.Delivery.Id] };

    private static bool Fits(DeadLetter letter, DeadLetterQuery query) =>
        (query.Project ?? letter.Delivery.Project) == letter.Delivery.Project
        && (query.SubscriptionId ?? letter.Delivery.SubscriptionId) == letter.Delivery.SubscriptionId
        && (query.Fingerprint ?? letter.Cause.Fingerprint) == letter.Cause.Fingerprint
        && (query.Step ?? letter.Cause.Step) == letter.Cause.Step
        && (query.EventType is null || EventPattern.Parse(query.EventType).Matches(letter.Delivery.EventType))
        && (query.Replayed is null || query.Replayed == letter.ReplayedBy is not null)
        && !(letter.Delivery.CreatedAt < query.From) && !(letter.Delivery.CreatedAt >= query.To)
        && (query.VisibleProjects?.Contains(letter.Delivery.Project) ?? true);
}
