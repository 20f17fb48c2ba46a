using System.Text.Json;
using IntegrationHub.Adapters;

namespace ThrowsInConstructor;

/// <summary>Throws where it must do no work.</summary>
public sealed class Adapter : IProviderAdapter
{
    public Adapter() => throw new InvalidOperationException("no luck today");

    public ValueTask InitializeAsync(ProviderContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken) =>
        ValueTask.FromResult(OperationResult.Success(JsonElement.Parse("true")));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
