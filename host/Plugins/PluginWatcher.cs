using System.Threading.Channels;
using IntegrationHub.Host.Access;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Plugins;

/// <summary>
/// Loads what changes on disk without being asked. What the system reports only wakes it: what to do is decided by looking, so that a lost report costs time and nothing else.
/// </summary>
internal sealed partial class PluginWatcher(
    PluginHost plugins,
    IAuditTrail audit,
    IOptions<PluginOptions> options,
    TimeProvider time,
    ILogger<PluginWatcher> logger) : BackgroundService
{
    // One report is as good as many.
    private readonly Channel<bool> reports = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Value.Watch)
            return;

        using var reporter = new FolderReporter(OnReport, OnLost, logger);
        var settled = true;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                reporter.Watch(plugins.WatchedFolders());
                var result = await plugins.ScanAsync(ScanMode.WhenSettled, stoppingToken);
                settled = result.Settled;
                foreach (var change in result.Changes)
                    await RecordAsync(change, stoppingToken);

                // The list may name other folders now.
                reporter.Watch(plugins.WatchedFolders());
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault)
            {
                Log.Failed(logger, fault);
            }

            if (await IsReportedAsync(settled ? options.Value.WatchInterval : options.Value.QuietTime, stoppingToken))
                await QuietAsync(stoppingToken);
        }
    }

    /// <summary>Waits until nothing was reported for a while; not for ever, since something may always be writing.</summary>
    private async Task QuietAsync(CancellationToken stoppingToken)
    {
        var since = time.GetTimestamp();
        while (time.GetElapsedTime(since) < options.Value.SettleLimit && await IsReportedAsync(options.Value.QuietTime, stoppingToken))
        {
            // Another report: the wait begins anew.
        }
    }

    private async Task<bool> IsReportedAsync(TimeSpan within, CancellationToken stoppingToken)
    {
        using var over = new CancellationTokenSource(within, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, stoppingToken);
        try
        {
            await reports.Reader.ReadAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private void OnReport(string path)
    {
        // Much goes on beside plugins, a database's log for one. Of that only what can be a new plugin, or the end of one, matters.
        if (plugins.Touch(path) is not null || Path.GetFileName(path) == PluginSource.ManifestName || Directory.Exists(path) || plugins.IsAbove(path) || plugins.IsList(path))
            reports.Writer.TryWrite(true);
    }

    private void OnLost()
    {
        plugins.TouchAll();
        reports.Writer.TryWrite(true);
    }

    private async Task RecordAsync(PluginChange change, CancellationToken stoppingToken) =>
        await audit.RecordAsync(time, Caller.System, change.Action, change.Id, null, null, new { change.Version, change.Sha256, Outcome = "succeeded" }, stoppingToken);

    private static partial class Log
    {
        [LoggerMessage(1041, LogLevel.Error, "The plugin folders could not be looked through; the hub tries again")]
        public static partial void Failed(ILogger logger, Exception fault);
    }
}
