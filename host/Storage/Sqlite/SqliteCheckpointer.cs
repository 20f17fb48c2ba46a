using Microsoft.Data.Sqlite;

namespace IntegrationHub.Host.Storage.Sqlite;

/// <summary>
/// Copies the log into the database in the background, so that no commit pays for it. When writes never pause, a background copy
/// is always a little behind and the log could not start over; the writer then copies the small rest itself, between two commits.
/// </summary>
internal sealed partial class SqliteCheckpointer : IAsyncDisposable
{
    private const string Passive = "PRAGMA wal_checkpoint(PASSIVE)";

    private readonly SqliteSession _session;
    private readonly SqliteWriter _writer;
    private readonly SqliteOptions _options;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _due = new(0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;
    private long _pages;
    private long _startedBefore;

    public SqliteCheckpointer(SqliteSession session, SqliteWriter writer, SqliteOptions options, ILogger logger)
    {
        _session = session;
        _writer = writer;
        _options = options;
        _logger = logger;
        writer.Committed = Count;
        _loop = Task.Run(RunAsync);
    }

    /// <summary>How many checkpoints have copied something.</summary>
    public long Completed { get; private set; }

    public async ValueTask DisposeAsync()
    {
        _writer.Committed = null;
        await _stop.CancelAsync();
        await _loop;
        _session.Dispose();
        _stop.Dispose();
        _due.Dispose();
    }

    /// <summary>Copies what no reader is in the way of.</summary>
    /// <returns>Pages in the log, and how many of them are copied.</returns>
    public static (int Log, int Copied) Copy(SqliteSession session) =>
        session.First(Passive, static row => (row.GetInt32(1), row.GetInt32(2)));

    private void Count(int pages)
    {
        if (Interlocked.Add(ref _pages, pages) >= _options.CheckpointPages && _due.CurrentCount == 0)
            _due.Release();
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                await _due.WaitAsync(_stop.Token);

                // SQLite before 3.51.3 can damage the database when a checkpoint starts on a log that is copied whole while a commit starts that log over
                // (sqlite.org/wal.html#walresetbug). A transaction that began after the last checkpoint ended has added to the log, so it is not copied whole.
                if (_writer.LastCommitted <= _startedBefore)
                    continue;

                await CheckpointAsync();
                _startedBefore = _writer.Started;
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }

    private async Task CheckpointAsync()
    {
        try
        {
            Interlocked.Exchange(ref _pages, 0);
            var (log, _) = Copy(_session);
            if (log > _options.MaxLogPages)
                await _writer.BetweenCommitsAsync(static session => Copy(session), _stop.Token);

            Completed++;
        }
        catch (Exception exception) when (exception is SqliteException or StorageException)
        {
            Log.Failed(_logger, exception);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(7011, LogLevel.Warning, "Copying the log into the database failed; it is tried again later")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
