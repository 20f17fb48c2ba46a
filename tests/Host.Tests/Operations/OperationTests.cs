using System.Text;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Tests.Operations;

public sealed class OperationTests
{
    [Fact]
    public async Task Run_Succeeds_AnswersResultAndLeavesRecords()
    {
        await using var hub = await OperationHub.StartAsync();
        OperationRequest? seen = null;
        hub.Adapter = (request, _) =>
        {
            seen = request;
            return ValueTask.FromResult(OperationHub.Value("""{ "id": "pi_1", "note": "مدفوع" }"""));
        };

        var answer = await hub.RunAsync("pay", """{ "params": { "amount": 2000 } }""");

        Assert.Equal(200, answer.Status);
        Assert.Equal("pi_1", answer.Json.GetProperty("result").GetProperty("id").GetString());
        Assert.Contains("مدفوع", answer.Text, StringComparison.Ordinal);
        Assert.Equal("req_provider", answer.Json.GetProperty("meta").GetProperty("providerRequestId").GetString());
        Assert.Equal(1, answer.Json.GetProperty("meta").GetProperty("attempts").GetInt32());
        Assert.Equal(2000, seen!.Parameters.GetProperty("amount").GetInt32());
        Assert.StartsWith("idem_", seen.IdempotencyKey, StringComparison.Ordinal);
        Assert.Equal(answer.Headers.GetValues("X-Correlation-Id").Single(), seen.CorrelationId);
        Assert.Equal(0, hub.Leases);
        var entry = Assert.Single(hub.Audit.Entries);
        Assert.Equal(("operation.executed", OperationHub.ConnectionId, "key_1"), (entry.Action, entry.Target, entry.Actor));

        await hub.StopAsync();
        var usage = Assert.Single(hub.Usage);
        Assert.Equal(("acme", "pay", "succeeded", 1), (usage.Provider, usage.Operation, usage.Outcome, usage.Attempts));
    }

