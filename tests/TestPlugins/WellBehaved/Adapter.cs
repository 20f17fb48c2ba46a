using System.Text.Json;
using IntegrationHub.Adapters;

namespace WellBehaved;

/// <summary>Does what a plugin should.</summary>
public sealed class Adapter : IProviderAdapter
{
    public ValueTask InitializeAsync(ProviderContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken) =>
        ValueTask.FromResult(OperationResult.Success(JsonElement.Parse("true")));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
