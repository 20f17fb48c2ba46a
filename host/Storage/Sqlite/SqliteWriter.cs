using Microsoft.Data.Sqlite;

namespace IntegrationHub.Host.Storage.Sqlite;

/// <summary>
/// The only one that writes. Takes whatever has gathered, runs it in one transaction, commits once, then tells the callers:
/// under load the cost of a durable commit is shared by all who wait for it.
/// </summary>
internal sealed partial class SqliteWriter : IAsyncDisposable
{
    private const string Begin = "BEGIN IMMEDIATE";
    private const string Commit = "COMMIT";
    private const string Rollback = "ROLLBACK";
    private const string Mark = "SAVEPOINT item";
    private const string Keep = "RELEASE item";
    private const string Undo = "ROLLBACK TO item";

    private const int CompletedTogether = 8;

    private readonly SqliteSession _session;
    private readonly IWriterState _state;
    private readonly string _file;
    private readonly SqliteOptions _options;
    private readonly Action? _beforeCommit;
    private readonly ILogger _logger;
    private readonly WriteQueue _queue;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _started;
    private long _committed;

    public SqliteWriter(SqliteSession session, IWriterState state, string file, SqliteOptions options, Action? beforeCommit, ILogger logger)
    {
        _session = session;
        _state = state;
        _file = file;
        _options = options;
        _beforeCommit = beforeCommit;
        _logger = logger;
        _queue = new WriteQueue(options.QueueCapacity);
        new Thread(Loop) { IsBackground = true, Name = "hub storage writer" }.Start();
    }

    /// <summary>Called on the writer's thread after each commit, with the pages it wrote.</summary>
    public Action<int>? Committed { get; set; }

    /// <summary>Called on the writer's thread when a commit failed for want of room, with the bytes of the largest write in it.</summary>
    public Action<int>? OutOfSpace { get; set; }

    /// <summary>The number of the last transaction that was begun, from 1.</summary>
    public long Started => Volatile.Read(ref _started);

    /// <summary>The number of the last transaction that was committed.</summary>
    public long LastCommitted => Volatile.Read(ref _committed);

    /// <summary>Adds a write, waiting for room; completes when it is durable.</summary>
    public async Task<T> WriteAsync<T>(Func<SqliteSession, T> work, int size, CancellationToken cancellationToken)
    {
        var item = new WriteItem<T>(work, size, betweenCommits: false, cancellationToken);
        await _queue.AddAsync(item, cancellationToken);
        return await item.Completion;
    }

    /// <summary>Adds a write unless the queue is full; the task completes when it is durable.</summary>
    /// <returns><see langword="null"/> when the queue is full.</returns>
    public Task<T>? TryWriteAsync<T>(Func<SqliteSession, T> work, int size, CancellationToken cancellationToken)
    {
        var item = new WriteItem<T>(work, size, betweenCommits: false, cancellationToken);
        return _queue.TryAdd(item) ? item.Completion : null;
    }

    /// <summary>Runs something on the writer's connection between two commits.</summary>
    public async Task<T> BetweenCommitsAsync<T>(Func<SqliteSession, T> work, CancellationToken cancellationToken)
    {
        var item = new WriteItem<T>(work, 0, betweenCommits: true, cancellationToken);
        await _queue.AddAsync(item, cancellationToken);
        return await item.Completion;
    }

