using IntegrationHub.Host.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace IntegrationHub.Host.Tests.Storage.Sqlite;

public sealed class SqliteSessionTests : IDisposable
{
    private const string Insert = "INSERT INTO things (id, value) VALUES ($id, $value)";

    private readonly string folder = SqliteHarness.NewFolder();
    private readonly SqliteSession session;

    public SqliteSessionTests()
    {
        SqliteLibrary.EnsureLoaded();
        session = SqliteSession.Open(Path.Combine(folder, "test.db"), SqliteOpenMode.ReadWriteCreate, cacheKilobytes: 1000);
        session.Run("CREATE TABLE things (id INTEGER PRIMARY KEY, value)");
    }

    public static TheoryData<object?, string, object?> Values => new()
    {
        { null, "null", null },
        { DBNull.Value, "null", null },
        { "", "text", "" },
        { "نص", "text", "نص" },
        { "a\0b", "text", "a\0b" },
        { new string('ع', 5000), "text", new string('ع', 5000) },
        { 42, "integer", 42L },
        { long.MinValue, "integer", long.MinValue },
        { true, "integer", 1L },
        { 2.5, "real", 2.5 },
        { Array.Empty<byte>(), "blob", Array.Empty<byte>() },
        { new byte[] { 0, 1, 2 }, "blob", new byte[] { 0, 1, 2 } },
    };

    public void Dispose()
    {
        session.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [MemberData(nameof(Values))]
    public void Execute_Value_IsReadBackAsItWas(object? value, string type, object? expected)
    {
        Assert.Equal(1, session.Execute(Insert, ("$id", 1), ("$value", value)));

        var (stored, read) = session.First("SELECT typeof(value), value FROM things", row => (row.GetString(0), row.IsDBNull(1) ? null : row.GetValue(1)));
        Assert.Equal(type, stored);
        Assert.Equal(expected, read);
    }

    [Fact]
    public void Execute_PreparedStatement_KeepsNothingOfTheRowBefore()
    {
        session.Execute(Insert, ("$id", 1), ("$value", "first"));
        session.Execute(Insert, ("$id", 2), ("$value", null));

        Assert.Equal(["first", null], session.Query("SELECT value FROM things ORDER BY id", row => row.IsDBNull(0) ? null : row.GetString(0)));
    }

    [Fact]
    public void Execute_ArgumentThatTheStatementDoesNotName_IsLeftOut()
    {
        session.Execute(Insert, ("$other", "unused"), ("$value", "x"), ("$id", 1));

        Assert.Equal("x", session.First("SELECT value FROM things", row => row.GetString(0)));
    }

    [Fact]
    public void Execute_SameParameterTwice_IsBoundOnce() =>
        Assert.Equal(1, session.Execute("INSERT INTO things (id, value) SELECT $id, $id WHERE $id > 0", ("$id", 7)));

    [Fact]
    public void Execute_MissingArgument_IsRefusedBeforeAnythingRuns()
    {
        Assert.Throws<ArgumentException>(() => session.Execute(Insert, ("$id", 1)));

        Assert.False(session.Any("SELECT 1 FROM things"));
    }

    [Fact]
    public void Execute_TwoStatements_AreRefused() =>
        Assert.Throws<ArgumentException>(() => session.Execute("DELETE FROM things; DELETE FROM things"));

    [Fact]
    public void Execute_Failure_SaysWhy_AndTheStatementServesAgain()
    {
        session.Execute(Insert, ("$id", 1), ("$value", "x"));

        var fault = Assert.Throws<SqliteException>(() => session.Execute(Insert, ("$id", 1), ("$value", "y")));

        Assert.Equal((19, 1555), (fault.SqliteErrorCode, fault.SqliteExtendedErrorCode));
        Assert.Equal(1, session.Execute(Insert, ("$id", 2), ("$value", "y")));
        Assert.Equal(0, session.Execute("DELETE FROM things WHERE id = $id", ("$id", 99)));
        Assert.Equal(2, session.Execute("DELETE FROM things"));
    }

    [Fact]
    public void Execute_UnknownType_IsRefused() =>
        Assert.Throws<ArgumentException>(() => session.Execute(Insert, ("$id", 1), ("$value", DateTimeOffset.UnixEpoch)));
}
