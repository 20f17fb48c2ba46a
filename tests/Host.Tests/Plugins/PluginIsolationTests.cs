using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Plugins;
using IntegrationHub.Loading;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Tests.Plugins;

/// <summary>Real plugin assemblies, each wrong in its own way, loaded beside good ones.</summary>
public sealed class PluginIsolationTests
{
    [Fact]
    public async Task LoadAll_GoodPluginsAmongBrokenOnes_GoodServeAndBrokenAreExplained()
    {
        await using var plugins = new TestPluginHost(startTimeout: TimeSpan.FromSeconds(10));
        await plugins.LoadAsync(
        [
            .. new[]
            {
                "ThrowsInConstructor", "HangsInConstructor", "HangsInInitialize", "MissingDependency", "WrongType", "OwnContract", "NewerContract", "UsesHostPackage",
                "WellBehaved", "ReturnsNull", "LibraryV1User", "LibraryV2User",
            }.Select(TestPluginHost.TestPlugin),
        ]);

        Assert.Equal(["library-v1-user", "library-v2-user", "returns-null", "well-behaved"], plugins.Catalog.All.Select(provider => provider.Id));
        Assert.Equal("true", (await RunAsync(plugins, "well-behaved")).Value.GetRawText());
        Assert.Equal(ErrorCategory.ProviderError, (await RunAsync(plugins, "returns-null")).Error?.Category);

        // Two versions of one library, side by side.
        Assert.Equal("one", (await RunAsync(plugins, "library-v1-user")).Value.GetString());
        Assert.Equal("two", (await RunAsync(plugins, "library-v2-user")).Value.GetString());

        AssertFailed(plugins, "throws-in-constructor", "/entry/type", "System.InvalidOperationException", "no luck today");
        AssertFailed(plugins, "hangs-in-constructor", "/entry/type", "did not start within 10 s", "constructor");
        AssertFailed(plugins, "hangs-in-initialize", "/entry/type", "did not start within 10 s", "InitializeAsync");
        AssertFailed(plugins, "missing-dependency", "/entry/assembly", "ExampleLibrary", "not in its folder");
        AssertFailed(plugins, "wrong-type", "/entry/type", "does not implement IntegrationHub.Adapters.IProviderAdapter");
        AssertFailed(plugins, "own-contract", "/entry/type", "private copy of IntegrationHub.Adapters.IProviderAdapter", "OwnContract");
        AssertFailed(plugins, "newer-contract", "/entry/assembly", "IntegrationHub.Abstractions 9.0.0.0", "shared with the host");
        AssertFailed(plugins, "uses-host-package", "/entry/assembly", "Dapper", "not in its folder");
    }

    [Fact]
    public async Task Load_CodePlugin_RunsFromItsShadowCopyInItsOwnContext()
    {
        await using var plugins = new TestPluginHost();
        await plugins.LoadAsync(TestPluginHost.TestPlugin("WellBehaved"));

        var adapter = Assert.IsType<GuardedAdapter>(plugins.Catalog.Find("well-behaved")!.Adapter).Plugin!;
        var assembly = adapter.GetType().Assembly;
        Assert.StartsWith(Path.Combine(plugins.Folder, "data", "plugins-shadow", "well-behaved"), assembly.Location, StringComparison.Ordinal);
        Assert.IsType<PluginLoadContext>(System.Runtime.Loader.AssemblyLoadContext.GetLoadContext(assembly));
        Assert.Same(typeof(IProviderAdapter), adapter.GetType().GetInterface(typeof(IProviderAdapter).FullName!));
    }

    [Fact]
    public async Task LoadAll_ShadowOfAnEarlierRun_IsRemoved()
    {
        await using var plugins = new TestPluginHost();
        var left = Directory.CreateDirectory(Path.Combine(plugins.Folder, "data", "plugins-shadow", "old")).FullName;
        await plugins.LoadAsync(TestPluginHost.TestPlugin("WellBehaved"));

        Assert.False(Directory.Exists(left));
    }

