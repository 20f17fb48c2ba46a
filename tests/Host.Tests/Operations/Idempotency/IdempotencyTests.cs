using IntegrationHub.Adapters;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Operations.Effects;
using IntegrationHub.Host.Operations.Idempotency;
using IntegrationHub.Host.Secrets;
using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Host.Tests.Operations.Effects;
using IntegrationHub.Manifests;

namespace IntegrationHub.Host.Tests.Operations.Idempotency;

public sealed class IdempotencyTests
{
    private const string Body = """{ "params": { "amount": 5, "note": "قهوة" } }""";

    [Fact]
    public async Task Run_Repeated_GetsTheFirstAnswerForADay()
    {
        await using var hub = await OperationHub.StartAsync();
        var calls = Count(hub, number => OperationHub.Value($$"""{ "number": {{number}} }"""));

        var first = await hub.RunAsync("charge", Body, "k1");
        var again = await hub.RunAsync("charge", """{"params":{"note":"قهوة","amount":5}}""", "k1");

        Assert.Equal((200, first.Text), (again.Status, again.Text));
        Assert.Equal("true", again.Headers.GetValues("Idempotent-Replayed").Single());
        Assert.False(first.Headers.Contains("Idempotent-Replayed"));
        Assert.Equal(1, calls());

        hub.Time.Advance(TimeSpan.FromHours(24));
        Assert.Equal(2, (await hub.RunAsync("charge", Body, "k1")).Json.GetProperty("result").GetProperty("number").GetInt32());
    }

    [Fact]
    public async Task Run_Repeated_SurvivesARestart()
    {
        await using var hub = await OperationHub.StartAsync();
        var first = await hub.RunAsync("charge", Body, "k1");

        await using var next = await hub.RestartAsync();
        next.Adapter = (_, _) => throw new InvalidOperationException("It must not be called again.");

        Assert.Equal(first.Text, (await next.RunAsync("charge", Body, "k1")).Text);
    }

    [Theory]
    [InlineData("charge", """{ "params": { "amount": 6 } }""", "")]
    [InlineData("put", Body, "")]
    [InlineData("charge", Body, "?async=true")]
    [InlineData("charge", """{ "params": { "amount": 5, "note": "قهوة" }, "page": { "cursor": "x" } }""", "")]
    public async Task Run_SomethingElseUnderTheKey_Is422(string operation, string json, string query)
    {
        await using var hub = await OperationHub.StartAsync();
        var calls = Count(hub, _ => OperationHub.Value("{}"));
        await hub.RunAsync("charge", Body, "k1");

        var answer = await hub.RunAsync(operation, json, "k1", query);

        Assert.Equal((422, "idempotency_key_reused"), (answer.Status, answer["code"]));
        Assert.Equal(1, calls());
    }

