using System.Text.Json;
using IntegrationHub.Adapters;

namespace HangsInConstructor;

/// <summary>Never returns from its constructor.</summary>
public sealed class Adapter : IProviderAdapter
{
    public Adapter() => Thread.Sleep(Timeout.Infinite);

    public ValueTask InitializeAsync(ProviderContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken) =>
        ValueTask.FromResult(OperationResult.Success(JsonElement.Parse("true")));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
