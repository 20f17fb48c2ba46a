using System.Text.Json;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Secrets;
using IntegrationHub.Host.Tests.Fakes;
using Microsoft.Extensions.Logging.Abstractions;

namespace IntegrationHub.Host.Tests.Access;

public sealed class AuditTests : IAsyncLifetime, IDisposable
{
    private readonly FakeTimeProvider time = new();
    private readonly InMemoryAuditStore store = new();
    private readonly KeyRing ring;
    private readonly AuditChain chain;
    private readonly AuditTrail trail;

    public AuditTests()
    {
        var master = SomeMasterKey.Ring();
        ring = new KeyRing(master, new Sealer(master), new InMemoryDataKeyStore(), time);
        chain = new AuditChain(ring);
        trail = new AuditTrail(store, chain, time, NullLogger<AuditTrail>.Instance);
    }

    public static TheoryData<string> Tamperings =>
        ["time", "actor", "action", "target", "target-null", "project", "address", "correlation", "details", "shifted", "hash", "previous", "sequence"];

    public Task InitializeAsync() => ring.InitializeAsync(CancellationToken.None);

    public Task DisposeAsync() => trail.StopAsync(CancellationToken.None);

    public void Dispose() => trail.Dispose();

    [Fact]
    public async Task Verify_UntouchedChain_IsOk()
    {
        await FillAsync(5);

        var found = await VerifyAsync();

        Assert.True(found.Ok);
        Assert.Equal(5, found.Checked);
        Assert.Equal(5, found.LastSequence);
        Assert.Equal(Convert.ToHexStringLower(store.Records[^1].Hash), found.LastHash);
    }

    [Fact]
    public async Task Verify_EmptyChain_IsOk() => Assert.True((await VerifyAsync()).Ok);