    [Fact]
    public async Task Run_WhileTheFirstRuns_Is409()
    {
        await using var hub = await OperationHub.StartAsync();
        var (entered, leave) = (new TaskCompletionSource(), new TaskCompletionSource());
        hub.Adapter = async (_, _) =>
        {
            entered.SetResult();
            await leave.Task;
            return OperationHub.Value("""{ "done": true }""");
        };
        var first = hub.RunAsync("charge", Body, "k1");
        await entered.Task;

        var others = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => hub.RunAsync("charge", Body, "k1")));

        Assert.All(others, other => Assert.Equal((409, "idempotency_key_in_use", "1"), (other.Status, other["code"], other.Headers.RetryAfter!.ToString())));
        leave.SetResult();
        Assert.Equal((await first).Text, (await hub.RunAsync("charge", Body, "k1")).Text);
    }

    [Fact]
    public async Task Run_CallerHangsUp_RunsToItsEndAndKeepsTheAnswer()
    {
        await using var hub = await OperationHub.StartAsync();
        using var patience = new CancellationTokenSource();
        var (left, calls) = (new TaskCompletionSource(), 0);
        hub.Adapter = async (_, token) =>
        {
            calls++;
            await patience.CancelAsync();
            await left.Task.WaitAsync(token);
            return OperationHub.Value("""{ "done": true }""");
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => hub.RunAsync("charge", Body, "k1", cancellationToken: patience.Token));
        Assert.Equal(409, (await hub.RunAsync("charge", Body, "k1")).Status);

        left.SetResult();

        Answer answer;
        while ((answer = await hub.RunAsync("charge", Body, "k1")).Status == 409)
            await Task.Yield();
        Assert.Equal("true", answer.Headers.GetValues("Idempotent-Replayed").Single());
        Assert.Equal(1, calls);
    }

    [Fact]
    public async Task Run_AnotherApiKeysKey_IsItsOwn()
    {
        await using var hub = await OperationHub.StartAsync();
        var calls = Count(hub, _ => OperationHub.Value("{}"));
        await hub.RunAsync("charge", Body, "k1");
        hub.Caller = new Caller("key_2", "other", HubRole.Developer, null);

        var answer = await hub.RunAsync("charge", Body, "k1");

        Assert.False(answer.Headers.Contains("Idempotent-Replayed"));
        Assert.Equal(2, calls());
    }

    /// <summary>What did not happen may be tried again; what did, or may have, is answered as before.</summary>
    [Theory]
    [InlineData(ErrorCategory.Declined, 402, false, true)]
    [InlineData(ErrorCategory.ProviderError, 418, false, true)]
    [InlineData(ErrorCategory.Timeout, null, true, true)]
    [InlineData(ErrorCategory.Unavailable, 500, false, true)] // it may have done it before it failed
    [InlineData(ErrorCategory.Unavailable, null, false, false)]
    [InlineData(ErrorCategory.RateLimited, 429, false, false)]
    [InlineData(ErrorCategory.Unauthenticated, 401, false, false)]
    [InlineData(ErrorCategory.InvalidParams, 400, false, false)]
    [InlineData(ErrorCategory.NotFound, 404, false, false)]
    public async Task Run_Failed_IsKeptOnlyWhenFinal(ErrorCategory category, int? providerStatus, bool outcomeUnknown, bool kept)
    {
        await using var hub = await OperationHub.StartAsync();
        hub.Change = manifest => manifest with { Retry = new RetryManifest { MaxAttempts = 1 }, Breaker = new BreakerManifest { Failures = 100 } };
        hub.Adapter = (_, _) => ValueTask.FromResult(OperationResult.Failure(
            new ProviderError { Category = category, Message = "No.", ProviderStatus = providerStatus, OutcomeUnknown = outcomeUnknown, RetryAfter = TimeSpan.Zero }));
        var first = await hub.RunAsync("charge", Body, "k1");
        hub.Adapter = (_, _) => ValueTask.FromResult(OperationHub.Value("{}"));

        var again = await hub.RunAsync("charge", Body, "k1");

        Assert.Equal(kept, again.Headers.Contains("Idempotent-Replayed"));
        Assert.Equal(kept ? first.Status : 200, again.Status);
        if (kept)
            Assert.Equal(first.Text, again.Text);
    }

    /// <summary>The answer that is given again names what is left of the time, and nothing once it is over.</summary>
    [Fact]
    public async Task Run_KeptAnswerWithRetryAfter_IsRepeatedWithWhatIsLeftOfIt()
    {
        await using var hub = await OperationHub.StartAsync();
        hub.Change = manifest => manifest with { Retry = new RetryManifest { MaxAttempts = 1 } };
        hub.Adapter = (_, _) => ValueTask.FromResult(OperationResult.Failure(new ProviderError
        {
            Category = ErrorCategory.Unavailable, Message = "Later.", ProviderStatus = 503, OutcomeUnknown = true, RetryAfter = TimeSpan.FromSeconds(90),
        }));

        var first = await hub.RunAsync("charge", Body, "k1");
        var again = await hub.RunAsync("charge", Body, "k1");
        hub.Time.Advance(TimeSpan.FromSeconds(60));
        var later = await hub.RunAsync("charge", Body, "k1");
        hub.Time.Advance(TimeSpan.FromSeconds(30));
        var last = await hub.RunAsync("charge", Body, "k1");

        Assert.All([again, later, last], answer => Assert.Equal((first.Status, "true"), (answer.Status, answer.Headers.GetValues("Idempotent-Replayed").Single())));
        Assert.Equal([90, 90, 30, null], new[] { first, again, later, last }.Select(answer => answer.Headers.RetryAfter?.Delta?.TotalSeconds));
    }

    [Fact]
    public async Task Run_RefusedByTheHub_FreesTheKey()
    {
        await using var hub = await OperationHub.StartAsync();
        hub.Connection = hub.Connection with { GrantedScopes = [] };
        Assert.Equal(403, (await hub.RunAsync("pay", """{ "params": { "amount": 5 } }""", "k1")).Status);
        hub.Connection = hub.Connection with { GrantedScopes = null };

        Assert.Equal(200, (await hub.RunAsync("pay", """{ "params": { "amount": 5 } }""", "k1")).Status);
    }

    [Theory]
    [InlineData("put")] // idempotent by nature
    [InlineData("pay")] // the provider recognises the key
    public async Task Run_NoAnswerButRepeatable_RunsAgainUnderTheSameKey(string operation)
    {
        await using var hub = await OperationHub.StartAsync();
        var keys = new List<string?>();
        hub.Adapter = (request, _) =>
        {
            keys.Add(request.IdempotencyKey);
            return ValueTask.FromResult(keys.Count == 1 ? EffectTests.Lost : OperationHub.Value("{}"));
        };
        Assert.Equal(504, (await hub.RunAsync(operation, """{ "params": { "amount": 5 } }""", "k1")).Status);

        Assert.Equal(200, (await hub.RunAsync(operation, """{ "params": { "amount": 5 } }""", "k1")).Status);

        Assert.Equal(["k1", "k1"], keys);
    }

    [Theory]
    [InlineData("failed", 200, null)]
    [InlineData("succeeded", 409, "answer_lost")] // never again that nobody knows
    public async Task Settle_Unknown_FreesTheKeyWhenItDidNotHappen(string verdict, int then, string? code)
    {
        await using var hub = await OperationHub.StartAsync();
        hub.Adapter = (_, _) => ValueTask.FromResult(EffectTests.Lost);
        var lost = await hub.RunAsync("charge", Body, "k1");
        hub.Adapter = (_, _) => ValueTask.FromResult(OperationHub.Value("{}"));

        await hub.Client.SendAsync("POST", $"/api/effects/{lost["effectId"]}/settle", $$"""{ "verdict": "{{verdict}}" }""");

        var again = await hub.RunAsync("charge", Body, "k1");
        Assert.Equal(then, again.Status);
        if (code is not null)
            Assert.Equal((code, lost["effectId"]), (again["code"], again["effectId"]));
    }

    /// <summary>The process ended in the middle: what the record of the effect says decides.</summary>
    [Theory]
    [InlineData("none", "charge", 200, null)]
    [InlineData("pending", "charge", 409, "outcome_unknown")]
    [InlineData("pending", "put", 200, null)]
    [InlineData("failed", "charge", 200, null)]
    [InlineData("failed 500", "charge", 409, "answer_lost")] // it may have done it before it failed
    [InlineData("failed 500", "put", 200, null)]
    [InlineData("succeeded", "charge", 409, "answer_lost")]
    public async Task Run_FirstEndedWithItsProcess_IsDecidedByItsEffect(string effect, string operation, int status, string? code)
    {
        await using var hub = await OperationHub.StartAsync();
        var before = hub.Time.GetUtcNow() - TimeSpan.FromSeconds(1);
        var request = Storage.Some.IdempotentRequest("k1") with
        {
            StartedAt = before, RunsUntil = before.AddHours(1), ExpiresAt = before.AddHours(24), Fingerprint = FingerprintOf(hub, operation),
        };
        await hub.Get<IIdempotencyStore>().TryBeginAsync(request, CancellationToken.None);
        if (effect != "none")
        {
            var record = Storage.Some.Effect() with { RequestId = request.Id, StartedAt = before };
            await hub.Get<IEffectStore>().AddAsync(record, CancellationToken.None);
            if (effect != "pending")
                await hub.Get<IEffectStore>().CompleteAsync(EffectTests.Completed(record, effect), CancellationToken.None);
        }

        Assert.Equal(409, (await hub.RunAsync(operation, Body, "k1")).Status);
        await using var next = await hub.RestartAsync();
        var answer = await next.RunAsync(operation, Body, "k1");

        Assert.Equal(status, answer.Status);
        if (code is not null)
            Assert.Equal(code, answer["code"]);
    }

    [Theory]
    [InlineData("x''")] // nothing
    [InlineData("x'010203'")] // no layout that there is
    [InlineData("substr(answer, 1, length(answer) - 1) || x'00'")] // another last byte
    public async Task Run_KeptAnswerCannotBeRead_SaysSoAndDoesNotRunAgain(string altered)
    {
        await using var hub = await OperationHub.StartAsync();
        var calls = Count(hub, _ => OperationHub.Value("{}"));
        await hub.RunAsync("charge", Body, "k1");
        await hub.Storage.WriteAsync(session => session.Execute($"UPDATE idempotent_requests SET answer = {altered}"), CancellationToken.None);

        var again = await hub.RunAsync("charge", Body, "k1");

        Assert.Equal((409, "answer_lost"), (again.Status, again["code"]));
        Assert.Contains("cannot be read", again["detail"], StringComparison.Ordinal);
        Assert.Contains($"/api/effects/{again["effectId"]}", again["detail"], StringComparison.Ordinal);
        Assert.Equal(1, calls());
    }

    [Fact]
    public async Task Run_StoredAnswer_IsSealed()
    {
        await using var hub = await OperationHub.StartAsync();
        hub.Adapter = (_, _) => ValueTask.FromResult(OperationHub.Value("""{ "number": "not-in-the-database" }"""));
        await hub.RunAsync("charge", Body, "k1");

        await using var next = await hub.RestartAsync();

        foreach (var file in Directory.GetFiles(next.Folder))
            if (Path.GetExtension(file) is not ".lock")
                Assert.DoesNotContain("not-in-the-database", await ReadAsync(file), StringComparison.Ordinal);
    }

    private static async Task<string> ReadAsync(string file)
    {
        await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream, System.Text.Encoding.Latin1);
        return await reader.ReadToEndAsync();
    }

    private static byte[] FingerprintOf(OperationHub hub, string operation) => hub.Get<Fingerprint>().Of(System.Text.Json.JsonElement.Parse(
        $$"""{ "connection": "{{OperationHub.ConnectionId}}", "operation": "{{operation}}", "Parameters": { "amount": 5, "note": "قهوة" }, "Cursor": null, "runAsync": false }"""));

    private static Func<int> Count(OperationHub hub, Func<int, OperationResult> answer)
    {
        var calls = 0;
        hub.Adapter = (_, _) => ValueTask.FromResult(answer(Interlocked.Increment(ref calls)));
        return () => calls;
    }
}
