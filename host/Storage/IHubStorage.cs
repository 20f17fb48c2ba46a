using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Storage;

/// <summary>The storage engine as a whole: what start-up, shutdown and health need of it. Features see their own ports only.</summary>
internal interface IHubStorage : IAsyncDisposable
{
    /// <summary>Opens it and brings its schema to this version. Must complete before anything else is used.</summary>
    /// <exception cref="StorageException">It cannot be opened; the message says why and what to do.</exception>
    Task OpenAsync(CancellationToken cancellationToken);

    /// <summary>Whether it can be read and written now.</summary>
    Task<bool> IsHealthyAsync(CancellationToken cancellationToken);
}

/// <summary>The storage cannot be used; the message is fit for an operator.</summary>
internal sealed class StorageException(string message, Exception? inner = null) : UnavailableException(message, inner);
