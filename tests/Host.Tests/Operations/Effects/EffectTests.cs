using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Operations;
using IntegrationHub.Host.Operations.Effects;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Operations.Effects;

public sealed class EffectTests
{
    [Fact]
    public async Task Run_ChangesSomething_IsOnRecordBeforeItLeavesAndAfter()
    {
        await using var hub = await OperationHub.StartAsync();
        Effect? during = null;
        hub.Adapter = async (_, token) =>
        {
            during = (await hub.Get<IEffectStore>().ListAsync(new EffectQuery(), new(), token)).Items.Single();
            return OperationHub.Value("{}");
        };

        var answer = await hub.RunAsync("charge", """{ "params": { "card": "4242 never in the record" } }""");

        Assert.Equal((EffectVerdict.Pending, "key_1", "charge"), (during!.Verdict, during.Actor, during.Operation));
        var shown = await ShowAsync(hub, answer.Json.GetProperty("meta").GetProperty("effectId").GetString()!);
        Assert.Equal("succeeded", shown["verdict"]);
        Assert.Equal("succeeded", shown.Json.GetProperty("attempts")[0].GetProperty("outcome").GetString());
        Assert.StartsWith("hmac-sha256:", shown["parametersHash"], StringComparison.Ordinal);
        Assert.DoesNotContain("4242", shown.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_SameParametersInAnotherOrder_HaveTheSameHash()
    {
        await using var hub = await OperationHub.StartAsync();

        string[] bodies =
        [
            """{ "params": { "a": 1, "b": { "x": "ع", "y": [1, 2] } } }""",
            """{ "params": { "b": { "y": [1, 2], "x": "\u0639" }, "a": 1 } }""",
            """{ "params": { "a": 2, "b": { "x": "ع", "y": [1, 2] } } }""",
        ];
        foreach (var body in bodies)
        {
            await hub.RunAsync("charge", body);
            hub.Time.Advance(TimeSpan.FromMilliseconds(1));
        }

        var hashes = (await hub.Client.SendAsync("GET", "/api/effects")).Json.GetProperty("items").EnumerateArray().Select(effect => effect.GetProperty("parametersHash").GetString()).ToList();
        Assert.Equal(hashes[1], hashes[2]);
        Assert.NotEqual(hashes[0], hashes[1]);
    }

    [Fact]
    public async Task Run_Safe_LeavesNoRecord()
    {
        await using var hub = await OperationHub.StartAsync();

        var answer = await hub.RunAsync("list");

        Assert.Equal(JsonValueKind.Null, answer.Json.GetProperty("meta").GetProperty("effectId").ValueKind);
        Assert.Empty((await hub.Client.SendAsync("GET", "/api/effects")).Json.GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task Run_WrongParameters_LeavesNoRecord()
    {
        await using var hub = await OperationHub.StartAsync();

        Assert.Equal(400, (await hub.RunAsync("pay", """{ "params": {} }""")).Status);

        Assert.Empty((await hub.Client.SendAsync("GET", "/api/effects")).Json.GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task Run_NoAnswer_IsUnknownUntilAPersonSettlesIt()
    {
        await using var hub = await OperationHub.StartAsync();
        hub.Adapter = (_, _) => ValueTask.FromResult(Lost);

        var answer = await hub.RunAsync("charge");
        Assert.Equal(504, answer.Status);
        var id = answer["effectId"]!;
        Assert.Equal("unknown", (await ShowAsync(hub, id))["verdict"]);
        var notice = await hub.Events.NextAsync("effect.unknown");
        Assert.Equal((id, "shop"), (notice.Subject, notice.Project));

        hub.Caller = new Caller("key_op", "operator", HubRole.Operator, null) { Address = "192.0.2.7" };
        Assert.Equal("/verdict", Assert.Single((await SettleAsync(hub, id, """{ "verdict": "unknown" }""")).Pointers));
        var settled = await SettleAsync(hub, id, """{ "verdict": "succeeded", "note": "seen in the dashboard" }""");
        Assert.Equal((200, "succeeded"), (settled.Status, settled["verdict"]));
        Assert.Equal("key_op", settled.Json.GetProperty("settlement").GetProperty("by").GetString());
        var entry = hub.Audit.Entries.Single(entry => entry.Action == "effect.settled");
        Assert.Equal(("key_op", "192.0.2.7", id, "shop"), (entry.Actor, entry.Address, entry.Target, entry.Project));

        Assert.Equal(409, (await SettleAsync(hub, id, """{ "verdict": "failed" }""")).Status);
    }

    [Fact]
    public async Task Run_ConnectionCannotBeOpened_SaysWhyAndDidNothing()
    {
        await using var hub = await OperationHub.StartAsync();
        hub.Locked = Problem.Conflict("The environment is gone.");

        var answer = await hub.RunAsync("charge", key: "k1");

        Assert.Equal((409, "conflict"), (answer.Status, answer["code"]));
        var effect = Assert.Single((await hub.Client.SendAsync("GET", "/api/effects")).Json.GetProperty("items").EnumerateArray());
        Assert.Equal("failed", effect.GetProperty("verdict").GetString());
        Assert.Empty(hub.Events.All);

        hub.Locked = null;
        Assert.Equal(200, (await hub.RunAsync("charge", key: "k1")).Status);
    }

    [Fact]
    public async Task Run_CallerHangsUp_IsUnknown()
    {
        await using var hub = await OperationHub.StartAsync();
        using var patience = new CancellationTokenSource();
        hub.Adapter = async (_, token) =>
        {
            await patience.CancelAsync();
            await Task.Delay(Timeout.Infinite, token);
            return OperationHub.Value("{}");
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => hub.RunAsync("charge", cancellationToken: patience.Token));

        await hub.Events.NextAsync("effect.unknown");
        Assert.Single((await hub.Client.SendAsync("GET", "/api/effects?verdict=unknown")).Json.GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task Start_PendingFromTheProcessBefore_IsUnknown()
    {
        await using var hub = await OperationHub.StartAsync();
        var pending = Storage.Some.Effect() with { StartedAt = hub.Time.GetUtcNow() - TimeSpan.FromSeconds(1) };
        await hub.Get<IEffectStore>().AddAsync(pending, CancellationToken.None);

        await using var next = await hub.RestartAsync();

        var shown = await ShowAsync(next, pending.Id);
        Assert.Equal("unknown", shown["verdict"]);
        Assert.Contains("stopped", shown["reason"], StringComparison.Ordinal);
        Assert.Equal([("effect.unknown", pending.Id)], next.Events.All.Select(notice => (notice.Type, notice.Subject!)));
    }

    [Fact]
    public async Task Get_AnotherProjects_IsNotThere()
    {
        await using var hub = await OperationHub.StartAsync();
        var id = (await hub.RunAsync("charge")).Json.GetProperty("meta").GetProperty("effectId").GetString()!;
        hub.Caller = new Caller("key_2", "other", HubRole.Operator, new HashSet<string> { "blog" });

        Assert.Equal(404, (await ShowAsync(hub, id)).Status);
        Assert.Equal(404, (await SettleAsync(hub, id, """{ "verdict": "failed" }""")).Status);
        Assert.Empty((await hub.Client.SendAsync("GET", "/api/effects")).Json.GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task List_UnknownWords_AreNamed()
    {
        await using var hub = await OperationHub.StartAsync();

        var answer = await hub.Client.SendAsync("GET", "/api/effects?verdict=maybe&from=yesterday");

        Assert.Equal(400, answer.Status);
        Assert.Equal(["/from", "/verdict"], answer.Pointers.Order(StringComparer.Ordinal));
    }

    internal static OperationResult Lost => OperationResult.Failure(new ProviderError { Category = ErrorCategory.Timeout, Message = "No answer came.", OutcomeUnknown = true });

    /// <summary>A pending record with its verdict; <c>failed 500</c> is what a provider answered that failed.</summary>
    internal static Effect Completed(Effect pending, string verdict)
    {
        var words = verdict.Split(' ');
        return pending with
        {
            Verdict = Enum.Parse<EffectVerdict>(words[0], true),
            CompletedAt = pending.StartedAt,
            Attempts = words is [_, var status]
                ? [new OperationAttempt(1, pending.StartedAt, default, "unavailable", int.Parse(status, System.Globalization.CultureInfo.InvariantCulture), null, false)]
                : [],
        };
    }

    private static Task<Answer> ShowAsync(OperationHub hub, string id) => hub.Client.SendAsync("GET", $"/api/effects/{id}");

    private static Task<Answer> SettleAsync(OperationHub hub, string id, string json) => hub.Client.SendAsync("POST", $"/api/effects/{id}/settle", json);
}
