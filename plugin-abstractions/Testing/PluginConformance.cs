using IntegrationHub.Testing.Suite;

namespace IntegrationHub.Testing;

/// <summary>
/// Runs the conformance suite against a plugin's folder, in this process, without a network: the manifest's rules, every operation against its simulator, made-up parameters,
/// failures, webhooks, cancellation, blocking, unloading, secrets and egress. Works in every test framework: <c>await PluginConformance.AssertAsync(folder);</c>
/// </summary>
/// <remarks>
/// Thread-safe; runs of different plugins may go on side by side. Code is loaded as the hub loads it, from a copy, in a context of its own. Code that blocks for ever
/// keeps its thread until the process ends.
/// </remarks>
public static class PluginConformance
{
    /// <summary>Runs the suite.</summary>
    /// <param name="pluginFolder">The folder with <c>manifest.json</c>; of a code plugin after its build.</param>
    /// <param name="options">What differs from the defaults.</param>
    /// <param name="cancellationToken">Ends the run early, with an exception.</param>
    /// <returns>Everything that was found. Whatever the plugin does, and a fault of the suite itself, is a finding and never an exception.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static Task<ConformanceReport> RunAsync(string pluginFolder, ConformanceOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(pluginFolder);
        return ConformanceSuite.RunAsync(Path.GetFullPath(pluginFolder), options ?? new ConformanceOptions(), cancellationToken);
    }

    /// <summary>Runs the suite and throws when the plugin has errors, or less than <see cref="ConformanceOptions.MinimumLevel"/>.</summary>
    /// <param name="pluginFolder">The folder with <c>manifest.json</c>; of a code plugin after its build.</param>
    /// <param name="options">What differs from the defaults.</param>
    /// <param name="cancellationToken">Ends the run early.</param>
    /// <returns>The report, for further asserts.</returns>
    /// <exception cref="ConformanceException">The plugin does not conform; the message is the report.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async Task<ConformanceReport> AssertAsync(string pluginFolder, ConformanceOptions? options = null, CancellationToken cancellationToken = default)
    {
        var report = await RunAsync(pluginFolder, options, cancellationToken).ConfigureAwait(false);
        var fails = !report.Passed || report.Level < options?.MinimumLevel || (options?.WarningsAreErrors == true && report.Findings.Count > 0);
        return fails ? throw new ConformanceException(report) : report;
    }
}
