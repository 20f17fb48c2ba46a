using IntegrationHub.Adapters;
using IntegrationHub.Host.Plugins;

namespace IntegrationHub.Host.Tests.Plugins.Reload;

/// <summary>How former generations end: their calls, their disposal, their memory.</summary>
public sealed class UnloadTests
{
    [Fact]
    public async Task Retire_CallInFlight_FinishesOnItsOwnVersionBeforeTheDisposal()
    {
        await using var plugins = await ReplaceableAsync(new PluginOptions { UnloadCheck = TimeSpan.FromMilliseconds(20) });
        await using var slow = new HeldStream();
        var call = CallAsync(plugins, PluginFolder.Request(content: slow));
        await slow.Reached;

        await ReplaceAsync(plugins);
        Assert.Equal("2.0.0 two", await plugins.VersionAsync());
        Assert.Equal(RetiredState.Draining, Assert.Single(plugins.Record().Retired).State);

        slow.Release();
        Assert.Equal("1.0.0", (await call).Value.GetProperty("version").GetString());
        await plugins.GoneAsync(1);
    }

    [Fact]
    public async Task Retire_CallOutlastsTheDrain_IsCancelledThroughStopping()
    {
        await using var plugins = await ReplaceableAsync(new PluginOptions { DrainTimeout = TimeSpan.Zero, UnloadCheck = TimeSpan.FromMilliseconds(20) });
        var call = FaultOfAsync(WaitUntilStoppedAsync(plugins));

        await ReplaceAsync(plugins);

        Assert.Equal(typeof(OperationCanceledException), await call);
        await plugins.GoneAsync(1);
    }

    [Fact]
    public async Task Retire_CallIgnoresItsCancellation_IsReportedAndGoesWhenItEnds()
    {
        await using var plugins = await ReplaceableAsync(new PluginOptions
        {
            DrainTimeout = TimeSpan.Zero, CancelTimeout = TimeSpan.FromMilliseconds(20), UnloadCheck = TimeSpan.FromMilliseconds(20),
        });
        await using var slow = new HeldStream();
        var call = CallAsync(plugins, PluginFolder.Request(content: slow));
        await slow.Reached;

        await ReplaceAsync(plugins);
        await PluginFolder.EventuallyAsync(() => plugins.Record().Retired is [{ State: RetiredState.Pinned }]);
        Assert.Contains("still running", plugins.Record().Retired[0].LikelyCauses[0], StringComparison.Ordinal);
        Assert.Equal("2.0.0 two", await plugins.VersionAsync());

        slow.Release();

        // It was disposed under the call, which is the plugin's to notice: what it throws then is a typed error, as ever.
        Assert.Equal(ErrorCategory.ProviderError, (await call).Error?.Category);
        await plugins.GoneAsync(1);
    }

    [Theory]
    [InlineData("LeaksTimer", "System.Threading.Timer")]
    [InlineData("ListensForEver", "ProcessExit")]
    [InlineData("HangsInDispose", "DisposeAsync did not return")]
    public async Task Retire_PluginHoldsOn_IsReportedWithTheLikelyCause(string type, string cause)
    {
        await using var plugins = await HolderAsync(type);

        await plugins.Host.ReloadAsync("holds-on", CancellationToken.None);
        Assert.Equal(2, plugins.Record("holds-on").Generation);

        await PluginFolder.EventuallyAsync(() => plugins.Registry.Retired is [{ State: RetiredState.Pinned }], () => string.Join("; ", plugins.Registry.Retired));
        var pinned = Assert.Single(plugins.Record("holds-on").Retired);
        Assert.Equal(("holds-on", 1, "1.0.0", plugins.Record("holds-on").Sha256), (pinned.Plugin, pinned.Generation, pinned.Version, pinned.Sha256));
        Assert.Contains(pinned.LikelyCauses, said => said.Contains(cause, StringComparison.Ordinal));
        Assert.Equal(0, plugins.Record("holds-on").Unloaded);
        Assert.Equal("true", (await plugins.RunAsync("holds-on")).GetRawText());
    }

    [Fact]
    public async Task Retire_DisposalThrows_LeavesMemoryAllTheSame()
    {
        await using var plugins = await HolderAsync("ThrowsInDispose");
        await plugins.Host.ReloadAsync("holds-on", CancellationToken.None);

        await plugins.GoneAsync(1, "holds-on");
    }

    [Fact]
    public async Task Retire_PluginIsRemoved_WhatIsPinnedIsStillTold()
    {
        await using var plugins = await HolderAsync("LeaksTimer");
        plugins.WriteList("""{ "plugins": [] }""");
        await plugins.Host.RescanAsync(CancellationToken.None);

        Assert.Empty(plugins.Registry.All);
        await PluginFolder.EventuallyAsync(() => plugins.Registry.Retired is [{ State: RetiredState.Pinned, Plugin: "holds-on" }]);
    }

    private static async Task<TestPluginHost> ReplaceableAsync(PluginOptions options)
    {
        var plugins = new TestPluginHost(options: options);
        await plugins.LoadAsync(PluginFolder.WriteVersion(Path.Combine(plugins.Folder, "p"), 1));
        return plugins;
    }

    private static async Task<TestPluginHost> HolderAsync(string type)
    {
        var plugins = new TestPluginHost(options: new PluginOptions
        {
            UnloadCheck = TimeSpan.FromMilliseconds(10), DisposeTimeout = TimeSpan.FromMilliseconds(200), StopTimeout = TimeSpan.FromMilliseconds(200),
        });
        await plugins.LoadAsync(PluginFolder.Write(Path.Combine(plugins.Folder, "p"), "HoldsOn", manifest => manifest.Replace("LeaksTimer", type, StringComparison.Ordinal)));
        return plugins;
    }

    private static async Task ReplaceAsync(TestPluginHost plugins)
    {
        PluginFolder.WriteVersion(Path.Combine(plugins.Folder, "p"), 2);
        await plugins.Host.ReloadAsync("replaceable", CancellationToken.None);
    }

    private static async Task<OperationResult> CallAsync(TestPluginHost plugins, OperationRequest request)
    {
        using var lease = plugins.Catalog.Acquire("replaceable")!;
        return await lease.Provider.Adapter.ExecuteAsync(request, CancellationToken.None);
    }

    private static async Task<OperationResult> WaitUntilStoppedAsync(TestPluginHost plugins)
    {
        using var lease = plugins.Catalog.Acquire("replaceable")!;
        return await lease.Provider.Adapter.ExecuteAsync(PluginFolder.Request("wait"), lease.Provider.Stopping);
    }

    /// <summary>An exception's stack trace holds the code that it came through, so a test must not hold the exception, nor the task that failed with it.</summary>
    private static async Task<Type?> FaultOfAsync(Task<OperationResult> call)
    {
        try
        {
            await call;
            return null;
        }
        catch (Exception fault)
        {
            // Which class of cancellation it is says nothing.
            return fault is OperationCanceledException ? typeof(OperationCanceledException) : fault.GetType();
        }
        finally
        {
            call = null!;
        }
    }

    /// <summary>A stream whose reader waits until the test lets it go.</summary>
    private sealed class HeldStream : MemoryStream
    {
        private readonly TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Reached => reached.Task;

        public void Release() => released.SetResult();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            reached.TrySetResult();
            await released.Task;
            return 0;
        }
    }
}
