namespace IntegrationHub.Host.Storage.Sqlite;

/// <summary>Brings a database to the schema of this program, one transaction a step.</summary>
internal static class SqliteMigrator
{
    private const string Schema = """
        CREATE TABLE IF NOT EXISTS schema_migrations (
            version INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            checksum TEXT NOT NULL,
            applied_at INTEGER NOT NULL
        );
        """;

    private const string SelectApplied = "SELECT version, name, checksum FROM schema_migrations ORDER BY version";

    private const string InsertApplied = "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES ($version, $name, $checksum, $applied_at)";

    /// <exception cref="StorageException">The database belongs to a newer hub, or to none.</exception>
    public static void Migrate(SqliteSession session, string file, IReadOnlyList<SqliteMigration> migrations, TimeProvider time)
    {
        session.Run(Schema);
        var applied = session.Query(SelectApplied, static row => (Version: row.GetInt32(0), Name: row.GetString(1), Checksum: row.GetString(2)));
        var newest = migrations.Max(static migration => migration.Version);
        if (applied.Count > 0 && applied[^1].Version > newest)
        {
            throw new StorageException(
                $"The database {file} has schema version {applied[^1].Version}, and this hub knows versions up to {newest}: "
                + "a newer hub has used it. Start that newer version, or restore a backup made before the upgrade.");
        }

        foreach (var migration in migrations)
        {
            var former = applied.FirstOrDefault(row => row.Version == migration.Version);
            if (former.Version == 0)
                Apply(session, migration, time);
            else if (former.Checksum != migration.Checksum)
            {
                throw new StorageException(
                    $"The database {file} was made with another form of schema step {migration.Version} ({former.Name}) than this hub has. "
                    + "Start the version of the hub that made it, or name another data folder.");
            }
        }
    }

    private static void Apply(SqliteSession session, SqliteMigration migration, TimeProvider time)
    {
        session.Run("BEGIN IMMEDIATE");
        try
        {
            session.Run(migration.Script);
            session.Execute(
                InsertApplied,
                ("$version", migration.Version),
                ("$name", migration.Name),
                ("$checksum", migration.Checksum),
                ("$applied_at", time.GetUtcNow().ToStored()));
            session.Run("COMMIT");
        }
        catch
        {
            if (session.InTransaction)
                session.Run("ROLLBACK");

            throw;
        }
    }
}
