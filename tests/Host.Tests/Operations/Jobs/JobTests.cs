using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Operations.Effects;
using IntegrationHub.Host.Operations.Idempotency;
using IntegrationHub.Host.Operations.Jobs;
using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Host.Tests.Operations.Effects;
using IntegrationHub.Manifests;

namespace IntegrationHub.Host.Tests.Operations.Jobs;

public sealed class JobTests
{
    private const string Body = """{ "params": { "amount": 5 } }""";
    private static readonly OperationResult Down = OperationResult.Failure(new ProviderError { Category = ErrorCategory.Unavailable, Message = "It is down." });

    [Fact]
    public async Task Submit_Succeeds_IsAcceptedThenAnswered()
    {
        await using var hub = await OperationHub.StartAsync();
        OperationRequest? seen = null;
        hub.Adapter = (request, _) =>
        {
            seen = request;
            return ValueTask.FromResult(OperationHub.Value("""{ "id": "ch_1" }"""));
        };

        var accepted = await SubmitAsync(hub, "charge");

        Assert.Equal((202, "queued", $"/api/jobs/{accepted["id"]}"), (accepted.Status, accepted["state"], accepted.Headers.Location!.OriginalString));
        await hub.Events.NextAsync("job.succeeded");
        var job = await ShowAsync(hub, accepted["id"]!);
        Assert.Equal("succeeded", job["state"]);
        Assert.Equal("ch_1", job.Json.GetProperty("result").GetProperty("id").GetString());
        Assert.Equal(1, job.Json.GetProperty("meta").GetProperty("attempts").GetInt32());
        Assert.Equal(5, seen!.Parameters.GetProperty("amount").GetInt32());
        Assert.Equal(accepted["idempotencyKey"], seen.IdempotencyKey);
        Assert.Equal("succeeded", (await hub.Client.SendAsync("GET", $"/api/effects/{job["effectId"]}"))["verdict"]);
        Assert.Contains(hub.Audit.Entries, entry => entry.Action == "job.accepted" && entry.Target == accepted["id"]);
    }

    [Fact]
    public async Task Submit_RespondAsyncPreference_DoesTheSame()
    {
        await using var hub = await OperationHub.StartAsync();
        hub.Client.DefaultRequestHeaders.Add("Prefer", "respond-async, wait=10");

        Assert.Equal(202, (await hub.RunAsync("charge", Body)).Status);
    }

