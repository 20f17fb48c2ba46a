using System.Runtime.CompilerServices;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Loading;

namespace IntegrationHub.Host.Plugins;

/// <summary>One generation of a plugin in memory: the provider it serves and what must go when it goes.</summary>
internal sealed class PluginInstance(LoadedProvider provider, PluginLoadContext? context, PluginSnapshot snapshot, CancellationTokenSource stopping)
{
    // The token source is never disposed: it has no timer and nothing is linked into it, and a call that outlives the drain still asks it.
    // These two are forgotten when it is unloaded: whoever still holds the instance must not hold the plugin's types.
    private LoadedProvider? provider = provider;
    private PluginLoadContext? context = context;

    public string Id { get; } = provider.Id;

    public string Version { get; } = provider.Manifest.Version;

    /// <summary>Where the faults of this generation are counted; <see langword="null"/> when it has no code of its own.</summary>
    public FaultLedger? Ledger { get; } = provider.Adapter switch
    {
        GuardedAdapter adapter => adapter.Ledger,
        GuardedVerifier verifier => verifier.Adapter.Ledger,
        _ => null,
    };

    /// <summary>Its native libraries; <see langword="null"/> when it has no code of its own.</summary>
    public LoadedLibraries? Libraries { get; } = context?.Libraries;

    public PluginSnapshot Snapshot { get; } = snapshot;

    /// <summary>Counts the plugin's loads, from 1. Given when it begins to serve.</summary>
    public int Generation { get; set; }

    public LoadedProvider Provider => provider ?? throw new ObjectDisposedException($"plugin {Id} {Version}");

    /// <summary>Cancels the calls that still run.</summary>
    public void CancelCalls() => stopping.Cancel();

    /// <summary>Disposes the adapter, on a thread of its own: it may block for ever.</summary>
    public Task DisposeAdapterAsync()
    {
        var adapter = Provider.Adapter;
        return Task.Factory.StartNew(() => DisposeAsync(adapter), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
    }

    /// <summary>Lets go of everything. What is not held by anyone else leaves memory some collections later.</summary>
    /// <returns>Whether its assemblies are still there; <see langword="null"/> when it had none.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public WeakReference? Unload()
    {
        // Its finaliser would take it for dead too early: the context lives on, resurrected, as long as its assemblies do.
        var seen = context is null ? null : new WeakReference(context, trackResurrection: true);
        context?.Unload();
        context = null;
        provider = null;
        return seen;
    }

    private static async Task DisposeAsync(IProviderAdapter adapter) => await adapter.DisposeAsync();
}
