using System.Runtime.Loader;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Egress;
using IntegrationHub.Loading;
using IntegrationHub.Manifests;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Plugins;

/// <summary>Starts plugins with code behind their fault boundary: nothing of such a plugin runs but through what this returns. Thread-safe.</summary>
internal sealed class PluginContainment(
    QuarantineRequests requests,
    StartMarkers markers,
    IOptions<PluginOptions> options,
    IOptions<PluginLimits> limits,
    IOptions<QuarantineOptions> policy,
    TimeProvider time,
    ILoggerFactory loggers)
{
    /// <summary>Waiting code has one thread, code that waits for itself another, and some are for what runs beside.</summary>
    private const int SpareThreads = 16;

    private readonly ILogger logger = loggers.CreateLogger<PluginContainment>();
    private readonly AdapterStarter starter = new(options.Value.StartTimeout, time, loggers.CreateLogger<AdapterStarter>());

    /// <summary>Creates and initialises the plugin's adapter.</summary>
    /// <param name="create">Its constructor.</param>
    /// <param name="manifest">Its manifest.</param>
    /// <param name="sha256">Its files, if known.</param>
    /// <param name="context">Where its assemblies are loaded; <see langword="null"/> when it has none: the built-in adapter is the host's own code, and needs no boundary.</param>
    /// <param name="http">The HTTP it may use; disposed with it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="PluginLoadException">It did not start.</exception>
    public async Task<IProviderAdapter> StartAsync(
        Func<IProviderAdapter> create, ProviderManifest manifest, string? sha256, AssemblyLoadContext? context, ProviderHttp http, CancellationToken cancellationToken)
    {
        var id = manifest.Id;
        if (context is null)
        {
            var adapter = create();
            await adapter.InitializeAsync(ContextFor(manifest, http, null), cancellationToken);
            return adapter;
        }

        var ledger = new FaultLedger(id, policy.Value, requests, time, logger);
        var budget = new LogBudget(id, limits.Value, ledger, time, logger);
        StrayExceptions.Watch(context, ledger, alone => markers.Write(alone
            ? new StartMarker(id, sha256, "ended the process (Environment.Exit)", Certain: true)
            : new StartMarker(id, sha256, "ran, and it or another that ran ended the process (Environment.Exit)")));
        var threads = new PluginThreads(id, (2 * limits.Value.ConcurrentCalls) + SpareThreads);
        using var mark = await markers.BeginAsync(id, sha256, cancellationToken);
        ledger.Enter();
        try
        {
            var adapter = await starter.StartAsync(create, ContextFor(manifest, http, budget), threads, cancellationToken);
            return new GuardedAdapter(adapter, id, ledger, threads, budget, limits.Value, time, logger, http).ForHost();
        }
        catch (Exception)
        {
            ledger.Retire();
            budget.Close();
            threads.Dispose();
            http.Dispose();
            throw;
        }
        finally
        {
            ledger.Leave();
        }
    }

    private ProviderContext ContextFor(ProviderManifest manifest, IProviderHttp http, LogBudget? budget) => new()
    {
        Manifest = manifest,
        Loggers = new PluginLoggerFactory(loggers, manifest.Id, budget, limits.Value.LogMessage),
        Time = time,
        Http = http,
    };
}