    [Theory]
    [InlineData("pay", """{ "params": {} }""", "?async=true", 400)]
    [InlineData("charge", Body, "?async=perhaps", 400)]
    [InlineData("download", Body, "?async=true", 400)]
    [InlineData("list", """{ "page": { "all": true } }""", "?async=true", 400)]
    [InlineData("none", Body, "?async=true", 404)]
    public async Task Submit_WhatCanNeverSucceed_IsRefusedAtOnce(string operation, string json, string query, int status)
    {
        await using var hub = await OperationHub.StartAsync();

        Assert.Equal(status, (await hub.RunAsync(operation, json, query: query)).Status);
        Assert.Empty((await hub.Client.SendAsync("GET", "/api/jobs")).Json.GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task Submit_RepeatedUnderItsKey_IsOneJob()
    {
        await using var hub = await OperationHub.StartAsync();

        var first = await hub.RunAsync("charge", Body, "k1", "?async=true");
        var again = await hub.RunAsync("charge", Body, "k1", "?async=true");

        Assert.Equal((202, first.Text), (again.Status, again.Text));
        Assert.Equal(first.Headers.Location, again.Headers.Location);
        Assert.Equal("k1", first["idempotencyKey"]);
        Assert.Single((await hub.Client.SendAsync("GET", "/api/jobs")).Json.GetProperty("items").EnumerateArray());
    }

    /// <summary>The process ended between accepting the job and keeping the answer that says so.</summary>
    [Fact]
    public async Task Submit_AnswerLostWithItsProcess_IsStillOneJob()
    {
        await using var hub = await OperationHub.StartAsync();
        var requests = hub.Get<IIdempotencyStore>();
        var first = await hub.RunAsync("charge", Body, "k1", "?async=true");
        await hub.Events.NextAsync("job.succeeded");
        var now = hub.Time.GetUtcNow();
        var request = (await requests.TryBeginAsync(Storage.Some.IdempotentRequest("k1") with { StartedAt = now }, CancellationToken.None))!;
        await requests.ReleaseAsync(request.Id, CancellationToken.None);
        await requests.TryBeginAsync(request with { RunsUntil = now }, CancellationToken.None);

        var again = await hub.RunAsync("charge", Body, "k1", "?async=true");

        Assert.Equal((202, first["id"]), (again.Status, again["id"]));
        Assert.Single((await hub.Client.SendAsync("GET", "/api/jobs")).Json.GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task Run_ProviderDown_IsRetriedOnScheduleUnderTheSameKeyUntilDead()
    {
        await using var hub = await OperationHub.StartAsync();
        var keys = new List<string?>();
        hub.Adapter = (request, _) =>
        {
            keys.Add(request.IdempotencyKey);
            return ValueTask.FromResult(Down);
        };
        var id = (await SubmitAsync(hub, "pay"))["id"]!;

        foreach (var pause in new JobOptions().EffectiveSchedule)
        {
            await ReachesAsync(hub, id, job => job["state"] == "queued" && job.Json.GetProperty("runs").GetArrayLength() > 0 && NextRunIn(hub, job) == pause);
            hub.Time.Advance(pause);
            hub.Get<JobSignal>().Wake();
        }

        await hub.Events.NextAsync("job.dead");
        var dead = await ShowAsync(hub, id);
        Assert.Equal(("dead", "unavailable"), (dead["state"], dead.Json.GetProperty("error").GetProperty("code").GetString()));
        Assert.Equal(8, dead.Json.GetProperty("runs").GetArrayLength());
        Assert.Single(keys.Distinct());
        Assert.Equal(id, Assert.Single((await hub.Client.SendAsync("GET", "/api/jobs?state=dead")).Json.GetProperty("items").EnumerateArray()).GetProperty("id").GetString());

        hub.Adapter = (_, _) => ValueTask.FromResult(OperationHub.Value("{}"));
        hub.Time.Advance(TimeSpan.FromMinutes(1)); // the circuit lets a trial through again
        hub.Caller = new Caller("key_op", "operator", HubRole.Operator, null);
        Assert.Equal(202, (await hub.Client.SendAsync("POST", $"/api/jobs/{id}/retry")).Status);
        await hub.Events.NextAsync("job.succeeded");
        Assert.Contains(hub.Audit.Entries, entry => entry.Action == "job.retried" && entry.Actor == "key_op");
        Assert.Equal(409, (await hub.Client.SendAsync("POST", $"/api/jobs/{id}/retry")).Status);
    }

    /// <summary>It opens another time no more than this time: its lease would come round for ever.</summary>
    [Fact]
    public async Task Run_ParametersCannotBeRead_IsDeadAndSaysWhy()
    {
        await using var hub = await OperationHub.StartAsync();
        var called = false;
        hub.Adapter = (_, _) =>
        {
            called = true;
            return ValueTask.FromResult(OperationHub.Value("{}"));
        };
        var now = hub.Time.GetUtcNow();
        await hub.Get<IJobStore>().AddAsync(
            new Job
            {
                Id = "job_damaged", ConnectionId = OperationHub.ConnectionId, Project = "shop", Environment = "dev", Provider = "acme", Operation = "charge", Actor = "key_1",
                CorrelationId = "corr-1", IdempotencyKey = "idem-1", SealedInput = [1, 2, 3], State = JobState.Queued, NextRunAt = now, CreatedAt = now,
            },
            CancellationToken.None);
        hub.Get<JobSignal>().Wake();

        await hub.Events.NextAsync("job.dead");

        var job = await ShowAsync(hub, "job_damaged");
        Assert.Equal(("dead", "input_unreadable"), (job["state"], job.Json.GetProperty("error").GetProperty("code").GetString()));
        Assert.Contains("cannot be read", job.Json.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.False(called);
    }

    [Fact]
    public async Task Run_RetryAfterBeyondTheSchedule_IsHeeded()
    {
        await using var hub = await OperationHub.StartAsync();
        hub.Adapter = (_, _) => ValueTask.FromResult(
            OperationResult.Failure(new ProviderError { Category = ErrorCategory.RateLimited, Message = "Slow down.", RetryAfter = TimeSpan.FromMinutes(20) }));

        var id = (await SubmitAsync(hub, "charge"))["id"]!;

        await ReachesAsync(hub, id, job => NextRunIn(hub, job) == TimeSpan.FromMinutes(20));
    }

    [Theory]
    [InlineData(ErrorCategory.Declined)]
    [InlineData(ErrorCategory.InvalidParams)]
    [InlineData(ErrorCategory.NotFound)]
    [InlineData(ErrorCategory.ProviderError)]
    public async Task Run_ProviderRefuses_IsDeadAtOnce(ErrorCategory category)
    {
        await using var hub = await OperationHub.StartAsync();
        hub.Adapter = (_, _) => ValueTask.FromResult(OperationResult.Failure(new ProviderError { Category = category, Message = "No." }));

        var id = (await SubmitAsync(hub, "charge"))["id"]!;
        await hub.Events.NextAsync("job.dead");

        Assert.Single((await ShowAsync(hub, id)).Json.GetProperty("runs").EnumerateArray());
    }

    [Theory]
    [InlineData("charge", "dead")] // it may have been done before the provider failed
    [InlineData("put", "queued")]
    [InlineData("pay", "queued")]
    public async Task Run_ProviderFails_IsRepeatedOnlyWhereThatDoesNoHarm(string operation, string state)
    {
        await using var hub = await OperationHub.StartAsync();
        hub.Adapter = (_, _) => ValueTask.FromResult(OperationResult.Failure(new ProviderError { Category = ErrorCategory.Unavailable, Message = "Oops.", ProviderStatus = 500 }));
        hub.Change = manifest => manifest with { Retry = new RetryManifest { MaxAttempts = 1 } };

        var id = (await SubmitAsync(hub, operation))["id"]!;

        await ReachesAsync(hub, id, job => job["state"] == state && job.Json.GetProperty("runs").GetArrayLength() == 1);
    }

    [Theory]
    [InlineData("failed", "dead", 202)]
    [InlineData("succeeded", "succeeded", 409)]
    public async Task Run_NoAnswer_WaitsForAPerson(string verdict, string state, int retry)
    {
        await using var hub = await OperationHub.StartAsync();
        var calls = 0;
        hub.Adapter = (_, _) =>
        {
            calls++;
            return ValueTask.FromResult(EffectTests.Lost);
        };
        var id = (await SubmitAsync(hub, "charge"))["id"]!;
        await hub.Events.NextAsync("job.unknown");
        var job = await ShowAsync(hub, id);
        Assert.Equal("unknown", job["state"]);
        Assert.Contains("settle", (await hub.Client.SendAsync("POST", $"/api/jobs/{id}/retry")).Text, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(1, calls);

        await hub.Client.SendAsync("POST", $"/api/effects/{job["effectId"]}/settle", $$"""{ "verdict": "{{verdict}}" }""");

        var settled = await ShowAsync(hub, id);
        Assert.Equal((state, state == "succeeded"), (settled["state"], settled.Json.GetProperty("error").ValueKind == JsonValueKind.Null));
        Assert.Equal(retry, (await hub.Client.SendAsync("POST", $"/api/jobs/{id}/retry")).Status);
    }

    [Fact]
    public async Task Run_NoAnswerButRepeatable_IsRetried()
    {
        await using var hub = await OperationHub.StartAsync();
        hub.Adapter = (_, _) => ValueTask.FromResult(EffectTests.Lost);

        var id = (await SubmitAsync(hub, "pay"))["id"]!;

        await ReachesAsync(hub, id, job => job["state"] == "queued" && NextRunIn(hub, job) == TimeSpan.FromSeconds(10));
    }

    /// <summary>The process ended in the middle of a run: what the record of the effect says decides.</summary>
    [Theory]
    [InlineData("none", "charge", "succeeded", 1)]
    [InlineData("pending", "charge", "unknown", 0)]
    [InlineData("pending", "put", "succeeded", 1)]
    [InlineData("failed", "charge", "succeeded", 1)]
    [InlineData("failed 500", "charge", "dead", 0)] // it may have been done before the provider failed
    [InlineData("failed 500", "put", "succeeded", 1)]
    [InlineData("succeeded", "charge", "succeeded", 0)]
    public async Task Start_RunLostWithItsProcess_IsDecidedByItsEffect(string effect, string operation, string state, int calls)
    {
        await using var hub = await OperationHub.StartAsync();
        hub.Adapter = async (_, token) =>
        {
            await Task.Delay(Timeout.Infinite, token);
            return OperationHub.Value("{}");
        };
        var store = hub.Get<IJobStore>();
        await hub.Get<JobWorker>().StopAsync(CancellationToken.None);
        var id = (await SubmitAsync(hub, operation))["id"]!;
        await store.LeaseAsync("the process before", hub.Time.GetUtcNow(), TimeSpan.FromHours(1), 1, [], [], CancellationToken.None);
        if (effect != "none")
        {
            var record = Storage.Some.Effect() with { JobId = id, StartedAt = hub.Time.GetUtcNow() - TimeSpan.FromSeconds(1) };
            await hub.Get<IEffectStore>().AddAsync(record, CancellationToken.None);
            if (effect != "pending")
                await hub.Get<IEffectStore>().CompleteAsync(EffectTests.Completed(record, effect), CancellationToken.None);
        }

        var called = 0;
        hub.Adapter = (_, _) =>
        {
            called++;
            return ValueTask.FromResult(OperationHub.Value("{}"));
        };
        await using var next = await hub.RestartAsync();
        await next.Events.NextAsync("job." + state);

        Assert.Equal(calls, called);
        Assert.Equal("lost", (await ShowAsync(next, id)).Json.GetProperty("runs")[0].GetProperty("outcome").GetString());
    }

    [Fact]
    public async Task Run_SlowConnection_LeavesRoomForOthers()
    {
        await using var hub = await OperationHub.StartAsync();
        var (running, full, leave) = (0, new TaskCompletionSource(), new TaskCompletionSource());
        hub.Adapter = async (_, _) =>
        {
            if (Interlocked.Increment(ref running) == new JobOptions().ConcurrencyPerConnection)
                full.SetResult();

            await leave.Task;
            return OperationHub.Value("{}");
        };
        for (var i = 0; i < 12; i++)
            await SubmitAsync(hub, "charge");

        await full.Task;
        var states = (await hub.Client.SendAsync("GET", "/api/jobs")).Json.GetProperty("items").EnumerateArray().Select(job => job.GetProperty("state").GetString()).ToList();

        Assert.Equal(8, running);
        Assert.Equal(4, states.Count(state => state == "queued"));
        leave.SetResult();
        for (var i = 0; i < 12; i++)
            await hub.Events.NextAsync("job.succeeded");
    }

    [Fact]
    public async Task Cancel_Waiting_IsNotRun()
    {
        await using var hub = await OperationHub.StartAsync();
        hub.Adapter = (_, _) => ValueTask.FromResult(Down);
        var id = (await SubmitAsync(hub, "charge"))["id"]!;
        await ReachesAsync(hub, id, job => job["state"] == "queued" && NextRunIn(hub, job) == TimeSpan.FromSeconds(10));

        var cancelled = await hub.Client.SendAsync("POST", $"/api/jobs/{id}/cancel");
        Assert.Equal(("cancelled", "cancelled"), (cancelled["state"], cancelled.Json.GetProperty("error").GetProperty("code").GetString()));
        Assert.Equal(409, (await hub.Client.SendAsync("POST", $"/api/jobs/{id}/cancel")).Status);
        Assert.Contains(hub.Audit.Entries, entry => entry.Action == "job.cancelled");
    }

    [Fact]
    public async Task Get_AnotherProjects_IsNotThere()
    {
        await using var hub = await OperationHub.StartAsync();
        var id = (await SubmitAsync(hub, "charge"))["id"]!;
        hub.Caller = new Caller("key_2", "other", HubRole.Admin, new HashSet<string> { "blog" });

        Assert.Equal(404, (await ShowAsync(hub, id)).Status);
        Assert.Equal(404, (await hub.Client.SendAsync("POST", $"/api/jobs/{id}/cancel")).Status);
        Assert.Equal(404, (await hub.Client.SendAsync("POST", $"/api/jobs/{id}/retry")).Status);
        Assert.Empty((await hub.Client.SendAsync("GET", "/api/jobs")).Json.GetProperty("items").EnumerateArray());
    }

    private static Task<Answer> SubmitAsync(OperationHub hub, string operation) => hub.RunAsync(operation, Body, query: "?async=true");

    private static Task<Answer> ShowAsync(OperationHub hub, string id) => hub.Client.SendAsync("GET", $"/api/jobs/{id}");

    private static TimeSpan? NextRunIn(OperationHub hub, Answer job) =>
        job.Json.GetProperty("nextRunAt") is { ValueKind: JsonValueKind.String } at ? at.GetDateTimeOffset() - hub.Time.GetUtcNow() : null;

    /// <summary>The queue tells nobody that a job waits again, so it is asked until it does.</summary>
    private static async Task ReachesAsync(OperationHub hub, string id, Predicate<Answer> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        Answer job;
        while (!condition(job = await ShowAsync(hub, id)))
        {
            Assert.False(patience.IsCancellationRequested, $"At {hub.Time.GetUtcNow():O} the job is {job.Text}");
            await Task.Yield();
        }
    }
}
