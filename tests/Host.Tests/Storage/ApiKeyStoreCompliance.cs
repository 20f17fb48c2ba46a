using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Tests.Storage;

public abstract class ApiKeyStoreCompliance : StoreCompliance
{
    private IApiKeyStore Keys => Storage.ApiKeys;

    [Theory]
    [InlineData(HubRole.Viewer)]
    [InlineData(HubRole.Developer)]
    [InlineData(HubRole.Operator)]
    [InlineData(HubRole.Admin)]
    internal async Task AddAsync_AnyRole_IsReadBackWhole(HubRole role)
    {
        var key = Some.ApiKey("Ключ ✓") with { Role = role, Projects = ["shop", "متجر"], ExpiresAt = Some.Time().AddDays(90).AddTicks(7) };

        await Keys.AddAsync(key, None);

        Assert.Equivalent(key, await Keys.GetAsync(key.Id, None), strict: true);
        Assert.Equivalent(key, await Keys.FindByHashAsync(key.Hash, None), strict: true);
    }

    [Fact]
    public async Task GetAsync_NoProjectsAndNoExpiry_StayEmpty()
    {
        var key = Some.ApiKey() with { Projects = [], ExpiresAt = null };

        await Keys.AddAsync(key, None);

        var read = await Keys.GetAsync(key.Id, None);
        Assert.Empty(read!.Projects);
        Assert.Null(read.ExpiresAt);
    }

    [Fact]
    public async Task FindByHashAsync_OneBitOff_FindsNothing()
    {
        var key = Some.ApiKey();
        await Keys.AddAsync(key, None);
        var other = key.Hash.ToArray();
        other[31] ^= 1;

        Assert.Null(await Keys.FindByHashAsync(other, None));
        Assert.Null(await Keys.FindByHashAsync(ReadOnlyMemory<byte>.Empty, None));
    }

    [Fact]
    public async Task FindByHashAsync_PartOfALargerBuffer_ComparesThatPartOnly()
    {
        var key = Some.ApiKey();
        await Keys.AddAsync(key, None);
        byte[] buffer = [9, .. key.Hash, 9];

        Assert.Equal(key.Id, (await Keys.FindByHashAsync(buffer.AsMemory(1, 32), None))?.Id);
    }

    [Fact]
    public async Task ListAsync_InPages_IsNewestFirstAndWhole()
    {
        var ids = new List<string>();
        for (var i = 0; i < 7; i++)
        {
            var key = Some.ApiKey();
            await Keys.AddAsync(key, None);
            ids.Insert(0, key.Id);
        }

        var read = await ReadAllAsync(page => Keys.ListAsync(null, page, None), 3);

        Assert.Equal(ids, read.Select(static key => key.Id));
    }

    [Fact]
    public async Task ListAsync_WithinProjects_GivesFullPagesOfThoseAndNamesNoOther()
    {
        var mine = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            var key = Some.ApiKey() with { Projects = i % 2 == 0 ? ["shop"] : ["shop", "blog"] };
            await Keys.AddAsync(key, None);
            mine.Insert(0, key.Id);
            await Keys.AddAsync(Some.ApiKey() with { Projects = ["other"] }, None);
            await Keys.AddAsync(Some.ApiKey() with { Projects = ["shop", "other"] }, None);
            await Keys.AddAsync(Some.ApiKey() with { Projects = [] }, None);
        }

        var within = new HashSet<string> { "shop", "blog" };
        var first = await Keys.ListAsync(within, new PageRequest(3), None);

        Assert.Equal(mine.Take(3), first.Items.Select(key => key.Id));
        Assert.Equal(mine, (await ReadAllAsync(page => Keys.ListAsync(within, page, None), 3)).Select(key => key.Id));
        Assert.Equal([mine[1], mine[3]], (await ReadAllAsync(page => Keys.ListAsync(new HashSet<string> { "shop" }, page, None), 3)).Select(key => key.Id));
        Assert.Empty((await Keys.ListAsync(new HashSet<string>(), new PageRequest(3), None)).Items);
    }

    [Fact]
    public async Task RotateAsync_FromAStaleCopy_ChangesNothing()
    {
        var key = Some.ApiKey();
        await Keys.AddAsync(key, None);
        var rotated = key with { Hash = Some.Bytes(32), Ending = "abcd", PreviousHash = key.Hash, PreviousValidUntil = Some.Time().AddDays(1), RotatedAt = Some.Time() };

        Assert.True(await Keys.RotateAsync(rotated, key.Hash, None));
        Assert.False(await Keys.RotateAsync(rotated with { Hash = Some.Bytes(32) }, key.Hash, None));

        Assert.Equivalent(rotated, await Keys.FindByHashAsync(rotated.Hash, None), strict: true);
        Assert.Equivalent(rotated, await Keys.FindByHashAsync(key.Hash, None), strict: true);
        Assert.True(await Keys.DeleteAsync(key.Id, None));
        Assert.Null(await Keys.FindByHashAsync(key.Hash, None));
    }

    [Fact]
    public async Task DeleteAsync_Twice_SaysWhetherItWasThere()
    {
        var key = Some.ApiKey();
        await Keys.AddAsync(key, None);

        Assert.True(await Keys.DeleteAsync(key.Id, None));
        Assert.False(await Keys.DeleteAsync(key.Id, None));
        Assert.Null(await Keys.FindByHashAsync(key.Hash, None));
    }

    [Theory]
    [MemberData(nameof(HostileCursors))]
    public Task ListAsync_HostileCursor_IsRefused(string cursor) => RefusesCursorAsync(page => Keys.ListAsync(null, page, None), cursor);

    [Fact]
    public async Task ListAsync_CursorOfAnotherList_IsRefused()
    {
        for (var i = 0; i < 2; i++)
            await Storage.Connections.TryAddAsync(Some.Connection("a" + i), None);

        var page = await Storage.Connections.ListAsync(new(), new PageRequest(1), None);

        await RefusesCursorAsync(request => Keys.ListAsync(null, request, None), page.NextCursor!);
    }
}