    [Theory]
    [InlineData("""{"a":[1, 2.50,  {"b":"<é> \u0026 \"مدفوع\"" }]}""")]
    [InlineData("\"text\"")]
    [InlineData("null")]
    public async Task Run_Answer_IsWhatTheProviderWrote(string value)
    {
        await using var hub = await OperationHub.StartAsync();
        hub.Adapter = (_, _) => ValueTask.FromResult(OperationHub.Value(value));

        using var answer = await RunListAsync(hub);

        Assert.Equal(value, JsonElement.Parse(await answer.Content.ReadAsStringAsync()).GetProperty("result").GetRawText());
        Assert.Equal("application/json; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        Assert.NotNull(answer.Content.Headers.ContentLength);
    }

    [Fact]
    public async Task Run_DeeplyNestedAnswer_IsPassedOn()
    {
        await using var hub = await OperationHub.StartAsync();
        var value = new string('[', 120) + new string(']', 120);
        hub.Adapter = (_, _) => ValueTask.FromResult(OperationResult.Success(JsonElement.Parse(value, new JsonDocumentOptions { MaxDepth = 128 })));

        using var answer = await RunListAsync(hub);

        Assert.Equal(200, (int)answer.StatusCode);
        Assert.Contains(value, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static Task<HttpResponseMessage> RunListAsync(OperationHub hub) =>
        hub.Client.PostAsync($"/api/connections/{OperationHub.ConnectionId}/operations/list", new StringContent("{}", Encoding.UTF8, "application/json"));

    [Fact]
    public async Task Run_WrongParameters_NeverReachesTheAdapter()
    {
        await using var hub = await OperationHub.StartAsync();
        var calls = 0;
        hub.Adapter = (_, _) =>
        {
            calls++;
            return ValueTask.FromResult(OperationHub.Value("{}"));
        };

        var answer = await hub.RunAsync("pay", """{ "params": { "amount": "much", "amuont": 1 } }""");

        Assert.Equal((400, "invalid_params"), (answer.Status, answer["code"]));
        Assert.Equal(["/params/amount", "/params/amuont"], answer.Pointers.Order(StringComparer.Ordinal));
        Assert.Equal(0, calls);
        Assert.Equal(0, hub.Leases);
    }

    [Fact]
    public async Task Run_ScopeNotGranted_SaysWhich()
    {
        await using var hub = await OperationHub.StartAsync();
        hub.Connection = hub.Connection with { GrantedScopes = ["payments:read"] };

        var answer = await hub.RunAsync("pay", """{ "params": { "amount": 1 } }""");

        Assert.Equal((403, "missing_scope"), (answer.Status, answer["code"]));
        Assert.Contains("payments:write", answer["detail"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "parms": {} }""", "/parms")]
    [InlineData("""{ "params": [] }""", "/params")]
    [InlineData("""{ "page": { "all": "yes" } }""", "/page/all")]
    [InlineData("""{ "page": { "maxItems": 100000 } }""", "/page/maxItems")]
    [InlineData("""{ "page": 1 }""", "/page")]
    [InlineData("""[]""", "")]
    [InlineData("""{ "params": {""", "")]
    [InlineData("""{ "params": {}, "params": {} }""", "")]
    public async Task Run_MalformedRequest_SaysWhere(string json, string pointer)
    {
        await using var hub = await OperationHub.StartAsync();

        var answer = await hub.RunAsync("list", json);

        Assert.Equal((400, "invalid_request"), (answer.Status, answer["code"]));
        Assert.Contains(pointer, answer.Pointers);
        Assert.Equal(0, hub.Leases);
    }

    [Fact]
    public async Task Run_AnotherProjectsConnection_IsNotThere()
    {
        await using var hub = await OperationHub.StartAsync();
        hub.Caller = new Caller("key_2", "other", HubRole.Admin, new HashSet<string> { "blog" });

        var answer = await hub.RunAsync("list");

        Assert.Equal((404, "not_found"), (answer.Status, answer["code"]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_AdapterThrows_BecomesAProviderErrorWithoutItsWords(bool code)
    {
        await using var hub = await OperationHub.StartAsync();
        hub.IsCode = code;
        hub.Adapter = (_, _) => throw new InvalidOperationException("the words of the exception");

        var answer = await hub.RunAsync("charge");

        Assert.Equal((502, "provider_error"), (answer.Status, answer["code"]));
        Assert.True(answer.Json.GetProperty("outcomeUnknown").GetBoolean());
        Assert.DoesNotContain("words of the exception", answer.Text, StringComparison.Ordinal);
        Assert.Equal(0, hub.Leases);
    }

    [Fact]
    public async Task Run_AdapterReturnsNull_BecomesAProviderError()
    {
        await using var hub = await OperationHub.StartAsync();
        hub.Adapter = (_, _) => ValueTask.FromResult<OperationResult>(null!);

        var answer = await hub.RunAsync("list");

        Assert.Equal((502, "provider_error"), (answer.Status, answer["code"]));
    }

    [Fact]
    public async Task Run_AdapterHeedsItsToken_TimesOut()
    {
        await using var hub = await OperationHub.StartAsync();
        hub.Adapter = async (_, token) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, hub.Time, token);
            return OperationHub.Value("{}");
        };

        var running = hub.RunAsync("charge");
        await hub.Time.WhenTimerIsDueInAsync(TimeSpan.FromSeconds(5));
        hub.Time.Advance(TimeSpan.FromSeconds(5));
        var answer = await running;

        Assert.Equal((504, "timeout"), (answer.Status, answer["code"]));
        Assert.True(answer.Json.GetProperty("outcomeUnknown").GetBoolean());
    }

    [Fact]
    public async Task Run_AdapterIgnoresItsToken_AnswersAnywayAndKeepsTheLeaseUntilItEnds()
    {
        await using var hub = await OperationHub.StartAsync();
        hub.IsCode = true;
        var (entered, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        hub.Adapter = async (_, _) =>
        {
            entered.SetResult();
            await release.Task;
            return OperationHub.Value("{}");
        };

        var running = hub.RunAsync("list");
        await entered.Task;
        await hub.Time.WhenTimerIsDueInAsync(TimeSpan.FromSeconds(5));
        hub.Time.Advance(TimeSpan.FromSeconds(5));
        await hub.Time.WhenTimerIsDueInAsync(TimeSpan.FromSeconds(1));
        hub.Time.Advance(TimeSpan.FromSeconds(1));
        var answer = await running;

        Assert.Equal((504, "timeout"), (answer.Status, answer["code"]));
        Assert.Equal(1, hub.Leases);
        release.SetResult();
        while (hub.Leases > 0)
            await Task.Yield();
    }

    [Theory]
    [InlineData(ErrorCategory.InvalidParams, 400)]
    [InlineData(ErrorCategory.Unauthenticated, 424)]
    [InlineData(ErrorCategory.PermissionDenied, 403)]
    [InlineData(ErrorCategory.MissingScope, 403)]
    [InlineData(ErrorCategory.NotFound, 404)]
    [InlineData(ErrorCategory.Conflict, 409)]
    [InlineData(ErrorCategory.Declined, 402)]
    [InlineData(ErrorCategory.RateLimited, 429)]
    [InlineData(ErrorCategory.Timeout, 504)]
    [InlineData(ErrorCategory.Unavailable, 502)]
    [InlineData(ErrorCategory.CircuitOpen, 503)]
    [InlineData(ErrorCategory.ProviderError, 502)]
    public async Task Run_ProviderFails_AnswersByCategory(ErrorCategory category, int status)
    {
        await using var hub = await OperationHub.StartAsync();
        hub.Adapter = (_, _) => ValueTask.FromResult(OperationResult.Failure(new ProviderError
        {
            Category = category, Message = "No.", ProviderCode = "card_declined", ProviderStatus = 402, RetryAfter = TimeSpan.FromSeconds(1.2),
            Issues = [new ValidationIssue("/x", "Wrong."), new ValidationIssue("/params/y", "Said so already.")],
        }));

        var answer = await hub.RunAsync("list");

        Assert.Equal(status, answer.Status);
        Assert.Equal("card_declined", answer.Json.GetProperty("provider").GetProperty("code").GetString());
        Assert.Equal(TimeSpan.FromSeconds(2), answer.Headers.RetryAfter!.Delta);
        Assert.Equal(["/params/x", "/params/y"], answer.Pointers);
    }

    [Fact]
    public async Task Run_AllPages_FollowsCursorsUpToTheLimit()
    {
        await using var hub = await OperationHub.StartAsync();
        hub.Adapter = (request, _) =>
        {
            var page = int.Parse(request.Cursor ?? "0", System.Globalization.CultureInfo.InvariantCulture);
            var items = JsonSerializer.SerializeToElement(new[] { page * 2, (page * 2) + 1 });
            return ValueTask.FromResult(OperationHub.Value("{}", (page + 1).ToString(System.Globalization.CultureInfo.InvariantCulture), items));
        };

        var answer = await hub.RunAsync("list", """{ "page": { "all": true, "maxItems": 5 } }""");

        Assert.Equal("[0,1,2,3,4,5]", answer.Json.GetProperty("result").GetRawText());
        Assert.Equal("3", answer.Json.GetProperty("meta").GetProperty("nextCursor").GetString());
        Assert.Equal(3, answer.Json.GetProperty("meta").GetProperty("attempts").GetInt32());
        Assert.Equal(0, hub.Leases);
    }

    [Fact]
    public async Task Run_AllPages_HoldsOneLeaseAtATime()
    {
        await using var hub = await OperationHub.StartAsync();
        List<int> held = [];
        hub.Adapter = (_, _) =>
        {
            held.Add(hub.Leases);
            return ValueTask.FromResult(held.Count < 3
                ? OperationHub.Value("{}", $"{held.Count}", JsonElement.Parse("[1]"))
                : throw new InvalidOperationException("the third page"));
        };

        await hub.RunAsync("list", """{ "page": { "all": true } }""");

        Assert.Equal([1, 1, 1], held);
        Assert.Equal(0, hub.Leases);
    }

    [Fact]
    public async Task Test_RunsTheManifestsTestsWithTheirParameters()
    {
        await using var hub = await OperationHub.StartAsync();
        var key = "";
        hub.Adapter = (request, _) =>
        {
            key = request.Parameters.GetProperty("key").GetString();
            return ValueTask.FromResult(OperationResult.Failure(new ProviderError { Category = ErrorCategory.Unauthenticated, Message = "No.", ProviderStatus = 401 }));
        };

        var answer = await hub.Client.SendAsync("POST", $"/api/connections/{OperationHub.ConnectionId}/test");

        var test = Assert.Single(answer.Json.EnumerateArray().ToList());
        Assert.Equal(OperationHub.Secret, key);
        Assert.Equal(("acme-connection", false, "unauthenticated"),
            (test.GetProperty("testId").GetString(), test.GetProperty("ok").GetBoolean(), test.GetProperty("error").GetProperty("code").GetString()));
        Assert.Equal(0, hub.Leases);
    }

    [Theory]
    [InlineData("")]
    [InlineData("with space")]
    public async Task Run_UnusableIdempotencyKey_IsRefused(string key)
    {
        await using var hub = await OperationHub.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/connections/{OperationHub.ConnectionId}/operations/list");
        request.Headers.TryAddWithoutValidation("Idempotency-Key", key);

        using var answer = await hub.Client.SendAsync(request);

        Assert.Equal(400, (int)answer.StatusCode);
        Assert.Equal(0, hub.Leases);
    }
}
