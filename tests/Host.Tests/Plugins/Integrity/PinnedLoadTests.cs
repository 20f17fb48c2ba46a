using System.Text.Json;
using IntegrationHub.Host.Plugins;
using IntegrationHub.Loading;

namespace IntegrationHub.Host.Tests.Plugins.Integrity;

/// <summary>Pins through the whole runtime: at start, at reload, and when the list changes.</summary>
public sealed class PinnedLoadTests
{
    [Fact]
    public async Task LoadAll_PinFits_Serves()
    {
        await using var plugins = new TestPluginHost(requirePins: true);
        var folder = plugins.WritePlugin("one", TestPluginHost.Manifest("one"));
        await LoadPinnedAsync(plugins, folder, PluginDigest.Compute(folder));

        Assert.Equal(PluginState.Loaded, plugins.Registry.Find("one")!.State);
        Assert.Empty(plugins.Audit.Entries);
    }

    [Fact]
    public async Task LoadAll_FileAddedAfterPinning_IsRefusedAndAudited()
    {
        await using var plugins = new TestPluginHost();
        var folder = plugins.WritePlugin("one", TestPluginHost.Manifest("one"));
        var pin = PluginDigest.Compute(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, "extra.dll"), "x");
        await LoadPinnedAsync(plugins, folder, pin);

        Assert.Null(plugins.Catalog.Find("one"));
        var record = plugins.Registry.Find("one")!;
        Assert.Equal(PluginState.Failed, record.State);
        Assert.Contains(pin, Assert.Single(record.Errors).Message, StringComparison.Ordinal);
        var entry = Assert.Single(plugins.Audit.Entries);
        Assert.Equal(("plugin.refused", "system", "one"), (entry.Action, entry.Actor, entry.Target));
    }

    [Fact]
    public async Task LoadAll_NotPinnedWherePinsAreRequired_IsRefusedBesideAPinnedOne()
    {
        await using var plugins = new TestPluginHost(requirePins: true);
        var pinned = plugins.WritePlugin("one", TestPluginHost.Manifest("one"));
        plugins.WritePlugin("two", TestPluginHost.Manifest("two"));
        await LoadPinnedAsync(plugins, pinned, PluginDigest.Compute(pinned), first: "*");

        Assert.Equal(["one"], plugins.Catalog.All.Select(provider => provider.Id));
        Assert.Contains("RequirePins", Assert.Single(plugins.Registry.Find("two")!.Errors).Message, StringComparison.Ordinal);
        Assert.Equal("two", Assert.Single(plugins.Audit.Entries).Target);
    }

    [Fact]
    public async Task Reload_FilesChangedAfterPinning_IsRefusedAndTheFormerServesOn()
    {
        await using var plugins = new TestPluginHost();
        var folder = plugins.WritePlugin("one", TestPluginHost.Manifest("one"));
        await LoadPinnedAsync(plugins, folder, PluginDigest.Compute(folder));
        plugins.WritePlugin("one", TestPluginHost.Manifest("one").Replace("1.0.0", "2.0.0", StringComparison.Ordinal));

        var record = await plugins.Host.ReloadAsync("one", CancellationToken.None);

        Assert.Equal("1.0.0", plugins.Catalog.Find("one")!.Manifest.Version);
        Assert.Contains("plugins.json pins", Assert.Single(record!.PendingErrors).Message, StringComparison.Ordinal);
        Assert.Equal("plugin.refused", Assert.Single(plugins.Audit.Entries).Action);
    }

    [Fact]
    public async Task Rescan_RefusedFilesUnchanged_AreNotTriedAndAuditedAgain()
    {
        await using var plugins = new TestPluginHost();
        var folder = plugins.WritePlugin("one", TestPluginHost.Manifest("one"));
        await LoadPinnedAsync(plugins, folder, new string('0', 64));

        await plugins.Host.RescanAsync(CancellationToken.None);
        await plugins.Host.RescanAsync(CancellationToken.None);

        Assert.Single(plugins.Audit.Entries);
    }

    [Fact]
    public async Task Rescan_ListPinsOtherFilesThanServe_StopsServing()
    {
        await using var plugins = new TestPluginHost();
        var folder = plugins.WritePlugin("one", TestPluginHost.Manifest("one"));
        await plugins.LoadAsync(folder);
        Assert.NotNull(plugins.Catalog.Find("one"));

        WritePinned(plugins, folder, new string('0', 64), first: null);
        await plugins.Host.RescanAsync(CancellationToken.None);

        Assert.Null(plugins.Catalog.Find("one"));
        Assert.Equal(PluginState.Failed, plugins.Registry.Find("one")!.State);

        WritePinned(plugins, folder, PluginDigest.Compute(folder), first: null);
        await plugins.Host.RescanAsync(CancellationToken.None);

        Assert.NotNull(plugins.Catalog.Find("one"));
    }

    private static async Task LoadPinnedAsync(TestPluginHost plugins, string folder, string pin, string? first = null)
    {
        WritePinned(plugins, folder, pin, first);
        await plugins.Host.LoadAllAsync(CancellationToken.None);
    }

    private static void WritePinned(TestPluginHost plugins, string folder, string pin, string? first)
    {
        object entry = new { path = folder, sha256 = pin };
        plugins.WriteList(JsonSerializer.Serialize(new { plugins = first is null ? [entry] : new[] { first, entry } }));
    }
}