    [Theory]
    [InlineData("absent.dll", "A.B", "/entry/assembly", "neither in")]
    [InlineData("../WellBehaved.dll", "A.B", "/entry/assembly", "plain file name")]
    [InlineData("junk.dll", "A.B", "/entry/assembly", "no .NET assembly")]
    [InlineData("WellBehaved.dll", "WellBehaved.adapter", "/entry/type", "has no class")]
    [InlineData("WellBehaved.dll", "Nowhere.Adapter", "/entry/type", "has no class")]
    public async Task Load_BadEntry_IsExplained(string assembly, string type, string pointer, string message)
    {
        await using var plugins = new TestPluginHost();
        var folder = plugins.WritePlugin("bad", TestPluginHost.Manifest("bad", $$""", "entry": { "assembly": "{{assembly}}", "type": "{{type}}" } """));
        File.Copy(Path.Combine(TestPluginHost.TestPlugin("WellBehaved"), "WellBehaved.dll"), Path.Combine(folder, "WellBehaved.dll"));
        await File.WriteAllTextAsync(Path.Combine(folder, "junk.dll"), "this is no assembly");
        await plugins.LoadAsync(folder);

        AssertFailed(plugins, "bad", pointer, message);
    }

    [Fact]
    public async Task Load_TypeOfAlmostTheRightName_IsSuggested()
    {
        await using var plugins = new TestPluginHost();
        var folder = plugins.WritePlugin("near", TestPluginHost.Manifest("near", """, "entry": { "assembly": "WellBehaved.dll", "type": "WellBehaved.adapter" } """));
        File.Copy(Path.Combine(TestPluginHost.TestPlugin("WellBehaved"), "WellBehaved.dll"), Path.Combine(folder, "WellBehaved.dll"));
        await plugins.LoadAsync(folder);

        Assert.Contains("WellBehaved.Adapter", Assert.Single(plugins.Registry.Find("near")!.Errors).Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dispose_LeaseStillHeld_StopsAtTheDeadlineAndLeaseStaysUsable()
    {
        var plugins = new TestPluginHost();
        await plugins.LoadAsync(TestPluginHost.TestPlugin("WellBehaved"));
        using var lease = plugins.Catalog.Acquire("well-behaved")!;
        var stopping = plugins.DisposeAsync();

        Assert.Null(plugins.Catalog.Acquire("well-behaved"));
        Assert.Equal("true", (await lease.Provider.Adapter.ExecuteAsync(Request("well-behaved"), default)).Value.GetRawText());
        lease.Dispose();
        await stopping;
    }

    private static async Task<OperationResult> RunAsync(TestPluginHost plugins, string id)
    {
        using var lease = plugins.Catalog.Acquire(id)!;
        return await lease.Provider.Adapter.ExecuteAsync(Request(id), CancellationToken.None);
    }

    private static OperationRequest Request(string provider) => new()
    {
        Operation = "run",
        Parameters = JsonElement.Parse("{}"),
        CorrelationId = "req_1",
        Connection = new ConnectionContext { Id = "conn_1", Project = "default", Provider = provider, Environment = "dev", Alias = "default", Config = JsonElement.Parse("{}") },
    };

    private static void AssertFailed(TestPluginHost plugins, string id, string pointer, params string[] says)
    {
        var record = plugins.Registry.Find(id);
        Assert.NotNull(record);
        Assert.Equal(PluginState.Failed, record.State);
        Assert.Null(plugins.Catalog.Find(id));
        var issue = Assert.IsType<ValidationIssue>(record.Errors[0]);
        Assert.Equal(pointer, issue.Pointer);
        Assert.All(says, part => Assert.Contains(part, issue.Message, StringComparison.Ordinal));
        Assert.False(string.IsNullOrWhiteSpace(issue.Hint));
    }
}
