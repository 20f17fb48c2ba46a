using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Tests.Storage;

public abstract class ConnectionStoreCompliance : StoreCompliance
{
    private IConnectionStore Connections => Storage.Connections;

    [Fact]
    public async Task GetAsync_EveryField_IsReadBack()
    {
        var connection = Some.Connection("haupt ✓") with
        {
            AuthId = "api_key",
            Config = Some.Json("""{"region":"eu","nested":{"list":[1,2.50,null,"قيمة"]}}"""),
            Secrets = new Dictionary<string, SealedSecret> { ["api_key"] = new(Some.Bytes(64), "1234"), ["Webhook-Secret"] = new(Some.Bytes(3), "") },
            RetiredSecrets = [new RetiredSecret("api_key", Some.Bytes(5), Some.Time().AddTicks(1))],
            BaseUrlOverride = "http://127.0.0.1:1",
            GrantedScopes = ["read", "write"],
            Enabled = false,
            UpdatedAt = Some.Time(),
        };

        Assert.True(await Connections.TryAddAsync(connection, None));

        var read = await Connections.GetAsync(connection.Id, None);
        Assert.Equal(connection.Config.GetRawText(), read!.Config.GetRawText());
        Assert.Equivalent(connection with { Config = default }, read with { Config = default }, strict: true);
    }

    [Fact]
    public async Task GetAsync_OptionalFieldsMissing_StayNull()
    {
        var connection = Some.Connection();
        await Connections.TryAddAsync(connection, None);

        var read = await Connections.GetAsync(connection.Id, None);

        Assert.Null(read!.AuthId);
        Assert.Null(read.BaseUrlOverride);
        Assert.Null(read.GrantedScopes);
        Assert.Empty(read.RetiredSecrets);
        Assert.True(read.Enabled);
        Assert.Equal(1, read.Version);
        Assert.Null(await Connections.GetAsync("conn_none", None));
    }

