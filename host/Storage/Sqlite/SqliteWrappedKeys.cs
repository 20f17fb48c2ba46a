namespace IntegrationHub.Host.Storage.Sqlite;

/// <summary>Where a table keeps data keys that a master key wraps; each has the columns <c>id</c> and <c>master_key_id</c> besides.</summary>
/// <param name="Kind">What its rows are, in words.</param>
/// <param name="Table">The table.</param>
/// <param name="Column">The column with the wrapped key.</param>
/// <param name="Extra">A column that the context needs besides the id.</param>
/// <param name="Context">What the key of a row is bound to, from its id and the extra column.</param>
internal sealed record SqliteWrappedKeys(string Kind, string Table, string Column, string? Extra, Func<string, string, string> Context);
