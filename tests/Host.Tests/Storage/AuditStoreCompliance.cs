using System.Security.Cryptography;
using System.Text;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Tests.Storage;

public abstract class AuditStoreCompliance : StoreCompliance
{
    private IAuditStore Audit => Storage.Audit;

    [Fact]
    public async Task AppendAsync_First_StartsAtOneAfterZeros()
    {
        var entry = Some.Audit();

        await Audit.AppendAsync([entry], Link, None);

        var record = Assert.Single(await ReadChainAsync());
        Assert.Equal(1, record.Sequence);
        Assert.Equal(new byte[32], record.PreviousHash);
        Assert.Equal(Link(1, new byte[32], entry), record.Hash);
    }

    [Fact]
    public async Task AppendAsync_AnyEntry_IsReadBackAsItWasLinked()
    {
        AuditEntry[] entries =
        [
            Some.Audit() with { Time = Some.Time().AddTicks(3), Details = Some.Json("""{ "b": 1.50,  "a": "ñ \u00e9", "c": [null] }""") },
            Some.Audit() with { Target = null, Project = null, Address = null, CorrelationId = null, Details = default },
            Some.Audit() with { Time = new DateTimeOffset(2026, 5, 6, 7, 8, 9, TimeSpan.FromHours(3)) },
        ];
        var linked = new List<AuditEntry>();

        await Audit.AppendAsync(entries, (sequence, previous, entry) => { linked.Add(entry); return Link(sequence, previous, entry); }, None);

        var chain = await ReadChainAsync();
        Assert.Equal(entries.Select(static entry => entry.Time.UtcTicks), chain.Select(static record => record.Entry.Time.UtcTicks));
        Assert.Equal(entries[0].Details.GetRawText(), chain[0].Entry.Details.GetRawText());
        Assert.Equal(System.Text.Json.JsonValueKind.Undefined, chain[1].Entry.Details.ValueKind);
        Assert.Null(chain[1].Entry.Target);
        Assert.Null(chain[1].Entry.CorrelationId);
        AssertLinked(chain);
        Assert.All(linked, static entry => Assert.Equal(TimeSpan.Zero, entry.Time.Offset));
    }

    [Fact]
    public async Task AppendAsync_ManyAtOnce_MakesOneUnbrokenChain()
    {
        await Task.WhenAll(Enumerable.Range(0, 60).Select(i => Task.Run(() =>
            Audit.AppendAsync([Some.Audit($"a{i}.one"), Some.Audit($"a{i}.two"), Some.Audit($"a{i}.three")], Link, None))));

        var chain = await ReadChainAsync();
        Assert.Equal(180, chain.Count);
        AssertLinked(chain);

        // No append is interleaved with another.
        foreach (var group in chain.Chunk(3))
        {
            var name = group[0].Entry.Action.Split('.')[0];
            Assert.Equal([$"{name}.one", $"{name}.two", $"{name}.three"], group.Select(static record => record.Entry.Action));
        }
    }

    [Fact]
    public async Task AppendAsync_LinkThrowsMidway_StoresNoneAndSparesOthers()
    {
        await Audit.AppendAsync([Some.Audit()], Link, None);

        var failing = Audit.AppendAsync([Some.Audit(), Some.Audit("bad")], static (s, p, e) => e.Action == "bad" ? throw new InvalidOperationException("no") : Link(s, p, e), None);
        var fine = Audit.AppendAsync([Some.Audit("fine")], Link, None);

        await Assert.ThrowsAsync<InvalidOperationException>(() => failing);
        await fine;
        var chain = await ReadChainAsync();
        Assert.Equal(["connection.created", "fine"], chain.Select(static record => record.Entry.Action));
        AssertLinked(chain);
    }

    [Fact]
    public async Task ReadAsync_FromSequence_BeginsThere()
    {
        await Audit.AppendAsync([.. Enumerable.Range(0, 1203).Select(static _ => Some.Audit())], Link, None);

        var chain = new List<AuditRecord>();
        await foreach (var record in Audit.ReadAsync(3, None))
            chain.Add(record);

        Assert.Equal(Enumerable.Range(3, 1201).Select(static number => (long)number), chain.Select(static record => record.Sequence));
    }

    [Fact]
    public async Task ListAsync_ByEachFilter_GivesWhatMatches()
    {
        var entries = new[] { Some.Audit("a.x", "key_1", "t1"), Some.Audit("a.y", "key_2", "t1"), Some.Audit("a.x", "key_2", "t2"), Some.Audit("a.x", "key_2", null) };
        await Audit.AppendAsync(entries, Link, None);

        Assert.Equal([4, 3, 1], await SequencesAsync(new AuditQuery { Action = "a.x" }));
        Assert.Equal([1], await SequencesAsync(new AuditQuery { Actor = "key_1" }));
        Assert.Equal([2, 1], await SequencesAsync(new AuditQuery { Target = "t1" }));
        Assert.Equal([3, 2], await SequencesAsync(new AuditQuery { From = entries[1].Time, To = entries[3].Time }));
        Assert.Equal([3], await SequencesAsync(new AuditQuery { Actor = "key_2", Action = "a.x", Target = "t2" }));
        Assert.Equal([], await SequencesAsync(new AuditQuery { Actor = "key_9" }));
    }

    [Fact]
    public async Task ListAsync_WhileMoreIsAppended_PagesStayStable()
    {
        for (var i = 0; i < 10; i++)
            await Audit.AppendAsync([Some.Audit()], Link, None);

        var first = await Audit.ListAsync(new AuditQuery(), new PageRequest(4), None);
        await Audit.AppendAsync([Some.Audit(), Some.Audit()], Link, None);
        var second = await Audit.ListAsync(new AuditQuery(), new PageRequest(4, first.NextCursor), None);

        Assert.Equal([10, 9, 8, 7], first.Items.Select(static record => record.Sequence));
        Assert.Equal([6, 5, 4, 3], second.Items.Select(static record => record.Sequence));
    }

    [Theory]
    [MemberData(nameof(HostileCursors))]
    public Task ListAsync_HostileCursor_IsRefused(string cursor) => RefusesCursorAsync(page => Audit.ListAsync(new AuditQuery(), page, None), cursor);

    private static byte[] Link(long sequence, ReadOnlySpan<byte> previous, AuditEntry entry) =>
        SHA256.HashData([.. previous, .. Encoding.UTF8.GetBytes($"{sequence}|{entry.Time.UtcTicks}|{entry.Actor}|{entry.Action}|{entry.Target}|{Raw(entry)}")]);

    private static string Raw(AuditEntry entry) => entry.Details.ValueKind == System.Text.Json.JsonValueKind.Undefined ? "" : entry.Details.GetRawText();

    private static void AssertLinked(List<AuditRecord> chain)
    {
        var previous = new byte[32];
        for (var i = 0; i < chain.Count; i++)
        {
            Assert.Equal(i + 1, chain[i].Sequence);
            Assert.Equal(previous, chain[i].PreviousHash);
            Assert.Equal(Link(i + 1, previous, chain[i].Entry), chain[i].Hash);
            previous = chain[i].Hash;
        }
    }

    private async Task<List<AuditRecord>> ReadChainAsync()
    {
        var chain = new List<AuditRecord>();
        await foreach (var record in Audit.ReadAsync(1, None))
            chain.Add(record);

        return chain;
    }

    private async Task<IEnumerable<long>> SequencesAsync(AuditQuery query) =>
        (await ReadAllAsync(page => Audit.ListAsync(query, page, None), 2)).Select(static record => record.Sequence);
}
