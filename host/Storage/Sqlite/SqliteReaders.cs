using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace IntegrationHub.Host.Storage.Sqlite;

/// <summary>A few connections that only read. Each read sees everything committed before it began, and never waits for the writer.</summary>
internal sealed class SqliteReaders(string file, int count) : IAsyncDisposable
{
    private const int CacheKilobytes = 4 * 1024;

    private readonly SemaphoreSlim _free = new(count);
    private readonly ConcurrentBag<SqliteSession> _idle = [];
    private volatile bool _closed;

    public async Task<T> ReadAsync<T>(Func<SqliteSession, T> work, CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken);
        try
        {
            if (_closed)
                throw new StorageException("The storage is closed: the hub is shutting down.");

            if (!_idle.TryTake(out var session))
                session = SqliteSession.Open(file, SqliteOpenMode.ReadOnly, CacheKilobytes);

            try
            {
                // Disposing the registration waits for a running callback, so an interrupt never hits the session's next read.
                using var registration = cancellationToken.UnsafeRegister(static state => ((SqliteSession)state!).Interrupt(), session);
                return work(session);
            }
            finally
            {
                _idle.Add(session);
            }
        }
        catch (SqliteException exception) when (exception.SqliteErrorCode == raw.SQLITE_INTERRUPT)
        {
            throw new OperationCanceledException("The read was cancelled.", exception, cancellationToken);
        }
        catch (SqliteException exception)
        {
            throw SqliteErrors.Translate(exception, file);
        }
        finally
        {
            _free.Release();
        }
    }

    /// <summary>Waits for the reads that run, and closes.</summary>
    public async ValueTask DisposeAsync()
    {
        _closed = true;
        for (var i = 0; i < count; i++)
            await _free.WaitAsync(CancellationToken.None);

        while (_idle.TryTake(out var session))
            session.Dispose();

        // Whoever still waits is let in, to be told that it is closed.
        _free.Release(count);
    }
}
