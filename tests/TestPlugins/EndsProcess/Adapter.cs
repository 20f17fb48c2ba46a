using System.Text.Json;
using IntegrationHub.Adapters;

namespace EndsProcess;

/// <summary>Ends the process when it is called, in the way that its id says.</summary>
public sealed class Adapter : IProviderAdapter
{
    private string way = "";

    public ValueTask InitializeAsync(ProviderContext context, CancellationToken cancellationToken)
    {
        way = context.Manifest.Id;
        return ValueTask.CompletedTask;
    }

    public ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken)
    {
        switch (way)
        {
            case "ends-by-fail-fast":
                Environment.FailFast("the plugin gave up");
                break;
            case "ends-by-exit":
                Environment.Exit(0);
                break;
            case "ends-by-thread":
                var thread = new Thread(static () => throw new InvalidOperationException("on a thread of its own"));
                thread.Start();
                thread.Join();
                break;
            case "ends-by-recursion":
                Recurse(0);
                break;
        }

        return ValueTask.FromResult(OperationResult.Success(JsonElement.Parse("{}")));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static int Recurse(int depth) => depth < 0 ? depth : Recurse(depth + 1) + depth;
}
