using System.Buffers;
using System.Diagnostics;
using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace IntegrationHub.Host.Storage.Sqlite;

/// <summary>
/// A prepared statement that changes something. Parameters are found by name once; <see cref="SqliteCommand"/> looks each of them up for every row, which costs more than the row.
/// Used by one thread at a time.
/// </summary>
internal sealed class SqliteStatement : IDisposable
{
    private const int StackBytes = 512;

    /// <summary>As long as <see cref="SqliteCommand"/> waits for a lock by default. Within it SQLite itself waits as <c>busy_timeout</c> says.</summary>
    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(30);

    private readonly sqlite3 database;
    private readonly sqlite3_stmt statement;
    private readonly int[] places;

    public SqliteStatement(sqlite3 database, string sql, ReadOnlySpan<(string Name, object? Value)> arguments)
    {
        this.database = database;
        Check(raw.sqlite3_prepare_v2(database, sql, out statement, out var rest));

        // An argument that the statement does not name is not used: what a row is made of is one list for all statements.
        places = new int[arguments.Length];
        for (var i = 0; i < places.Length; i++)
            places[i] = raw.sqlite3_bind_parameter_index(statement, arguments[i].Name);

        var fault = !string.IsNullOrWhiteSpace(rest) ? "Only one statement is prepared; scripts are run."
            : raw.sqlite3_bind_parameter_count(statement) != places.Where(place => place > 0).Distinct().Count() ? "The statement has parameters that were not given."
            : null;
        if (fault is null)
            return;

        statement.Dispose();
        throw new ArgumentException(fault);
    }

    /// <summary>Runs it to its end. The arguments come in the same order each time.</summary>
    /// <returns>How many rows were changed.</returns>
    /// <exception cref="SqliteException">It failed, or another program kept the database locked.</exception>
    public int Execute(ReadOnlySpan<(string Name, object? Value)> arguments)
    {
        if (arguments.Length != places.Length)
            throw new ArgumentException("The arguments are not those that the statement was prepared with.", nameof(arguments));

        try
        {
            for (var i = 0; i < places.Length; i++)
                if (places[i] > 0)
                    Check(Bind(places[i], arguments[i].Value));

            var begun = Stopwatch.GetTimestamp();
            int code;
            while ((code = raw.sqlite3_step(statement)) != raw.SQLITE_DONE)
            {
                if (code == raw.SQLITE_ROW)
                    continue;

                if (code is not (raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_LOCKED_SHAREDCACHE) || Stopwatch.GetElapsedTime(begun) > LockPatience)
                    Check(code);

                raw.sqlite3_reset(statement);
                Thread.Sleep(20);
            }

            return raw.sqlite3_changes(database);
        }
        finally
        {
            // It answers with the error of the step, which has been told. What was bound is let go of: it may be large, or secret.
            raw.sqlite3_reset(statement);
            raw.sqlite3_clear_bindings(statement);
        }
    }

    public void Dispose() => statement.Dispose();

    private int Bind(int place, object? value) => value switch
    {
        null or DBNull => raw.sqlite3_bind_null(statement, place),
        string text => Bind(place, text),
        long number => raw.sqlite3_bind_int64(statement, place, number),
        int number => raw.sqlite3_bind_int64(statement, place, number),
        bool flag => raw.sqlite3_bind_int64(statement, place, flag ? 1 : 0),
        double number => raw.sqlite3_bind_double(statement, place, number),
        byte[] { Length: 0 } => raw.sqlite3_bind_zeroblob(statement, place, 0),
        byte[] bytes => raw.sqlite3_bind_blob(statement, place, bytes),
        _ => throw new ArgumentException($"A {value.GetType().Name} has no form in the database.", nameof(value)),
    };

    private int Bind(int place, string text)
    {
        // An empty span has no address, and would become NULL.
        if (text.Length == 0)
            return raw.sqlite3_bind_text(statement, place, text);

        var most = Encoding.UTF8.GetMaxByteCount(text.Length);
        if (most <= StackBytes)
        {
            Span<byte> few = stackalloc byte[StackBytes];
            return raw.sqlite3_bind_text(statement, place, few[..Encoding.UTF8.GetBytes(text, few)]);
        }

        var many = ArrayPool<byte>.Shared.Rent(most);
        try
        {
            return raw.sqlite3_bind_text(statement, place, many.AsSpan(0, Encoding.UTF8.GetBytes(text, many)));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(many, clearArray: true);
        }
    }

    private void Check(int code)
    {
        if (code is not (raw.SQLITE_OK or raw.SQLITE_DONE or raw.SQLITE_ROW))
            SqliteException.ThrowExceptionForRC(code, database);
    }
}
