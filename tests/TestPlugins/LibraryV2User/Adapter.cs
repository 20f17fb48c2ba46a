using System.Text.Json;
using ExampleLibrary;
using IntegrationHub.Adapters;

namespace LibraryV2User;

/// <summary>Needs version 2 of a library.</summary>
public sealed class Adapter : IProviderAdapter
{
    public ValueTask InitializeAsync(ProviderContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken) =>
        ValueTask.FromResult(OperationResult.Success(JsonElement.Parse($"\"{Library.VersionOf(2)}\"")));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
