using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace IntegrationHub.Host.Storage.Sqlite;

/// <summary>Tells faults of the storage (disk, file, memory) from faults of one statement, and says them in an operator's words.</summary>
internal static class SqliteErrors
{
    /// <summary>Whether everything that was to be committed with the failed statement fails with it.</summary>
    public static bool IsOfStorage(Exception exception) =>
        exception is IOException
        || (exception is SqliteException { SqliteErrorCode: var code }
            && code is raw.SQLITE_FULL or raw.SQLITE_IOERR or raw.SQLITE_NOMEM or raw.SQLITE_CORRUPT or raw.SQLITE_READONLY
                or raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_CANTOPEN or raw.SQLITE_NOTADB or raw.SQLITE_PERM or raw.SQLITE_AUTH);

    /// <summary>Whether room may have been wanting: SQLite says that it is full, or, where a file of its own cannot grow, that the disk failed.</summary>
    public static bool IsOfSpace(StorageException exception) => exception.InnerException is SqliteException { SqliteErrorCode: raw.SQLITE_FULL or raw.SQLITE_IOERR };

    public static Exception Translate(Exception exception, string file) => exception switch
    {
        SqliteException sqlite => new StorageException(Describe(sqlite, file), sqlite),
        IOException or UnauthorizedAccessException => new StorageException($"The database {file} cannot be used: {exception.Message}", exception),
        _ => exception,
    };

    private static string Describe(SqliteException exception, string file) => exception.SqliteErrorCode switch
    {
        raw.SQLITE_FULL => $"The disk that holds {file} is full. Make room; the hub goes on by itself.",
        raw.SQLITE_IOERR => $"Reading or writing {file} failed ({exception.Message}). Check the disk and the system's log.",
        raw.SQLITE_NOTADB => $"{file} is no database of the hub. Restore it from a backup, or name another data folder.",
        raw.SQLITE_CORRUPT => $"The database {file} is damaged. Stop the hub and restore it from a backup.",
        raw.SQLITE_READONLY or raw.SQLITE_PERM => $"The database {file} cannot be written. Let the hub's user own the data folder and its files.",
        raw.SQLITE_CANTOPEN => $"The database {file} cannot be opened. Check that the data folder exists and that the hub's user owns it.",
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED => $"Another program keeps the database {file} locked. Close it; the hub goes on by itself.",
        raw.SQLITE_NOMEM => "SQLite ran out of memory.",
        _ => $"The database {file} refused a statement: {exception.Message}",
    };
}
