using System.Text.Json;
using Dapper;
using IntegrationHub.Adapters;

namespace UsesHostPackage;

/// <summary>Uses a package that the host happens to have and the plugin does not ship.</summary>
public sealed class Adapter : IProviderAdapter
{
    public Adapter() => GC.KeepAlive(new DynamicParameters());

    public ValueTask InitializeAsync(ProviderContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken) =>
        ValueTask.FromResult(OperationResult.Success(JsonElement.Parse("true")));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
