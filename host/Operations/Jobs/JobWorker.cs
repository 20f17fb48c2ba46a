using System.Collections.Concurrent;
using IntegrationHub.Host.Insights;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Operations.Jobs;

/// <summary>
/// Runs jobs. One loop leases what is due and starts it; it sleeps until something wakes it or the next job is due. A job whose worker is gone is taken over when its lease has
/// expired; the record of its effect then decides whether it may be run again.
/// </summary>
internal sealed partial class JobWorker(
    IJobStore jobs, JobRunner runner, JobSignal signal, IHubEvents events, IOptions<JobOptions> options, TimeProvider time, ILogger<JobWorker> logger) : BackgroundService
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestFaultPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ReleaseTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan[] RecordRetries = [TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5)];

    private readonly JobOptions options = options.Value;
    private readonly Lock gate = new();
    private readonly Dictionary<string, int> running = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Task> tasks = new();
    private readonly CancellationTokenSource abort = new();
    private int inFlight;

    /// <summary>Tells this process's leases from those of others.</summary>
    public string Owner { get; } = $"{Environment.MachineName}/{Environment.ProcessId}/{Guid.NewGuid():N}";

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // Runs in flight may finish until the host's patience ends; then they are broken off, and what they leave behind says so.
        await using var patience = cancellationToken.Register(abort.Cancel);
        await base.StopAsync(cancellationToken);
        if (ExecuteTask is { } loop)
            await loop.WaitAsync(ReleaseTimeout, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public override void Dispose()
    {
        abort.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var faults = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await LeaseAsync(stoppingToken);
                var pause = await PauseAsync(stoppingToken);
                faults = 0;
                await signal.WaitAsync(pause, time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception exception)
            {
                Log.QueueFailed(logger, exception);
                var pause = TimeSpan.FromSeconds(Math.Min(LongestFaultPause.TotalSeconds, Math.Pow(2, faults++)));
                await Task.Delay(pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        await Task.WhenAll(tasks.Values);
    }

    private async Task LeaseAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            // One connection's share at the most, so that none gets more leases than it may use at once.
            var (free, full) = Room();
            if (free < 1)
                return;

            var wanted = Math.Min(free, options.ConcurrencyPerConnection);
            var leased = await jobs.LeaseAsync(Owner, time.GetUtcNow(), options.Lease, wanted, full, [.. tasks.Keys], cancellationToken);
            var surplus = leased.Where(job => !TryEnter(job)).Select(job => job.Id).ToList();
            if (surplus.Count > 0)
                await jobs.ReleaseAsync(Owner, surplus, CancellationToken.None);

            if (leased.Count < wanted)
                return;
        }
    }

    private (int Free, IReadOnlyCollection<string> Full) Room()
    {
        lock (gate)
            return (options.Concurrency - inFlight, [.. running.Where(pair => pair.Value >= options.ConcurrencyPerConnection).Select(pair => pair.Key)]);
    }

    private bool TryEnter(Job job)
    {
        lock (gate)
        {
            var count = running.GetValueOrDefault(job.ConnectionId);
            if (count >= options.ConcurrencyPerConnection)
                return false;

            running[job.ConnectionId] = count + 1;
            inFlight++;
        }

        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        tasks[job.Id] = ended.Task;
        _ = Task.Run(async () =>
        {
            try
            {
                await HandleAsync(job);
            }
            finally
            {
                Leave(job);
                tasks.TryRemove(job.Id, out _);
                ended.SetResult();
                signal.Wake();
            }
        });
        return true;
    }

    private void Leave(Job job)
    {
        lock (gate)
        {
            inFlight--;
            if (--running[job.ConnectionId] == 0)
                running.Remove(job.ConnectionId);
        }
    }

    private async Task<TimeSpan> PauseAsync(CancellationToken cancellationToken)
    {
        // Without room nothing can be leased before a run ends, and that wakes.
        if (Room().Free < 1 || await jobs.NextDueAsync(cancellationToken) is not { } due)
            return options.Tick;

        // Due already, yet not leased: its connection has all the runs it may have, or another node has just taken it.
        var pause = due - time.GetUtcNow();
        return pause > options.Tick ? options.Tick : pause > TimeSpan.Zero ? pause : ShortestPause;
    }

    /// <summary>Throws nothing.</summary>
    private async Task HandleAsync(Job job)
    {
        try
        {
            var ran = await runner.RunAsync(job, abort.Token);
            await RecordAsync(ran);
            await TellAsync(ran);
        }
        catch (Exception exception)
        {
            // The lease ends by itself; the record of the effect then decides.
            Log.RunLost(logger, exception, job.Id);
        }
    }

    private async Task RecordAsync(Job job)
    {
        for (var retry = 0; ; retry++)
        {
            try
            {
                await jobs.RecordAsync(Owner, job, CancellationToken.None);
                return;
            }
            catch (Exception exception) when (retry < RecordRetries.Length)
            {
                Log.RecordFailed(logger, exception, job.Id);
                await Task.Delay(RecordRetries[retry], time, abort.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task TellAsync(Job job)
    {
        if (job.State == JobState.Queued)
        {
            Log.WillRetry(logger, job.Id, job.Begun, job.Reason, job.NextRunAt);
            return;
        }

        Log.Ended(logger, job.Id, job.State, job.Reason);
        await events.PublishAsync(
            new HubNotice
            {
                Type = $"job.{job.State.ToString().ToLowerInvariant()}",
                Project = job.Project,
                Environment = job.Environment,
                Subject = job.Id,
                CorrelationId = job.CorrelationId,
                Data = new { job = job.Id, connection = job.ConnectionId, job.Provider, job.Operation, job.ErrorCode, job.Reason, effect = job.EffectId, runs = job.Runs.Count },
            },
            CancellationToken.None);
    }

    private static partial class Log
    {
        [LoggerMessage(3031, LogLevel.Error, "The queue of jobs could not be read; trying again")]
        public static partial void QueueFailed(ILogger logger, Exception exception);

        [LoggerMessage(3032, LogLevel.Error, "Job {Job}: the run's outcome is lost; the record of its effect decides when its lease has expired")]
        public static partial void RunLost(ILogger logger, Exception exception, string job);

        [LoggerMessage(3033, LogLevel.Warning, "Job {Job}: the run could not be recorded; trying again")]
        public static partial void RecordFailed(ILogger logger, Exception exception, string job);

        [LoggerMessage(3034, LogLevel.Information, "Job {Job}: run {Run} failed ({Reason}); next at {NextRunAt}")]
        public static partial void WillRetry(ILogger logger, string job, int run, string? reason, DateTimeOffset nextRunAt);

        [LoggerMessage(3035, LogLevel.Information, "Job {Job} ended: {State} {Reason}")]
        public static partial void Ended(ILogger logger, string job, JobState state, string? reason);
    }
}
