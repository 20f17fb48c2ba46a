using IntegrationHub.Adapters;
using IntegrationHub.Loading;
using IntegrationHub.Manifests;
using IntegrationHub.Testing.Checks;
using IntegrationHub.Testing.Quality;
using IntegrationHub.Testing.Running;

namespace IntegrationHub.Testing.Suite;

/// <summary>One run of the suite.</summary>
internal static class ConformanceSuite
{
    public static async Task<ConformanceReport> RunAsync(string folder, ConformanceOptions options, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var log = new SuiteLog(options);
        var read = ManifestChecks.Rules(log, folder);
        if (read?.Manifest is { } manifest)
        {
            ManifestChecks.Files(log, folder, manifest);
            ManifestChecks.Compile(log, manifest);
            ManifestChecks.Compatible(log, folder, manifest);
            if (!log.Failed("manifest.compile") && !log.Failed("plugin.compatible"))
                await LoadAsync(folder, manifest, options, log, cancellationToken).ConfigureAwait(false);
        }

        var requirements = QualityRules.Judge(read?.Manifest, folder, options, log);
        return new ConformanceReport
        {
            PluginId = read?.Id,
            Version = read?.Manifest?.Version,
            Kind = read?.Manifest?.Entry is null ? "manifest" : "code",
            Seed = options.Seed,
            Checks = log.Checks,
            Findings = log.Findings,
            Requirements = requirements,
            Level = QualityRules.LevelOf(requirements),
        };
    }

