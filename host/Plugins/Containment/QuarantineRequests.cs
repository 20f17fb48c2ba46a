using System.Threading.Channels;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Plugins;

/// <summary>Who asked to be quarantined, until <see cref="QuarantineWorker"/> sees to it: a fault is noticed in the middle of a call, which must not wait for it. Thread-safe.</summary>
internal sealed class QuarantineRequests
{
    private readonly Channel<(FaultLedger Ledger, ValidationIssue Reason)> waiting = Channel.CreateUnbounded<(FaultLedger, ValidationIssue)>(new() { SingleReader = true });

    /// <summary>Each ledger asks once, so the channel holds no more than there are plugins.</summary>
    public void Add(FaultLedger ledger, ValidationIssue reason) => waiting.Writer.TryWrite((ledger, reason));

    public IAsyncEnumerable<(FaultLedger Ledger, ValidationIssue Reason)> TakeAsync(CancellationToken cancellationToken) => waiting.Reader.ReadAllAsync(cancellationToken);
}

/// <summary>Quarantines the plugins whose faults are too many.</summary>
internal sealed partial class QuarantineWorker(QuarantineRequests requests, IPluginControl plugins, QuarantineAudit audit, ILogger<QuarantineWorker> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await QuarantineAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The hub stops, or could not start: no fault of this worker.
        }
    }

    private async Task QuarantineAsync(CancellationToken stoppingToken)
    {
        await foreach (var (ledger, reason) in requests.TakeAsync(stoppingToken))
        {
            try
            {
                if (await plugins.QuarantineAsync(ledger, reason, stoppingToken) is { } record)
                    await audit.RecordAsync(record.Id, reason, record.Sha256, stoppingToken);
            }
            catch (Exception fault) when (fault is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                // The ledger is closed all the same: nothing calls the plugin until the hub restarts.
                Log.NotKept(logger, fault, ledger.Plugin);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1210, LogLevel.Error, "Plugin {Plugin} is not called any more, but its quarantine could not be kept: it will be loaded again when the hub restarts")]
        public static partial void NotKept(ILogger logger, Exception fault, string plugin);
    }
}
