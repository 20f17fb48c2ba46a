using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace IntegrationHub.Host.Storage.Sqlite;

/// <summary>One connection with its prepared statements. Used by one thread at a time.</summary>
internal sealed class SqliteSession : IDisposable
{
    private const int CachedStatements = 256;

    private readonly SqliteConnection _connection;
    private readonly Dictionary<string, SqliteCommand> _queries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SqliteStatement> _changes = new(StringComparer.Ordinal);

    private SqliteSession(SqliteConnection connection) => _connection = connection;

    /// <summary>Rows changed since the connection was opened, rolled-back ones included.</summary>
    public int TotalChanges => raw.sqlite3_total_changes(_connection.Handle);

    public bool InTransaction => raw.sqlite3_get_autocommit(_connection.Handle) == 0;

    public static SqliteSession Open(string file, SqliteOpenMode mode, int cacheKilobytes)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = file,
            Mode = mode,
            Pooling = false,
            DefaultTimeout = 30,
        }.ToString());
        try
        {
            connection.Open();
            var session = new SqliteSession(connection);

            // No memory-mapped reads: an I/O error would then be a signal that kills the process, not an error.
            session.Run($"PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0; PRAGMA cache_size = -{cacheKilobytes};");
            connection.CreateFunction<string, string, bool>(SqliteTypePattern.Function, SqliteTypePattern.Matches, isDeterministic: true);
            return session;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Runs a script of constant text, unprepared.</summary>
    public void Run(string script)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = script;
        command.ExecuteNonQuery();
    }

    /// <returns>How many rows were changed.</returns>
    public int Execute(string sql, params ReadOnlySpan<(string Name, object? Value)> arguments)
    {
        if (!_changes.TryGetValue(sql, out var statement))
        {
            MakeRoom(_changes);
            _changes.Add(sql, statement = new SqliteStatement(_connection.Handle!, sql, arguments));
        }

        return statement.Execute(arguments);
    }

    public List<T> Query<T>(string sql, Func<SqliteDataReader, T> map, params ReadOnlySpan<(string Name, object? Value)> arguments)
    {
        var rows = new List<T>();
        using var reader = Prepare(sql, arguments).ExecuteReader();
        while (reader.Read())
            rows.Add(map(reader));

        return rows;
    }

    /// <returns>The first row, or the default of <typeparamref name="T"/>.</returns>
    public T? First<T>(string sql, Func<SqliteDataReader, T> map, params ReadOnlySpan<(string Name, object? Value)> arguments)
    {
        using var reader = Prepare(sql, arguments).ExecuteReader();
        return reader.Read() ? map(reader) : default;
    }

    public bool Any(string sql, params ReadOnlySpan<(string Name, object? Value)> arguments) => First(sql, static _ => true, arguments);

    /// <summary>Stops the running statement, from any thread.</summary>
    public void Interrupt() => raw.sqlite3_interrupt(_connection.Handle);

    /// <summary>Pages written to the log since this was last asked.</summary>
    public int TakeWrittenPages()
    {
        const int cacheWrite = 9; // SQLITE_DBSTATUS_CACHE_WRITE
        return raw.sqlite3_db_status(_connection.Handle, cacheWrite, out var pages, out _, resetFlg: 1) == raw.SQLITE_OK ? pages : 0;
    }

    public void Dispose()
    {
        Clear(_queries);
        Clear(_changes);
        _connection.Dispose();
    }

    // Lists build their text from the filters given: few forms in practice, but never an unbounded number.
    private static void MakeRoom<T>(Dictionary<string, T> prepared)
        where T : IDisposable
    {
        if (prepared.Count >= CachedStatements)
            Clear(prepared);
    }

    private static void Clear<T>(Dictionary<string, T> prepared)
        where T : IDisposable
    {
        foreach (var one in prepared.Values)
            one.Dispose();

        prepared.Clear();
    }

    private SqliteCommand Prepare(string sql, ReadOnlySpan<(string Name, object? Value)> arguments)
    {
        if (_queries.TryGetValue(sql, out var command))
        {
            for (var i = 0; i < arguments.Length; i++)
                command.Parameters[i].Value = arguments[i].Value ?? DBNull.Value;

            return command;
        }

        MakeRoom(_queries);
        command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in arguments)
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);

        _queries.Add(sql, command);
        return command;
    }
}