    [Fact]
    public async Task TryAddAsync_SameAliasAtOnce_OneWins()
    {
        var added = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => Task.Run(() => Connections.TryAddAsync(Some.Connection("main"), None))));

        Assert.Single(added, static won => won);
        Assert.Single((await Connections.ListAsync(new ConnectionQuery(), new PageRequest(), None)).Items);
    }

    [Fact]
    public async Task TryAddAsync_AnyPartDiffers_BothAreKept()
    {
        Assert.True(await Connections.TryAddAsync(Some.Connection(), None));
        Assert.True(await Connections.TryAddAsync(Some.Connection(alias: "other"), None));
        Assert.True(await Connections.TryAddAsync(Some.Connection(project: "blog"), None));
        Assert.True(await Connections.TryAddAsync(Some.Connection(provider: "slack"), None));
        Assert.True(await Connections.TryAddAsync(Some.Connection(environment: "prod"), None));
        Assert.False(await Connections.TryAddAsync(Some.Connection(), None));
    }

    [Fact]
    public async Task UpdateAsync_FromACurrentCopy_ReplacesIt()
    {
        var connection = Some.Connection();
        await Connections.TryAddAsync(connection, None);
        var changed = connection with { Alias = "renamed", Config = Some.Json("{}"), GrantedScopes = [], Enabled = false, UpdatedAt = Some.Time(), Version = 2 };

        Assert.Equal(ConnectionUpdate.Done, await Connections.UpdateAsync(changed, None));

        var read = await Connections.GetAsync(connection.Id, None);
        Assert.Equal("{}", read!.Config.GetRawText());
        Assert.Equivalent(changed with { Config = default }, read with { Config = default }, strict: true);
    }

    [Fact]
    public async Task UpdateAsync_FromAStaleCopy_IsRefused()
    {
        var connection = Some.Connection();
        await Connections.TryAddAsync(connection, None);
        await Connections.UpdateAsync(connection with { Alias = "second", Version = 2 }, None);

        Assert.Equal(ConnectionUpdate.StaleVersion, await Connections.UpdateAsync(connection with { Alias = "third", Version = 2 }, None));
        Assert.Equal(ConnectionUpdate.StaleVersion, await Connections.UpdateAsync(connection with { Alias = "third", Version = 9 }, None));
        Assert.Equal("second", (await Connections.GetAsync(connection.Id, None))!.Alias);
    }

    [Fact]
    public async Task UpdateAsync_ManyFromTheSameCopy_OneWins()
    {
        var connection = Some.Connection();
        await Connections.TryAddAsync(connection, None);

        var results = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(() => Connections.UpdateAsync(connection with { Alias = "a" + i, Version = 2 }, None))));

        Assert.Single(results, ConnectionUpdate.Done);
        Assert.Equal(19, results.Count(static result => result == ConnectionUpdate.StaleVersion));
    }

    [Fact]
    public async Task UpdateAsync_AliasOfAnother_IsTaken()
    {
        var first = Some.Connection("first");
        var second = Some.Connection("second");
        await Connections.TryAddAsync(first, None);
        await Connections.TryAddAsync(second, None);

        Assert.Equal(ConnectionUpdate.AliasTaken, await Connections.UpdateAsync(second with { Alias = "first", Version = 2 }, None));
        Assert.Equal(ConnectionUpdate.NotFound, await Connections.UpdateAsync(Some.Connection("first") with { Version = 2 }, None));
        Assert.Equal("second", (await Connections.GetAsync(second.Id, None))!.Alias);
    }

    [Fact]
    public async Task DeleteAsync_Twice_SaysWhetherItWasThereAndFreesTheAlias()
    {
        var connection = Some.Connection();
        await Connections.TryAddAsync(connection, None);

        Assert.True(await Connections.DeleteAsync(connection.Id, None));
        Assert.False(await Connections.DeleteAsync(connection.Id, None));
        Assert.Null(await Connections.GetAsync(connection.Id, None));
        Assert.True(await Connections.TryAddAsync(Some.Connection(), None));
    }

    [Fact]
    public async Task ListAsync_ByEachFilter_GivesWhatMatchesNewestFirst()
    {
        var a = Some.Connection(project: "shop", provider: "stripe", environment: "dev");
        var b = Some.Connection(project: "shop", provider: "slack", environment: "prod");
        var c = Some.Connection(project: "blog", provider: "stripe", environment: "prod");
        foreach (var connection in new[] { a, b, c })
            await Connections.TryAddAsync(connection, None);

        Assert.Equal([c.Id, b.Id, a.Id], await IdsAsync(new ConnectionQuery()));
        Assert.Equal([c.Id, a.Id], await IdsAsync(new ConnectionQuery { Provider = "stripe" }));
        Assert.Equal([b.Id, a.Id], await IdsAsync(new ConnectionQuery { Project = "shop" }));
        Assert.Equal([c.Id, b.Id], await IdsAsync(new ConnectionQuery { Environment = "prod" }));
        Assert.Equal([c.Id], await IdsAsync(new ConnectionQuery { VisibleProjects = new HashSet<string> { "blog" } }));
        Assert.Equal([c.Id, b.Id, a.Id], await IdsAsync(new ConnectionQuery { VisibleProjects = new HashSet<string> { "blog", "shop", "none" } }));
        Assert.Equal([], await IdsAsync(new ConnectionQuery { VisibleProjects = new HashSet<string>() }));
        Assert.Equal([], await IdsAsync(new ConnectionQuery { Project = "shop", VisibleProjects = new HashSet<string> { "blog" } }));
        Assert.Equal([], await IdsAsync(new ConnectionQuery { Project = "x' OR '1'='1" }));
    }

    [Fact]
    public async Task ListAsync_WhileRowsComeAndGo_SkipsAndRepeatsNothing()
    {
        var kept = new List<Connection>();
        for (var i = 0; i < 9; i++)
        {
            kept.Insert(0, Some.Connection("a" + i));
            await Connections.TryAddAsync(kept[0], None);
        }

        var first = await Connections.ListAsync(new ConnectionQuery(), new PageRequest(4), None);
        await Connections.TryAddAsync(Some.Connection("new"), None);
        await Connections.DeleteAsync(kept[3].Id, None); // the row that the cursor was made from
        var second = await Connections.ListAsync(new ConnectionQuery(), new PageRequest(4, first.NextCursor), None);
        var third = await Connections.ListAsync(new ConnectionQuery(), new PageRequest(4, second.NextCursor), None);

        Assert.Equal(kept.Select(static connection => connection.Id), first.Items.Concat(second.Items).Concat(third.Items).Select(static connection => connection.Id));
        Assert.Null(third.NextCursor);
    }

    [Fact]
    public async Task ListAsync_ExactlyFullPage_HasNoNext()
    {
        for (var i = 0; i < 3; i++)
            await Connections.TryAddAsync(Some.Connection("a" + i), None);

        Assert.Null((await Connections.ListAsync(new ConnectionQuery(), new PageRequest(3), None)).NextCursor);
        Assert.NotNull((await Connections.ListAsync(new ConnectionQuery(), new PageRequest(2), None)).NextCursor);
    }

    [Theory]
    [MemberData(nameof(HostileCursors))]
    public Task ListAsync_HostileCursor_IsRefused(string cursor) => RefusesCursorAsync(page => Connections.ListAsync(new ConnectionQuery(), page, None), cursor);

    private async Task<IEnumerable<string>> IdsAsync(ConnectionQuery query) =>
        (await ReadAllAsync(page => Connections.ListAsync(query, page, None), 2)).Select(static connection => connection.Id);
}
