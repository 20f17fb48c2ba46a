using IntegrationHub.Host.Http;
using IntegrationHub.Host.Insights;

namespace IntegrationHub.Host.Tests.Storage;

public abstract class UsageStoreCompliance : StoreCompliance
{
    private IUsageStore Usage => Storage.Usage;

    [Fact]
    public async Task AddAsync_EveryField_IsReadBack()
    {
        var full = Some.Usage();
        var bare = Some.Usage() with { ProviderStatus = null, ProviderRequestId = null, Outcome = "timeout" };

        await Usage.AddAsync([full, bare], None);

        Assert.Equal([bare, full], (await Usage.ListAsync(new UsageQuery(), new PageRequest(), None)).Items);
    }

    [Fact]
    public async Task AddAsync_Nothing_IsFine()
    {
        await Usage.AddAsync([], None);

        Assert.Empty((await Usage.ListAsync(new UsageQuery(), new PageRequest(), None)).Items);
    }

    [Fact]
    public async Task ListAsync_ByEachFilterInPages_GivesWhatMatchesNewestFirst()
    {
        UsageRecord[] records = [Some.Usage("conn_1"), Some.Usage("conn_2", "blog"), Some.Usage("conn_1") with { Provider = "slack" }, Some.Usage("conn_1", "blog")];
        await Usage.AddAsync(records, None);

        Assert.Equal([records[3], records[2], records[1], records[0]], await AllAsync(new UsageQuery()));
        Assert.Equal([records[3], records[2], records[0]], await AllAsync(new UsageQuery { ConnectionId = "conn_1" }));
        Assert.Equal([records[2]], await AllAsync(new UsageQuery { Provider = "slack" }));
        Assert.Equal([records[3], records[1]], await AllAsync(new UsageQuery { VisibleProjects = new HashSet<string> { "blog" } }));
    }

    [Theory]
    [MemberData(nameof(HostileCursors))]
    public Task ListAsync_HostileCursor_IsRefused(string cursor) => RefusesCursorAsync(page => Usage.ListAsync(new UsageQuery(), page, None), cursor);

    private Task<List<UsageRecord>> AllAsync(UsageQuery query) => ReadAllAsync(page => Usage.ListAsync(query, page, None), 1);
}
