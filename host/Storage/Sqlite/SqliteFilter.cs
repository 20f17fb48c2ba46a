using IntegrationHub.Host.Http;
using Microsoft.Data.Sqlite;

namespace IntegrationHub.Host.Storage.Sqlite;

/// <summary>Builds the conditions of a list, newest first, and cuts it into pages. Column names come from the stores, never from callers.</summary>
internal sealed class SqliteFilter(string list, PageRequest page)
{
    private readonly List<string> _conditions = [];
    private readonly List<(string Name, object? Value)> _arguments = [];
    private readonly int _limit = Math.Clamp(page.Limit, 1, PageRequest.MaxLimit);

    public SqliteFilter Equal(string column, string? value) => value is null ? this : Add($"{column} = {{0}}", value);

    /// <summary>From a time on, and before another.</summary>
    public SqliteFilter Between(string column, DateTimeOffset? from, DateTimeOffset? to)
    {
        if (from is { } first)
            Add($"{column} >= {{0}}", first.ToStored());

        if (to is { } end)
            Add($"{column} < {{0}}", end.ToStored());

        return this;
    }

    /// <summary>One of the values; all when there are none to choose by.</summary>
    public SqliteFilter In(string column, IReadOnlySet<string>? values) => values switch
    {
        null => this,
        { Count: 1 } => Equal(column, values.First()),
        _ => Add($"{column} IN (SELECT value FROM json_each({{0}}))", SqliteValues.ToJson(values)),
    };

    /// <summary>One of the numbers; all when there are none to choose by.</summary>
    public SqliteFilter OneOf(string column, IReadOnlyList<long>? numbers) =>
        numbers is null ? this : Add($"{column} IN (SELECT value FROM json_each({{0}}))", SqliteValues.ToJson(numbers));

    /// <summary>A condition of constant text over a value; none when there is no value.</summary>
    public SqliteFilter Where(string condition, string? value) => value is null ? this : Add(condition, value);

    /// <summary>A condition of constant text.</summary>
    public SqliteFilter Where(string? condition)
    {
        if (condition is not null)
            _conditions.Add(condition);

        return this;
    }

    /// <summary>
    /// A pattern over dotted types. An exact type uses its index. With wildcards the list is walked newest first and the index left alone (the unary plus):
    /// a page of a broad pattern is then full after a few rows, where the index would have every matching row fetched and sorted.
    /// </summary>
    public SqliteFilter Matching(string column, string? pattern)
    {
        if (pattern is null || !SqliteTypePattern.HasWildcard(pattern))
            return Equal(column, pattern);

        // What is literal at the start spares most rows the call. '/' follows '.': the range holds the prefix itself and everything below it.
        var prefix = SqliteTypePattern.LiteralPrefix(pattern);
        if (prefix.Length > 0)
        {
            Add($"+{column} >= {{0}}", prefix);
            Add($"+{column} < {{0}}", prefix + "/");
        }

        return Add($"{SqliteTypePattern.Function}({{0}}, {column})", pattern);
    }

    /// <summary>Reads a page sorted by a unique text key.</summary>
    public Page<T> ReadById<T>(SqliteSession session, string select, string idColumn, Func<SqliteDataReader, T> map, Func<T, string> id)
    {
        if (page.Cursor is not null)
            Add($"{idColumn} < {{0}}", PageCursor.Read(list, page.Cursor).Id);

        return Read(session, $"{select}{Conditions} ORDER BY {idColumn} DESC LIMIT {_limit + 1}", map, last => PageCursor.Write(list, 0, id(last)));
    }

    /// <summary>Reads a page sorted by a unique number.</summary>
    public Page<T> ReadByNumber<T>(SqliteSession session, string select, string numberColumn, Func<SqliteDataReader, T> map, Func<T, long> number)
    {
        if (page.Cursor is not null)
            Add($"{numberColumn} < {{0}}", PageCursor.Read(list, page.Cursor).Number);

        return Read(session, $"{select}{Conditions} ORDER BY {numberColumn} DESC LIMIT {_limit + 1}", map, last => PageCursor.Write(list, number(last)));
    }

    /// <summary>Reads a page sorted by a time and, among equals, by a unique text key.</summary>
    public Page<T> ReadByTime<T>(
        SqliteSession session, string select, string timeColumn, string idColumn, Func<SqliteDataReader, T> map, Func<T, (DateTimeOffset Time, string Id)> key)
    {
        if (page.Cursor is not null)
        {
            var (time, id) = PageCursor.Read(list, page.Cursor);
            _arguments.Add(("$after", id));
            Add($"({timeColumn}, {idColumn}) < ({{0}}, $after)", time);
        }

        return Read(session, $"{select}{Conditions} ORDER BY {timeColumn} DESC, {idColumn} DESC LIMIT {_limit + 1}", map, last =>
        {
            var (time, id) = key(last);
            return PageCursor.Write(list, time.ToStored(), id);
        });
    }

    /// <summary>Reads all rows of a query that limits itself, with conditions of constant text over numbers besides.</summary>
    public List<T> ReadAll<T>(SqliteSession session, string select, string rest, Func<SqliteDataReader, T> map, params ReadOnlySpan<(string Condition, long Value)> conditions)
    {
        foreach (var (condition, value) in conditions)
            Add(condition, value);

        return session.Query(select + Conditions + rest, map, [.. _arguments]);
    }

    /// <summary>A number as it stands in a statement.</summary>
    public static string Number(long value) => value.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private string Conditions => _conditions.Count == 0 ? "" : " WHERE " + string.Join(" AND ", _conditions);

    private Page<T> Read<T>(SqliteSession session, string sql, Func<SqliteDataReader, T> map, Func<T, string> cursor)
    {
        var rows = session.Query(sql, map, [.. _arguments]);
        if (rows.Count <= _limit)
            return new Page<T>(rows, null);

        rows.RemoveAt(rows.Count - 1);
        return new Page<T>(rows, cursor(rows[^1]));
    }

    private SqliteFilter Add(string condition, object value)
    {
        var name = "$p" + _arguments.Count;
        _arguments.Add((name, value));
        _conditions.Add(condition.Replace("{0}", name, StringComparison.Ordinal));
        return this;
    }
}