    /// <summary>Commits what has been accepted, and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Close();
        await _ended.Task;
        _queue.Dispose();
    }

    private void Loop()
    {
        var group = new List<WriteItem>(_options.MaxGroupItems);
        while (_queue.Take(group, _options.MaxGroupItems, _options.MaxGroupBytes))
        {
            try
            {
                Write(group);
            }
            catch (Exception exception)
            {
                Log.CommitFailed(_logger, group.Count, exception);
                var failure = SqliteErrors.Translate(exception, _file);
                if (failure is StorageException fault && SqliteErrors.IsOfSpace(fault))
                    OutOfSpace?.Invoke(group.Max(static item => item.Size));

                Complete(group, failure);
            }

            group.Clear();
        }

        _ended.SetResult();
    }

    private void Write(List<WriteItem> group)
    {
        if (group is [{ BetweenCommits: true } alone])
        {
            alone.TryRun(_session);
            Complete(group);
            return;
        }

        try
        {
            if (!TryCommit(group, isolated: false))
                TryCommit(group, isolated: true);
        }
        catch
        {
            TryRollback();
            _state.RolledBack();
            throw;
        }

        Complete(group);

        try
        {
            Committed?.Invoke(_session.TakeWrittenPages());
        }
        catch (Exception exception)
        {
            // The callers have their answer; a checkpoint that failed is tried again after later commits.
            Log.AfterCommitFailed(_logger, exception);
        }
    }

    /// <summary>
    /// Tells the callers, on threads of the pool: a few callers a thread, for handing each of them over by itself costs more than what most of them have left to do.
    /// </summary>
    private void Complete(List<WriteItem> group, Exception? failure = null)
    {
        for (var at = 0; at < group.Count; at += CompletedTogether)
        {
            var some = group.GetRange(at, Math.Min(CompletedTogether, group.Count - at));
            ThreadPool.UnsafeQueueUserWorkItem(
                static work =>
                {
                    foreach (var item in work.Items)
                    {
                        if (work.Failure is not null)
                            item.Fail(work.Failure);
                        else if (item.Failure is SqliteException exception)
                            item.Fail(SqliteErrors.Translate(exception, work.File));
                        else
                            item.Complete();
                    }
                },
                (Items: some, File: _file, Failure: failure),
                preferLocal: false);
        }
    }

    /// <summary>
    /// Runs the group and commits it. Savepoints cost as much as the inserts they guard, so the group runs without them at first,
    /// and again with them only when an item failed that had changed something.
    /// </summary>
    /// <returns><see langword="false"/> when it must be run again, isolated.</returns>
    private bool TryCommit(List<WriteItem> group, bool isolated)
    {
        var number = Interlocked.Increment(ref _started);
        _session.Execute(Begin);
        foreach (var item in group)
        {
            if (isolated)
                _session.Execute(Mark);

            var before = _session.TotalChanges;
            var mark = _state.Mark();
            if (item.TryRun(_session))
            {
                if (isolated)
                    _session.Execute(Keep);

                continue;
            }

            // SQLite ends the transaction by itself on some faults; then nothing of the group is left.
            if (!_session.InTransaction || SqliteErrors.IsOfStorage(item.Failure!))
                throw item.Failure!;

            _state.UndoTo(mark);
            if (isolated)
            {
                _session.Execute(Undo);
                _session.Execute(Keep);
            }
            else if (_session.TotalChanges != before)
            {
                _session.Execute(Rollback);
                _state.RolledBack();
                return false;
            }
        }

        _state.BeforeCommit(_session);
        _beforeCommit?.Invoke();
        _session.Execute(Commit);
        _state.Committed();
        Volatile.Write(ref _committed, number);
        return true;
    }

    private void TryRollback()
    {
        try
        {
            if (_session.InTransaction)
                _session.Execute(Rollback);
        }
        catch (SqliteException exception)
        {
            Log.RollbackFailed(_logger, exception);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(7001, LogLevel.Error, "A commit of {Count} writes failed; none of them is stored, and their callers were told so")]
        public static partial void CommitFailed(ILogger logger, int count, Exception exception);

        [LoggerMessage(7002, LogLevel.Error, "A failed transaction could not be rolled back")]
        public static partial void RollbackFailed(ILogger logger, Exception exception);

        [LoggerMessage(7003, LogLevel.Warning, "Emptying the database's log failed; it is tried again later")]
        public static partial void AfterCommitFailed(ILogger logger, Exception exception);
    }
}
