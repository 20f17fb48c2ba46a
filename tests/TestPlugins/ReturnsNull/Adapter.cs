using IntegrationHub.Adapters;

namespace ReturnsNull;

/// <summary>Breaks the contract: its result is null.</summary>
public sealed class Adapter : IProviderAdapter
{
    public ValueTask InitializeAsync(ProviderContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken) =>
        ValueTask.FromResult<OperationResult>(null!);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
