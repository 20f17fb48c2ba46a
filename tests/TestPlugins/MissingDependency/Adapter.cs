using System.Text.Json;
using ExampleLibrary;
using IntegrationHub.Adapters;

namespace MissingDependency;

/// <summary>Uses a library that is not shipped with it.</summary>
public sealed class Adapter : IProviderAdapter
{
    public Adapter() => GC.KeepAlive(Library.Version);

    public ValueTask InitializeAsync(ProviderContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken) =>
        ValueTask.FromResult(OperationResult.Success(JsonElement.Parse("true")));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
