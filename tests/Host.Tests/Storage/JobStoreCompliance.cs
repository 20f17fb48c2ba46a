using IntegrationHub.Host.Http;
using IntegrationHub.Host.Operations.Jobs;

namespace IntegrationHub.Host.Tests.Storage;

public abstract class JobStoreCompliance : StoreCompliance
{
    private const string Me = "me";
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);

    private IJobStore Jobs => Storage.Jobs;

    [Fact]
    public async Task GetAsync_EveryField_IsReadBack()
    {
        var job = Some.Job() with { IdempotencyKey = "ключ", Address = null };
        await Jobs.AddAsync(job, None);
        Assert.Equivalent(job, await Jobs.GetAsync(job.Id, None), strict: true);

        var leased = Assert.Single(await LeaseAsync());
        var ran = leased with
        {
            State = JobState.Succeeded, CompletedAt = Some.Time(), ErrorCode = "e", Reason = "سبب", SealedResult = Some.Bytes(50), EffectId = "eff_1",
            Runs = [new JobRun(1, Some.Time(), TimeSpan.FromTicks(5), 2, "succeeded", null)],
        };
        await Jobs.RecordAsync(Me, ran, None);

        Assert.Equivalent(ran, await Jobs.GetAsync(job.Id, None), strict: true);
        Assert.Null(await Jobs.GetAsync("job_none", None));
    }

    [Fact]
    public async Task LeaseAsync_Due_OnceAndInOrder()
    {
        var late = await AddAsync(Some.Time());
        var early = await AddAsync(Some.Start.AddDays(-1));
        await AddAsync(Some.Start.AddDays(1));

        var leased = await LeaseAsync();

        Assert.Equal(new[] { early.Id, late.Id }.Order(), leased.Select(job => job.Id).Order());
        Assert.All(leased, job => Assert.Equal((JobState.Running, 1), (job.State, job.Begun)));
        Assert.Empty(await LeaseAsync());
    }

    [Fact]
    public async Task LeaseAsync_ManyWorkers_EachJobOnce()
    {
        for (var i = 0; i < 40; i++)
            await AddAsync(Some.Start);

        var leased = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() => Jobs.LeaseAsync($"w{i}", Some.Start.AddHours(1), Lease, 5, [], [], None))));

        var ids = leased.SelectMany(jobs => jobs).Select(job => job.Id).ToList();
        Assert.Equal(40, ids.Count);
        Assert.Equal(40, ids.Distinct().Count());
    }

    [Fact]
    public async Task LeaseAsync_ExceptConnections_ArePassedOver()
    {
        await Jobs.AddAsync(Some.Job("conn_slow"), None);
        var other = Some.Job("conn_fast");
        await Jobs.AddAsync(other, None);

        Assert.Equal([other.Id], (await Jobs.LeaseAsync(Me, Some.Start.AddHours(1), Lease, 10, ["conn_slow"], [], None)).Select(job => job.Id));
    }

    /// <summary>A clock that jumps ahead ends leases whose worker is well and at work.</summary>
    [Fact]
    public async Task LeaseAsync_LeaseExpiredWhileItsOwnerRunsIt_StaysWithIt()
    {
        var job = await AddAsync(Some.Start);
        var now = Some.Start.AddHours(1);
        await Jobs.LeaseAsync(Me, now, Lease, 1, [], [], None);

        Assert.Empty(await Jobs.LeaseAsync(Me, now + Lease, Lease, 1, [], [job.Id], None));
        Assert.Equal(job.Id, Assert.Single(await Jobs.LeaseAsync("other", now + Lease, Lease, 1, [], [job.Id], None)).Id);
    }

    [Fact]
    public async Task LeaseAsync_LeaseExpired_IsTakenOverAndCountsAsBegun()
    {
        var job = await AddAsync(Some.Start);
        var now = Some.Start.AddHours(1);
        await Jobs.LeaseAsync(Me, now, Lease, 1, [], [], None);
        Assert.Empty(await Jobs.LeaseAsync("other", now + Lease - TimeSpan.FromTicks(1), Lease, 1, [], [], None));

        var taken = Assert.Single(await Jobs.LeaseAsync("other", now + Lease, Lease, 1, [], [], None));

        Assert.Equal((job.Id, 2), (taken.Id, taken.Begun));
        Assert.Empty(taken.Runs);
        await Jobs.RecordAsync(Me, taken with { State = JobState.Dead }, None);
        Assert.Equal(JobState.Running, (await Jobs.GetAsync(job.Id, None))!.State);
    }

    [Fact]
    public async Task ReleaseAsync_GivesBackAsIfNotBegun()
    {
        var job = await AddAsync(Some.Start);
        await LeaseAsync();

        await Jobs.ReleaseAsync("other", [job.Id], None);
        Assert.Equal(JobState.Running, (await Jobs.GetAsync(job.Id, None))!.State);
        await Jobs.ReleaseAsync(Me, [job.Id], None);

        Assert.Equal((JobState.Queued, 0), await StateAsync(job.Id));
    }

    [Fact]
    public async Task AbandonAsync_MakesLeasesExpire()
    {
        var job = await AddAsync(Some.Start);
        await LeaseAsync();

        Assert.Equal(1, await Jobs.AbandonAsync(None));

        Assert.Equal(job.Id, Assert.Single(await LeaseAsync()).Id);
    }

    [Fact]
    public async Task NextDueAsync_IsTheFirstThatCanBeLeased()
    {
        Assert.Null(await Jobs.NextDueAsync(None));
        await AddAsync(Some.Start.AddDays(2));
        Assert.Equal(Some.Start.AddDays(2), await Jobs.NextDueAsync(None));

        await AddAsync(Some.Start);
        var now = Some.Start.AddHours(1);
        Assert.Equal(Some.Start, await Jobs.NextDueAsync(None));
        await Jobs.LeaseAsync(Me, now, Lease, 1, [], [], None);

        Assert.Equal(now + Lease, await Jobs.NextDueAsync(None));
    }

    [Fact]
    public async Task MoveAsync_FromAnotherState_IsRefused()
    {
        var job = await AddAsync(Some.Start);
        Assert.False(await Jobs.MoveAsync(job.Id, JobState.Dead, JobState.Queued, Some.Time(), null, None));
        Assert.True(await Jobs.MoveAsync(job.Id, JobState.Queued, JobState.Cancelled, Some.Time(), "no", None));

        var read = await Jobs.GetAsync(job.Id, None);
        Assert.Equal((JobState.Cancelled, "no"), (read!.State, read.Reason));
        Assert.NotNull(read.CompletedAt);
    }

    [Fact]
    public async Task MoveAsync_BackToTheQueue_BeginsANewRound()
    {
        var job = await AddAsync(Some.Start);
        await DieAsync(1);
        var now = Some.Time();

        Assert.True(await Jobs.MoveAsync(job.Id, JobState.Dead, JobState.Queued, now, null, None));

        var read = await Jobs.GetAsync(job.Id, None);
        Assert.Equal((JobState.Queued, now, 1, 1), (read!.State, read.NextRunAt, read.Begun, read.EarlierRounds));
        Assert.Null(read.CompletedAt);
        Assert.Single(read.Runs);
    }

    [Fact]
    public async Task ListAsync_Filters_GiveWhatFitsWithoutContent()
    {
        var other = Some.Job("conn_2", "blog") with { Provider = "twilio", Operation = "sendSms", NextRunAt = Some.Start.AddDays(1) };
        await Jobs.AddAsync(other, None);
        var mine = await AddAsync(Some.Start);
        await DieAsync(1);

        Assert.Equal([mine.Id], await IdsAsync(new() { State = JobState.Dead }));
        Assert.Equal([other.Id], await IdsAsync(new() { State = JobState.Queued }));
        Assert.Equal([other.Id], await IdsAsync(new() { ConnectionId = "conn_2" }));
        Assert.Equal([other.Id], await IdsAsync(new() { Provider = "twilio" }));
        Assert.Equal([other.Id], await IdsAsync(new() { Operation = "sendSms" }));
        Assert.Equal([other.Id], await IdsAsync(new() { From = other.CreatedAt, To = mine.CreatedAt }));
        Assert.Equal([other.Id], await IdsAsync(new() { VisibleProjects = new HashSet<string> { "blog" } }));
        var listed = (await Jobs.ListAsync(new(), new PageRequest(), None)).Items;
        Assert.All(listed, job => Assert.Empty(job.SealedInput));
    }

    [Theory]
    [MemberData(nameof(HostileCursors))]
    public Task ListAsync_HostileCursor_IsRefused(string cursor) => RefusesCursorAsync(page => Jobs.ListAsync(new(), page, None), cursor);

    [Fact]
    public async Task PurgeAsync_DeletesWhatEnded()
    {
        for (var i = 0; i < 3; i++)
            await AddAsync(Some.Start);
        await DieAsync(3);
        var waiting = await AddAsync(Some.Start);

        Assert.Equal(2, await Jobs.PurgeAsync(Some.Start.AddDays(1), 2, None));
        Assert.Equal(1, await Jobs.PurgeAsync(Some.Start.AddDays(1), 2, None));
        Assert.Equal([waiting.Id], await IdsAsync(new()));
    }

    private Task<IReadOnlyList<Job>> LeaseAsync() => Jobs.LeaseAsync(Me, Some.Start.AddHours(1), Lease, 100, [], [], None);

    private async Task<Job> AddAsync(DateTimeOffset due)
    {
        var job = Some.Job() with { NextRunAt = due };
        await Jobs.AddAsync(job, None);
        return job;
    }

    private async Task DieAsync(int expected)
    {
        var leased = await LeaseAsync();
        Assert.Equal(expected, leased.Count);
        foreach (var job in leased)
            await Jobs.RecordAsync(
                Me, job with { State = JobState.Dead, CompletedAt = Some.Time(), Runs = [new JobRun(1, Some.Time(), TimeSpan.Zero, 1, "declined", null)] }, None);
    }

    private async Task<(JobState State, int Begun)> StateAsync(string id) => await Jobs.GetAsync(id, None) is { } job ? (job.State, job.Begun) : default;

    private async Task<IEnumerable<string>> IdsAsync(JobQuery query) => (await Jobs.ListAsync(query, new PageRequest(), None)).Items.Select(job => job.Id);
}
