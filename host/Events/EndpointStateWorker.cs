using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Events;

/// <summary>Saves the state of endpoints: what changed, in one write, some seconds after the first change, and at the end.</summary>
internal sealed partial class EndpointStateWorker(EndpointRegistry endpoints, IOptions<DeliveryOptions> options, TimeProvider time, ILogger<EndpointStateWorker> logger) : BackgroundService
{
    /// <summary>How old what is saved may be: so much of a failure's history a crash can lose.</summary>
    public static readonly TimeSpan SaveAfter = TimeSpan.FromSeconds(10);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await SaveAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await endpoints.Changed.WaitAsync(options.Value.Tick, time, stoppingToken);
                await Task.Delay(SaveAfter, time, stoppingToken);
                await SaveAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task SaveAsync(CancellationToken cancellationToken)
    {
        try
        {
            await endpoints.SaveAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Log.NotSaved(logger, exception);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3350, LogLevel.Warning, "The state of endpoints could not be saved; it is tried again")]
        public static partial void NotSaved(ILogger logger, Exception exception);
    }
}
