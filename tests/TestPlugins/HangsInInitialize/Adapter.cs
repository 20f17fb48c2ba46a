using System.Text.Json;
using IntegrationHub.Adapters;

namespace HangsInInitialize;

/// <summary>Ignores its token and never finishes initialising.</summary>
public sealed class Adapter : IProviderAdapter
{
    public ValueTask InitializeAsync(ProviderContext context, CancellationToken cancellationToken) => new(new TaskCompletionSource().Task);

    public ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken) =>
        ValueTask.FromResult(OperationResult.Success(JsonElement.Parse("true")));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
