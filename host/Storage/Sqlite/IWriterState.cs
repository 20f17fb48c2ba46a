namespace IntegrationHub.Host.Storage.Sqlite;

/// <summary>
/// What is known in memory of what the database holds, kept in step with its transactions: a change made within one counts from its commit on, and never when it is rolled back.
/// All members are called on the writer's thread.
/// </summary>
internal interface IWriterState
{
    /// <summary>How far the running transaction has come, to go back to with <see cref="UndoTo"/>.</summary>
    StateMark Mark();

    /// <summary>Forgets what the running transaction changed since a mark: the item that did it failed.</summary>
    void UndoTo(StateMark mark);

    /// <summary>Adds to the running transaction what is due, before it is committed.</summary>
    void BeforeCommit(SqliteSession session);

    /// <summary>The transaction is durable. Called before anybody is told.</summary>
    void Committed();

    /// <summary>Nothing of the transaction is left.</summary>
    void RolledBack();
}

/// <summary>A point within a transaction.</summary>
/// <param name="Events">How many events were added by then.</param>
/// <param name="Removals">How many entries were removed.</param>
/// <param name="Runs">How many changes there were of what is on disk.</param>
internal readonly record struct StateMark(int Events, int Removals, int Runs);
