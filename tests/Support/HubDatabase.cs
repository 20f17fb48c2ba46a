using System.Globalization;
using Microsoft.Data.Sqlite;

namespace IntegrationHub.Tests.Support;

/// <summary>What is in the database of a hub that does not run, seen from outside.</summary>
public static class HubDatabase
{
    private const string Name = "hub.db";

    /// <summary><c>ok</c> when the file is whole, else the first fault that SQLite names.</summary>
    public static string Integrity(string folder) => Ask<string>(folder, "PRAGMA integrity_check");

    /// <summary>How many runs hold what events are found by.</summary>
    public static int EventRuns(string folder) => (int)Ask<long>(folder, "SELECT COUNT(*) FROM event_runs");

    /// <summary>Copies it as a kill left it, the log with it: opening it would recover it, and the hub shall do that itself.</summary>
    public static DirectoryInfo Copy(string folder)
    {
        var copy = Directory.CreateTempSubdirectory("hub-database-");
        foreach (var name in (string[])[Name, Name + "-wal"])
        {
            var file = Path.Combine(folder, name);
            if (File.Exists(file))
                File.Copy(file, Path.Combine(copy.FullName, name));
        }

        return copy;
    }

    private static T Ask<T>(string folder, string sql)
    {
        // Whoever asks for a database that is not there shall not get an empty one.
        var settings = new SqliteConnectionStringBuilder { DataSource = Path.Combine(folder, Name), Mode = SqliteOpenMode.ReadWrite, Pooling = false };
        using var connection = new SqliteConnection(settings.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (T)Convert.ChangeType(command.ExecuteScalar()!, typeof(T), CultureInfo.InvariantCulture);
    }
}
