using System.Text.Json;
using IntegrationHub.Adapters;

namespace NewerMinor;

/// <summary>Built against the contract's next minor version, and uses what that adds.</summary>
public sealed class Adapter : IProviderAdapter
{
    private readonly RestAdapter rest = new();

    public ValueTask InitializeAsync(ProviderContext context, CancellationToken cancellationToken) => rest.InitializeAsync(context, cancellationToken);

    public async ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken) =>
        OperationResult.Success(JsonElement.Parse(await rest.Warm("x", cancellationToken) == AdapterHealth.Good ? "true" : "false"));

    public ValueTask DisposeAsync() => rest.DisposeAsync();
}
