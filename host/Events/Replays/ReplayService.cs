using IntegrationHub.Host.Access;
using IntegrationHub.Host.Events.DeadLetters;
using IntegrationHub.Host.Http;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Events.Replays;

/// <summary>Takes orders for replays, and calls them off. Thread-safe.</summary>
internal sealed class ReplayService(IReplayStore store, ISubscriptionStore subscriptions, ReplaySignal signal, IAuditTrail audit, TimeProvider time)
{
    private const double DefaultRate = 50;
    private const double MaxRate = 1000;
    private const double MinRate = 0.01;

    /// <exception cref="ProblemException">It is not valid, or the key may not use the project.</exception>
    public async Task<Replay> StartAsync(Caller caller, ReplayStart start, string correlationId, CancellationToken cancellationToken)
    {
        var filter = start.Filter ?? new BulkReplayFilter();
        var issues = new List<ValidationIssue>();
        DeadLetterEndpoints.Check(filter, issues);
        CheckRate(start.RatePerSecond, issues);
        if (issues.Count > 0)
            throw Problem.Invalid("The replay is not valid.", issues).ToException();

        // A subscription says which project is meant; one that the caller cannot see is as good as none, and has no dead letters either.
        var named = start.Project;
        if (named is null && filter.Subscription is { } id && await subscriptions.GetAsync(id, cancellationToken) is { } subscription && caller.CanSee(subscription.Project))
            named = subscription.Project;
        return await AddAsync(caller, ProjectScope.Project(caller, named), filter.ToQuery(), start.RatePerSecond, "replay.started", correlationId, cancellationToken);
    }

    /// <summary>All that failed of one subscription since a time.</summary>
    /// <exception cref="ProblemException">It is not valid, or the caller may not see the subscription.</exception>
    public async Task<Replay> RecoverAsync(Caller caller, string subscriptionId, RecoverRequest request, string correlationId, CancellationToken cancellationToken)
    {
        var subscription = await subscriptions.GetAsync(subscriptionId, cancellationToken);
        if (subscription is null || !caller.CanSee(subscription.Project))
            throw Problem.NotFound("subscription", subscriptionId).ToException();

        var issues = new List<ValidationIssue>();
        CheckRate(request.RatePerSecond, issues);
        if (request.Until <= request.Since)
            issues.Add(new("/until", "It must be later than 'since'."));
        if (issues.Count > 0)
            throw Problem.Invalid("The recovery is not valid.", issues).ToException();
        if (!subscription.Enabled)
            throw Problem.Conflict("The subscription is disabled.", "", "Enable it first: what is sent to a disabled subscription becomes a dead letter again.").ToException();

        var query = new DeadLetterQuery { SubscriptionId = subscriptionId, From = request.Since, To = request.Until };
        return await AddAsync(caller, subscription.Project, query, request.RatePerSecond, "subscription.recovered", correlationId, cancellationToken);
    }

    /// <exception cref="ProblemException">It is not there, or the caller may not see it.</exception>
    public async Task<Replay> FindAsync(Caller caller, string id, CancellationToken cancellationToken) =>
        await store.GetAsync(id, cancellationToken) is { } found && caller.CanSee(found.Project) ? found : throw Problem.NotFound("replay", id).ToException();

    /// <exception cref="ProblemException">It is not there, or does not run.</exception>
    public async Task<Replay> CancelAsync(Caller caller, string id, string correlationId, CancellationToken cancellationToken)
    {
        var replay = await FindAsync(caller, id, cancellationToken);
        if (!await store.CancelAsync(id, time.GetUtcNow(), cancellationToken))
            throw Problem.Conflict("The replay does not run.", "", "It is through, or was cancelled before.").ToException();

        var cancelled = await FindAsync(caller, id, cancellationToken);
        await audit.RecordAsync(time, caller, "replay.cancelled", id, replay.Project, correlationId, new { cancelled.Made, cancelled.Total }, cancellationToken);
        return cancelled;
    }

    private async Task<Replay> AddAsync(
        Caller caller, string project, DeadLetterQuery filter, double? rate, string action, string correlationId, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var replay = await store.AddAsync(
            new Replay
            {
                Id = Ids.New(Ids.Replay, now),
                Project = project,
                Filter = filter,
                Rate = rate ?? DefaultRate,
                State = ReplayState.Running,
                NextStepAt = now,
                Actor = caller.KeyId,
                CorrelationId = correlationId,
                CreatedAt = now,
            },
            cancellationToken);
        signal.Wake();
        await audit.RecordAsync(time, caller, action, replay.Id, project, correlationId, new { filter, replay.Rate, replay.Total }, cancellationToken);
        return replay;
    }

    private static void CheckRate(double? rate, List<ValidationIssue> issues)
    {
        if (rate is not (null or (>= MinRate and <= MaxRate)))
            issues.Add(new("/ratePerSecond", "A number from 0.01 to 1000 is expected.", "So many deliveries are made a second. 50 unless given."));
    }
}

/// <summary>Wakes whoever takes the steps of replays.</summary>
internal sealed class ReplaySignal : WakeSignal;

/// <summary>Which dead letters to send again, and how fast.</summary>
internal sealed record ReplayStart(BulkReplayFilter? Filter = null, double? RatePerSecond = null, string? Project = null);

/// <summary>Since when a subscription's failures are sent again.</summary>
internal sealed record RecoverRequest(DateTimeOffset Since, DateTimeOffset? Until = null, double? RatePerSecond = null);
