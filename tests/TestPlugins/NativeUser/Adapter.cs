using System.Runtime.InteropServices;
using System.Text.Json;
using IntegrationHub.Adapters;

namespace NativeUser;

/// <summary>Answers what a native library of its own says. The tests make the library.</summary>
public sealed class Adapter : IProviderAdapter
{
    public ValueTask InitializeAsync(ProviderContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken) =>
        ValueTask.FromResult(OperationResult.Success(JsonElement.Parse($"{Native.Answer()}")));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static class Native
    {
        [DllImport("hubtest", EntryPoint = "hubtest_answer")]
        [DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory)]
        public static extern int Answer();
    }
}
