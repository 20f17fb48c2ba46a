using IntegrationHub.Loading;
using IntegrationHub.Loading.Compatibility;
using IntegrationHub.Manifests;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Host.Tests.Plugins.Compatibility;

/// <summary>Real plugins, as compilers make them.</summary>
public sealed class PluginCompatibilityTests
{
    public static TheoryData<string> Plugins => [.. Directory.EnumerateDirectories(Repository.At("artifacts", "test-plugins")).Where(folder => File.Exists(Path.Combine(folder, "manifest.json"))).Select(folder => Path.GetFileName(folder)!).Order()];

    // What is proven before loading must be what loading then does: no plugin that loads is refused, and none that cannot load gets through.
    [Theory]
    [MemberData(nameof(Plugins))]
    public async Task Check_EachTestPlugin_AgreesWithLoadingIt(string name)
    {
        var (folder, manifest) = await ReadAsync(TestPluginHost.TestPlugin(name));
        if (manifest.Entry is not { } entry)
            return;

        var context = new PluginLoadContext(name, PluginPaths.EntryAssembly(folder, entry.Assembly));
        Exception? fault = null;
        try
        {
            // Running the constructor would also run what the plugin does wrong on purpose; preparing it resolves the same references.
            var constructor = AdapterFactory.FindConstructor(context, PluginPaths.EntryAssembly(folder, entry.Assembly), entry);
            System.Runtime.CompilerServices.RuntimeHelpers.PrepareMethod(constructor.MethodHandle);
        }
        catch (Exception caught)
        {
            fault = caught;
        }
        finally
        {
            context.Unload();
        }

        var report = PluginCompatibility.Check(folder, manifest);

        Assert.True(report.Errors.Count == 0 == fault is null, $"{fault?.Message}\n{string.Join('\n', report.Errors)}");
        Assert.All(report.Errors, issue => Assert.False(string.IsNullOrWhiteSpace(issue.Hint)));
    }

    [Fact]
    public async Task Check_WellBehavedPlugin_HasNothingToSay()
    {
        var (folder, manifest) = await ReadAsync(TestPluginHost.TestPlugin("WellBehaved"));
        var report = PluginCompatibility.Check(folder, manifest);

        Assert.Empty(report.Errors);
        Assert.Empty(report.Warnings);
    }

    [Fact]
    public async Task Check_PluginWithLargeLibraries_HasNothingToSay()
    {
        var (folder, manifest) = await ReadAsync(Repository.At("plugins", "s3"));
        var report = PluginCompatibility.Check(folder, manifest);

        Assert.Empty(report.Errors);
        Assert.Empty(report.Warnings);
    }

    [Fact]
    public async Task Check_PluginBuiltAgainstTheNextMinorContract_NamesEverythingItUsesOfIt()
    {
        var (folder, manifest) = await ReadAsync(TestPluginHost.TestPlugin("NewerMinor"));

        var errors = PluginCompatibility.Check(folder, manifest).Errors;

        const string Where = "/entry/assembly";
        TestFolder.AssertSome(errors, Where, "IntegrationHub.Abstractions 1.1.0.0", "this hub has 1.0.0.0");
        TestFolder.AssertSome(errors, Where, "needs IntegrationHub.Adapters.AdapterHealth, which this hub's contract 1.0 does not have");
        TestFolder.AssertSome(errors, Where, "needs IntegrationHub.Adapters.RestAdapter.Warm(string, CancellationToken)");
        Assert.Equal(3, errors.Count);
    }

    [Fact]
    public async Task Check_ManifestOnlyPlugin_HasNothingToSay()
    {
        var (folder, manifest) = await ReadAsync(Repository.At("plugins", "stripe"));

        Assert.Empty(PluginCompatibility.Check(folder, manifest).Errors);
    }

    [Fact]
    public async Task Require_SomethingDoesNotFit_ThrowsAllOfIt()
    {
        var (folder, manifest) = await ReadAsync(TestPluginHost.TestPlugin("NewerMinor"));

        Assert.Equal(PluginCompatibility.Check(folder, manifest).Errors, Assert.Throws<PluginLoadException>(() => PluginCompatibility.Require(folder, manifest)).Issues);
    }

    private static async Task<(string Folder, ProviderManifest Manifest)> ReadAsync(string folder)
    {
        var read = ManifestReader.Read(await File.ReadAllBytesAsync(Path.Combine(folder, "manifest.json")));
        return (folder, Assert.IsType<ProviderManifest>(read.Manifest));
    }
}
