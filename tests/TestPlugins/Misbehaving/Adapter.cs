using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Webhooks;
using Microsoft.Extensions.Logging;

namespace Misbehaving;

/// <summary>Does its work, except that in one method it misbehaves in one way: <c>behaviour.txt</c> beside the assembly says <c>method way</c>.</summary>
public sealed class Adapter : IProviderAdapter, IWebhookVerifier
{
    private readonly Behaviour behaviour = Behaviour.Read();
    private ILogger? logger;

    public Adapter() => behaviour.Act("constructor");

    public ValueTask InitializeAsync(ProviderContext context, CancellationToken cancellationToken)
    {
        logger = context.Loggers.CreateLogger("Adapter");
        behaviour.Act("initialize");
        if (behaviour.Is("initialize", "garbage"))
            return Garbage.ContinueTwice();

        return behaviour.Is("initialize", "slow") ? new ValueTask(Task.Delay(1500, cancellationToken)) : ValueTask.CompletedTask;
    }

    public ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken)
    {
        behaviour.Act("execute");
        if (behaviour.Is("execute", "floods"))
            for (var i = 0; i < 100_000; i++)
                logger!.LogInformation("A message of a flood");

        return behaviour.Is("execute", "garbage") ? default : ValueTask.FromResult(OperationResult.Success(JsonElement.Parse("true")));
    }

    public ValueTask<VerificationResult> VerifyAsync(WebhookRequest request, ConnectionContext connection, CancellationToken cancellationToken)
    {
        behaviour.Act("verify");
        return ValueTask.FromResult(behaviour.Is("verify", "garbage") ? new VerificationResult((VerificationFailure)99) : VerificationResult.Verified);
    }

    public ValueTask DisposeAsync()
    {
        behaviour.Act("dispose");
        return behaviour.Is("dispose", "garbage") ? Garbage.ContinueTwice() : ValueTask.CompletedTask;
    }

    // Of no use to anybody, if it says so: nothing but its interface may be called.
    public override bool Equals(object? obj) => behaviour.Is("constructor", "garbage") ? throw new NuisanceException() : ReferenceEquals(this, obj);

    public override int GetHashCode() => behaviour.Is("constructor", "garbage") ? throw new NuisanceException() : 1;

    public override string ToString() => behaviour.Is("constructor", "garbage") ? throw new NuisanceException() : "Misbehaving";
}