    [Theory]
    [MemberData(nameof(Tamperings))]
    public async Task Verify_EntryChanged_NamesIt(string what)
    {
        await FillAsync(5);
        var record = store.Records[2];
        var entry = record.Entry;
        store.Records[2] = what switch
        {
            "time" => record with { Entry = entry with { Time = entry.Time.AddMilliseconds(1) } },
            "actor" => record with { Entry = entry with { Actor = "key_other" } },
            "action" => record with { Entry = entry with { Action = "key.deleted" } },
            "target" => record with { Entry = entry with { Target = "x" } },
            "target-null" => record with { Entry = entry with { Target = null } },
            "project" => record with { Entry = entry with { Project = "" } },
            "address" => record with { Entry = entry with { Address = "::1" } },
            "correlation" => record with { Entry = entry with { CorrelationId = "c" } },
            "details" => record with { Entry = entry with { Details = JsonElement.Parse("""{ "n": 3, "a": [2, 1] }""") } },
            "shifted" => record with { Entry = entry with { Actor = entry.Actor + entry.Action[0], Action = entry.Action[1..] } },
            "hash" => record with { Hash = new byte[32] },
            "previous" => record with { PreviousHash = new byte[32] },
            _ => record with { Sequence = 30 },
        };

        var found = await VerifyAsync();

        Assert.False(found.Ok);
        Assert.Equal(what == "sequence" ? 30 : 3, found.BrokenAt);
        Assert.Equal(2, found.LastSequence);
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(2, 4)]
    public async Task Verify_EntryRemoved_NamesTheGap(int removed, long brokenAt)
    {
        await FillAsync(5);
        store.Records.RemoveAt(removed);

        var found = await VerifyAsync();

        Assert.Equal(brokenAt, found.BrokenAt);
        Assert.Contains("missing", found.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_ForgedWithoutTheKey_NamesIt()
    {
        await FillAsync(2);
        var master = SomeMasterKey.Ring(9);
        var foreign = new KeyRing(master, new Sealer(master), new InMemoryDataKeyStore(), time);
        await foreign.InitializeAsync(CancellationToken.None);
        await store.AppendAsync([Entry(3)], new AuditChain(foreign).Link, CancellationToken.None);

        Assert.Equal(3, (await VerifyAsync()).BrokenAt);
    }

    [Fact]
    public async Task Verify_StoreWroteDetailsInItsOwnForm_IsOk()
    {
        await FillAsync(1);
        store.Records[0] = store.Records[0] with { Entry = store.Records[0].Entry with { Details = JsonElement.Parse("""{"a": [1, 2],   "n": 1}"""), Time = store.Records[0].Entry.Time.ToOffset(TimeSpan.FromHours(3)) } };

        Assert.True((await VerifyAsync()).Ok);
    }

    [Fact]
    public async Task RecordSoon_BeforeShutdown_IsWrittenInGroups()
    {
        for (var i = 0; i < 1000; i++)
            trail.RecordSoon(Entry(i));

        await trail.StartAsync(CancellationToken.None);
        await trail.StopAsync(CancellationToken.None);

        Assert.Equal(1000, store.Records.Count);
        Assert.InRange(store.Appends, 1, 10);
        Assert.True((await VerifyAsync()).Ok);
    }

    [Fact]
    public async Task RecordSoon_StorageFailsForAWhile_KeepsTheEntries()
    {
        store.Failures = 2;
        trail.RecordSoon(Entry(1));
        await trail.StartAsync(CancellationToken.None);
        for (var i = 0; i < 2; i++)
        {
            await time.WhenTimerIsDueInAsync(TimeSpan.FromSeconds(1));
            time.Advance(TimeSpan.FromSeconds(1));
        }

        await trail.StopAsync(CancellationToken.None);

        Assert.Single(store.Records);
        Assert.Equal(3, store.Appends);
    }

    [Fact]
    public async Task RecordSoon_MoreThanFits_SaysHowManyAreLost()
    {
        for (var i = 0; i < AuditTrail.Capacity + 7; i++)
            trail.RecordSoon(Entry(i));

        await trail.StartAsync(CancellationToken.None);
        await trail.StopAsync(CancellationToken.None);

        var loss = Assert.Single(store.Records, record => record.Entry.Action == "audit.dropped");
        Assert.Equal(7, loss.Entry.Details.GetProperty("count").GetInt32());
        Assert.Equal(AuditTrail.Capacity + 1, store.Records.Count);
    }

    [Fact]
    public async Task Endpoints_ListAndVerify_AnswerTheChain()
    {
        await using var hub = await FeatureHub.StartAsync();
        using var admin = hub.Admin();
        await admin.SendAsync("POST", "/api/keys", """{ "name": "n", "role": "viewer" }""");
        await admin.SendAsync("POST", "/api/keys", """{ "name": "m", "role": "viewer" }""");

        var listed = await admin.SendAsync("GET", "/api/audit?action=key.created&limit=1");
        var verified = await admin.SendAsync("GET", "/api/audit/verify");

        Assert.Equal("bootstrap", listed.Json.GetProperty("items")[0].GetProperty("actor").GetString());
        Assert.Equal("1", listed["nextCursor"]);
        Assert.Equal("true", verified["ok"]);
        Assert.Equal("2", verified["checked"]);
        Assert.Equal(["/from"], (await admin.SendAsync("GET", "/api/audit?from=soon")).Pointers);
    }

    private static AuditEntry Entry(int n) => new()
    {
        Time = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddSeconds(n),
        Actor = "key_1",
        Action = "connection.updated",
        Target = "conn_1",
        Details = JsonSerializer.SerializeToElement(new { n = 1, a = new[] { 1, 2 } }),
    };

    private Task<AuditVerification> VerifyAsync() => new AuditVerifier(store, chain).VerifyAsync(CancellationToken.None);

    private async Task FillAsync(int count)
    {
        for (var i = 0; i < count; i++)
            await trail.RecordAsync(Entry(i), CancellationToken.None);
    }
}
