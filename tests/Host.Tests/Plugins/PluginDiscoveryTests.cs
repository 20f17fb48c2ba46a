using System.Text;
using IntegrationHub.Host.Plugins;

namespace IntegrationHub.Host.Tests.Plugins;

public sealed class PluginDiscoveryTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("not json", "")]
    [InlineData("[]", "")]
    [InlineData("""{ "plugins": ["\ud800"] }""", "")]
    [InlineData("{}", "/plugins")]
    [InlineData("""{ "plugins": "x" }""", "/plugins")]
    [InlineData("""{ "plugins": [], "plugin": 1 }""", "/plugin")]
    [InlineData("""{ "plugins": [1] }""", "/plugins/0")]
    [InlineData("""{ "plugins": [null] }""", "/plugins/0")]
    [InlineData("""{ "plugins": [" "] }""", "/plugins/0")]
    [InlineData("""{ "plugins": ["a\u0000b"] }""", "/plugins/0")]
    [InlineData("""{ "plugins": [{}] }""", "/plugins/0")]
    [InlineData("""{ "plugins": [{ "path": 1 }] }""", "/plugins/0/path")]
    [InlineData("""{ "plugins": [{ "path": "x", "enabled": "no" }] }""", "/plugins/0/enabled")]
    [InlineData("""{ "plugins": [{ "path": "x", "sha512": "00" }] }""", "/plugins/0/sha512")]
    public void Parse_BadList_SaysWhereAndLoadsNothing(string json, string pointer)
    {
        var list = PluginList.Parse("/x/plugins.json", Encoding.UTF8.GetBytes(json));

        Assert.DoesNotContain(list.Entries, entry => entry.Enabled);
        Assert.Equal(pointer, Assert.Single(list.Errors).Pointer);
    }

    [Fact]
    public void Find_EntryNotUnderstoodAfterAPattern_KeepsItsFolderOff()
    {
        var root = Directory.CreateTempSubdirectory("hub-list-").FullName;
        try
        {
            foreach (var name in (string[])["one", "two"])
                File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(root, name)).FullName, "manifest.json"), "{}");

            var list = PluginList.Parse(Path.Combine(root, "plugins.json"), """{ "plugins": ["*", { "path": "two", "sha512": "00" }] }"""u8.ToArray());

            Assert.Equal([("one", true), ("two", false)], PluginDiscovery.Find(list).Sources.Select(source => (Path.GetFileName(source.Folder), source.Enabled)));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    [Fact]
    public async Task LoadAll_NoList_WarnsAndLoadsNothing()
    {
        await using var plugins = new TestPluginHost();
        await plugins.Host.LoadAllAsync(CancellationToken.None);

        Assert.Empty(plugins.Registry.All);
        Assert.Contains("no plugin list", Assert.Single(plugins.Registry.List!.Warnings).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LoadAll_Pattern_TakesFoldersWithManifestAndLaterEntriesRefine()
    {
        await using var plugins = new TestPluginHost();
        Directory.CreateDirectory(Path.Combine(plugins.Folder, "p", "no-manifest"));
        plugins.WritePlugin("p/one", TestPluginHost.Manifest("one"));
        plugins.WritePlugin("p/two", TestPluginHost.Manifest("two"));
        plugins.WritePlugin("p/bad", """{ "manifestVersion": 1, "id": "bad", "nmae": "x" }""");
        plugins.WriteList("""
            { // comments are welcome
              "plugins": ["p/*", { "path": "p/two", "enabled": false }, "absent", "p/no-manifest", "p/**"] }
            """);
        await plugins.Host.LoadAllAsync(CancellationToken.None);

        Assert.Equal(["one"], plugins.Catalog.All.Select(provider => provider.Id));
        Assert.Equal(
            [("bad", PluginState.Failed), ("one", PluginState.Loaded), ("two", PluginState.Disabled)],
            plugins.Registry.All.Select(record => (record.Id, record.State)));
        Assert.NotEmpty(plugins.Registry.Find("bad")!.Errors);
        Assert.Equal(["/plugins/2", "/plugins/3", "/plugins/4"], plugins.Registry.List!.Errors.Select(issue => issue.Pointer));
    }

    [Fact]
    public async Task LoadAll_TwoFoldersOfOneId_FirstWinsAndBothPathsAreNamed()
    {
        await using var plugins = new TestPluginHost();
        var first = plugins.WritePlugin("b", TestPluginHost.Manifest("same"));
        var second = plugins.WritePlugin("a", TestPluginHost.Manifest("same"));
        await plugins.LoadAsync(first, second);

        Assert.Equal([PluginState.Loaded, PluginState.Failed], plugins.Registry.All.Select(record => record.State));
        var error = Assert.Single(plugins.Registry.All[1].Errors);
        Assert.Contains(first, error.Message, StringComparison.Ordinal);
        Assert.Contains(second, error.Message, StringComparison.Ordinal);
        Assert.Equal(PluginState.Loaded, plugins.Registry.Find("same")!.State);
    }

    [Theory]
    [InlineData("../outside.svg")]
    [InlineData("absent.svg")]
    [InlineData("icon.exe")]
    [InlineData("big.svg")]
    public async Task Load_BadIcon_IsAWarning(string icon)
    {
        await using var plugins = new TestPluginHost();
        var folder = plugins.WritePlugin("p/one", TestPluginHost.Manifest("one", $$""", "icon": "{{icon}}" """));
        await File.WriteAllTextAsync(Path.Combine(plugins.Folder, "p", "outside.svg"), "<svg/>");
        await File.WriteAllTextAsync(Path.Combine(folder, "icon.exe"), "x");
        await File.WriteAllTextAsync(Path.Combine(folder, "big.svg"), new string('x', 64 * 1024 + 1));
        await plugins.LoadAsync(folder);

        Assert.Null(plugins.Catalog.Find("one")?.Icon);
        var record = plugins.Registry.Find("one")!;
        Assert.Contains(record.Warnings.Concat(record.Errors), issue => issue.Pointer == "/icon");
    }
}
