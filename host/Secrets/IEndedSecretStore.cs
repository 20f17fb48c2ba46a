namespace IntegrationHub.Host.Secrets;

/// <summary>All rows that hold a former secret with an end: values that were rotated out, whichever feature they belong to.</summary>
internal interface IEndedSecretStore
{
    /// <summary>Deletes former secrets whose time is over, of up to a number of rows of each kind.</summary>
    /// <returns>How many rows had one.</returns>
    Task<int> PurgeAsync(DateTimeOffset now, int batch, CancellationToken cancellationToken);
}
