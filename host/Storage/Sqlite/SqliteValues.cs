using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace IntegrationHub.Host.Storage.Sqlite;

/// <summary>How values are kept: times as 100-nanosecond ticks since 1970 (exact, and they sort), lists and objects as JSON.</summary>
internal static class SqliteValues
{
    private static readonly JsonSerializerOptions JsonOptions = new(JsonSerializerDefaults.Web);

    public static long ToStored(this DateTimeOffset time) => time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks;

    public static object? ToStored(this DateTimeOffset? time) => time is { } value ? value.ToStored() : null;

    public static long ToStored(this bool value) => value ? 1 : 0;

    /// <summary>The bytes as an array, without a copy where they are a whole one.</summary>
    public static byte[] ToStored(this ReadOnlyMemory<byte> bytes) =>
        MemoryMarshal.TryGetArray(bytes, out var segment) && segment.Offset == 0 && segment.Array!.Length == segment.Count ? segment.Array : bytes.ToArray();

    public static string ToJson<T>(T value) => JsonSerializer.Serialize(value, JsonOptions);

    public static DateTimeOffset Time(this SqliteDataReader row, int column) => FromStored(row.GetInt64(column));

    public static DateTimeOffset? TimeOrNull(this SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.Time(column);

    public static string? TextOrNull(this SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    public static int? NumberOrNull(this SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt32(column);

    public static byte[] Bytes(this SqliteDataReader row, int column) => row.GetFieldValue<byte[]>(column);

    public static byte[]? BytesOrNull(this SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.Bytes(column);

    public static T Json<T>(this SqliteDataReader row, int column) =>
        JsonSerializer.Deserialize<T>(row.GetString(column), JsonOptions) ?? throw new StorageException("The database holds a null where an object or list belongs.");

    public static DateTimeOffset FromStored(long ticks) => DateTimeOffset.UnixEpoch.AddTicks(ticks);
}