    private static async Task LoadAsync(string folder, ProviderManifest manifest, ConformanceOptions options, SuiteLog log, CancellationToken cancellationToken)
    {
        var work = Directory.CreateTempSubdirectory("hub-conformance-");
        try
        {
            var shadows = new ShadowFolders(work.FullName);
            var (fresh, used, reason) = await RunLoadedAsync(folder, manifest, options, log, shadows, cancellationToken).ConfigureAwait(false);
            await LifecycleChecks.UnloadAsync(log, manifest, fresh, used, reason, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Delete(work);
        }
    }

    /// <summary>Everything that holds on to the plugin's code: when it has returned, nothing does.</summary>
    private static async Task<(WeakReference? Fresh, WeakReference? Used, string? Reason)> RunLoadedAsync(
        string folder, ProviderManifest manifest, ConformanceOptions options, SuiteLog log, ShadowFolders shadows, CancellationToken cancellationToken)
    {
        var plugin = await StartAsync(folder, manifest, options, log, shadows, cancellationToken).ConfigureAwait(false);
        if (plugin is null)
            return (null, null, "the plugin did not start");

        var suite = Context(folder, manifest, options, log, plugin);
        await ChecksAsync(suite, cancellationToken).ConfigureAwait(false);
        await LifecycleChecks.DisposeAsync(suite, cancellationToken).ConfigureAwait(false);
        LifecycleChecks.Blocking(suite);
        LeakChecks.Run(suite);
        var used = plugin.Release();
        if (suite.Blocked.Operations.Any())
            return (null, null, "a call into the plugin still runs, and holds it");

        return (manifest.Entry is null ? null : await FreshAsync(folder, manifest, options, shadows, cancellationToken).ConfigureAwait(false), used, null);
    }

    private static async Task<PluginUnderTest?> StartAsync(
        string folder, ProviderManifest manifest, ConformanceOptions options, SuiteLog log, ShadowFolders shadows, CancellationToken cancellationToken)
    {
        PluginUnderTest? plugin = null;
        Exception? failedStart = null;
        var loaded = false;
        await log.RunAsync("plugin.load", "the plugin loads", async check =>
        {
            check.Case();
            try
            {
                plugin = await PluginUnderTest.StartAsync(folder, manifest, shadows, new CapturedLogs(), options.CallTimeout, () => loaded = true, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
            {
                if (loaded)
                    failedStart = fault;
                else
                    foreach (var issue in PluginFaults.Explain(fault, "while its assemblies were loaded"))
                        check.Error(issue);
            }
        }, cancellationToken).ConfigureAwait(false);
        if (!loaded)
            return null;

        log.Run("lifecycle.start", "constructor and InitializeAsync return", check =>
        {
            check.Case();
            foreach (var issue in failedStart is null ? [] : PluginFaults.Explain(failedStart, "while it started"))
                check.Error(issue);

            if (plugin is not null && manifest.Webhooks?.Verify.Any(scheme => scheme.Scheme == VerifyScheme.Custom) == true && plugin.Adapter is not IWebhookVerifier)
            {
                check.Error("/webhooks/verify", $"The scheme is 'custom', and the plugin's class does not implement {typeof(IWebhookVerifier).FullName}.", "Implement it beside IProviderAdapter.");
                plugin.Release();
                plugin = null;
            }
        });
        return plugin;
    }

    private static SuiteContext Context(string folder, ProviderManifest manifest, ConformanceOptions options, SuiteLog log, PluginUnderTest plugin)
    {
        var connections = new ConnectionMaker(manifest, options);
        var caller = new Caller(plugin, connections, options);
        var operations = manifest.Operations.Select(pair => new OperationSamples(pair.Key, pair.Value, options)).ToList();
        var suite = new SuiteContext
        {
            Folder = folder,
            Options = options,
            Log = log,
            Manifest = manifest,
            Plugin = plugin,
            Connections = connections,
            Caller = caller,
            Provider = new SimulatedProvider(manifest),
            Operations = operations,
            Secrets = new SecretWatch(
                connections,
                manifest.Auth.SelectMany(auth => auth.Apply?.Query.Keys ?? []).ToHashSet(StringComparer.Ordinal),
                operations.ToDictionary(operation => operation.Name, operation => operation.SecretResults, StringComparer.Ordinal)),
            Blocked = new BlockedCalls(),
            Denied = new DeniedRequests(),
        };
        caller.Observed += suite.Blocked.Inspect;
        caller.Observed += suite.Denied.Inspect;
        caller.Observed += suite.Secrets.Inspect;
        return suite;
    }

    private static async Task ChecksAsync(SuiteContext suite, CancellationToken cancellationToken)
    {
        var made = suite.Connections.Problem(suite.Connections.Environments[0]);
        suite.Log.Run("operations.config", "a connection can be set up from the config schema", check =>
        {
            check.Case();
            if (made is not null)
                check.Error("/config", made, "Correct the schema, or give ConformanceOptions.Config.");
        });
        await OperationChecks.RunAsync(suite, cancellationToken).ConfigureAwait(false);
        await WireChecks.RunAsync(suite, cancellationToken).ConfigureAwait(false);
        await FuzzChecks.RunAsync(suite, cancellationToken).ConfigureAwait(false);
        await FaultChecks.RunAsync(suite, cancellationToken).ConfigureAwait(false);
        await CallChecks.RunAsync(suite, cancellationToken).ConfigureAwait(false);
        await WebhookChecks.RunAsync(suite, cancellationToken).ConfigureAwait(false);
        await RecordedChecks.RunAsync(suite, cancellationToken).ConfigureAwait(false);
        await ContractChecks.RunAsync(suite, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Another instance that is never called: whether it can be unloaded tells what pins the one that was.</summary>
    private static async Task<WeakReference?> FreshAsync(string folder, ProviderManifest manifest, ConformanceOptions options, ShadowFolders shadows, CancellationToken cancellationToken)
    {
        try
        {
            var plugin = await PluginUnderTest.StartAsync(folder, manifest, shadows, new CapturedLogs(), options.CallTimeout, () => { }, cancellationToken).ConfigureAwait(false);
            await Task.Run(() => plugin.Adapter.DisposeAsync().AsTask(), CancellationToken.None).WaitAsync(options.CallTimeout, cancellationToken).ConfigureAwait(false);
            return plugin.Release();
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            // It started and was disposed once: what fails now was reported then, or is no matter of unloading.
            return null;
        }
    }

    private static void Delete(DirectoryInfo folder)
    {
        try
        {
            folder.Delete(recursive: true);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Files of code that stays loaded, on Windows: the system's temporary folder is cleaned by others.
        }
    }
}
