using IntegrationHub.Host.Events;
using IntegrationHub.Host.Events.Retention;

namespace IntegrationHub.Host.Tests.Storage;

public abstract class ProjectRetentionStoreCompliance : StoreCompliance
{
    private IProjectRetentionStore Store => Storage.ProjectRetention;

    [Fact]
    public async Task SaveAsync_EveryField_IsReadBackAndReplaced()
    {
        var all = new ProjectRetention { RawBodies = TimeSpan.Zero, Events = TimeSpan.FromDays(3650), Deliveries = TimeSpan.FromHours(1), Attempts = TimeSpan.FromSeconds(3661) };
        var first = new SetRetention("shop", all, Some.Time(), "key_1");
        var second = new SetRetention("shop", new ProjectRetention { Attempts = TimeSpan.FromDays(1) }, Some.Time().AddDays(1), "key_2");
        var other = new SetRetention("bank", new ProjectRetention(), Some.Time(), "bootstrap");

        await Store.SaveAsync(first, None);
        Assert.Equal([first], await Store.ListAsync(None));
        await Store.SaveAsync(other, None);
        await Store.SaveAsync(second, None);

        Assert.Equal([other, second], (await Store.ListAsync(None)).OrderBy(one => one.Project, StringComparer.Ordinal));
    }

    [Fact]
    public async Task DeleteAsync_LeavesTheOthers_AndWhatIsNotIsNothing()
    {
        var bank = new SetRetention("bank", new ProjectRetention { Events = TimeSpan.FromDays(1) }, Some.Time(), "key_1");
        await Store.SaveAsync(bank, None);
        await Store.SaveAsync(bank with { Project = "shop" }, None);

        await Store.DeleteAsync("shop", None);
        await Store.DeleteAsync("shop", None);

        Assert.Equal([bank], await Store.ListAsync(None));
    }
}
