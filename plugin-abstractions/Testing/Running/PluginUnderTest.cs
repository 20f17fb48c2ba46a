using System.Runtime.CompilerServices;
using IntegrationHub.Adapters;
using IntegrationHub.Loading;
using IntegrationHub.Manifests;
using IntegrationHub.Testing.Http;
using IntegrationHub.Webhooks;
using Microsoft.Extensions.Logging;

namespace IntegrationHub.Testing.Running;

/// <summary>A plugin as the hub runs it: its adapter started, in a load context of its own when it has code.</summary>
internal sealed class PluginUnderTest
{
    private readonly PluginSnapshot? copy;
    private IProviderAdapter? adapter;
    private PluginLoadContext? context;

    private PluginUnderTest(ProviderManifest manifest, SuiteHttp http, CapturedLogs logs, IProviderAdapter adapter, PluginLoadContext? context, PluginSnapshot? copy)
    {
        Manifest = manifest;
        Http = http;
        Logs = logs;
        this.adapter = adapter;
        this.context = context;
        this.copy = copy;
    }

    public ProviderManifest Manifest { get; }

    public SuiteHttp Http { get; }

    public CapturedLogs Logs { get; }

    public bool HasCode => context is not null;

    public IProviderAdapter Adapter => adapter ?? throw new InvalidOperationException("The plugin was released.");

    /// <summary>Loads and starts the plugin as the hub does.</summary>
    /// <exception cref="Exception">Whatever is wrong with its files or its code.</exception>
    public static async Task<PluginUnderTest> StartAsync(
        string folder, ProviderManifest manifest, ShadowFolders shadows, CapturedLogs logs, TimeSpan timeout, Action assembliesLoaded, CancellationToken cancellationToken)
    {
        var http = new SuiteHttp(manifest.Network);
        PluginLoadContext? context = null;
        PluginSnapshot? copy = null;
        try
        {
            Func<IProviderAdapter> create = static () => new RestAdapter();
            if (manifest.Entry is { } entry)
            {
                copy = shadows.Take(manifest.Id, folder);
                var assembly = PluginPaths.EntryAssembly(copy.Folder, entry.Assembly, folder);
                context = new PluginLoadContext($"plugin {manifest.Id} {manifest.Version} {Path.GetFileName(copy.Folder)}", assembly);
                create = Creator(context, assembly, entry);
            }

            assembliesLoaded();
            var given = new ProviderContext { Manifest = manifest, Loggers = logs, Time = SuiteClock.Instance, Http = http };
            var started = await new AdapterStarter(timeout, TimeProvider.System, logs.CreateLogger<AdapterStarter>()).StartAsync(create, given, null, cancellationToken).ConfigureAwait(false);
            return new PluginUnderTest(manifest, http, logs, started, context, copy);
        }
        catch
        {
            context?.Unload();
            copy?.TryDelete();
            throw;
        }
    }

    /// <summary>A receiver of the plugin's webhooks.</summary>
    public WebhookReceiver Receiver() => new(Manifest.Webhooks!, Adapter as IWebhookVerifier, SuiteClock.Instance);

    /// <summary>Lets go of the plugin and unloads its code.</summary>
    /// <returns>What shows whether it is gone; <see langword="null"/> without code.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public WeakReference? Release()
    {
        adapter = null;
        if (context is not { } loaded)
            return null;

        context = null;
        var observed = new WeakReference(loaded);
        loaded.Unload();
        copy?.TryDelete();
        return observed;
    }

    private static Func<IProviderAdapter> Creator(PluginLoadContext context, string assembly, EntryManifest entry)
    {
        var constructor = AdapterFactory.FindConstructor(context, assembly, entry);
        return () => (IProviderAdapter)constructor.Invoke(null);
    }
}
