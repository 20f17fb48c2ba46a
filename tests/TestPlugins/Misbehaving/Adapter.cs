using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Webhooks;
using Microsoft.Extensions.Logging;

namespace Misbehaving;

/// <summary>Does its work, except that in one method it misbehaves in one way: see <see cref="Behaviour.Read"/>.</summary>
public sealed class Adapter : IProviderAdapter, IWebhookVerifier
{
    private readonly Behaviour behaviour = Behaviour.Read();
    private ILogger? logger;

    public Adapter() => behaviour.Act("constructor");

    public ValueTask InitializeAsync(ProviderContext context, CancellationToken cancellationToken)
    {
        logger = context.Loggers.CreateLogger("Adapter");
        behaviour.Act("initialize", Write);
        if (behaviour.Is("initialize", "slow"))
            return new ValueTask(Task.Delay(1500, cancellationToken));

        return Odd("initialize");
    }

    public ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken)
    {
        if (request.Operation == "download")
            return ValueTask.FromResult(OperationResult.Stream(
                new OperationContent(new Garbage.OddStream(behaviour, Write), "text/plain", behaviour.Is("content", "garbage-short") ? 1000 : null), default));

        var method = request.Operation == "check" ? "test" : "execute";
        behaviour.Act(method, Write);
        if (behaviour.Is(method, "never"))
            return new(new TaskCompletionSource<OperationResult>().Task);

        return behaviour.Way.StartsWith("garbage", StringComparison.Ordinal) && behaviour.Is(method, behaviour.Way)
            ? Garbage.Result(behaviour.Way)
            : ValueTask.FromResult(OperationResult.Success(JsonElement.Parse("true")));
    }

    public ValueTask<VerificationResult> VerifyAsync(WebhookRequest request, ConnectionContext connection, CancellationToken cancellationToken)
    {
        behaviour.Act("verify", Write);
        if (behaviour.Is("verify", "never"))
            return new(new TaskCompletionSource<VerificationResult>().Task);
        if (behaviour.Is("verify", "garbage-unset"))
            return default;
        if (behaviour.Is("verify", "garbage-task"))
            return Garbage.ContinueTwice<VerificationResult>();

        return new(behaviour.Is("verify", "garbage-value") ? new VerificationResult((VerificationFailure)99) : VerificationResult.Verified);
    }

    public ValueTask DisposeAsync()
    {
        behaviour.Act("dispose", Write);
        return Odd("dispose");
    }

    // Of no use to anybody, if it says so: nothing but its interface may be called.
    public override bool Equals(object? obj) => behaviour.Is("constructor", "garbage") ? throw new NuisanceException() : ReferenceEquals(this, obj);

    public override int GetHashCode() => behaviour.Is("constructor", "garbage") ? throw new NuisanceException() : 1;

    public override string ToString() => behaviour.Is("constructor", "garbage") ? throw new NuisanceException() : "Misbehaving";

    private ValueTask Odd(string method) =>
        behaviour.Is(method, "garbage") ? Garbage.ContinueTwice() : behaviour.Is(method, "never") ? new ValueTask(new TaskCompletionSource().Task) : ValueTask.CompletedTask;

    private void Write(string message) => logger!.Log(LogLevel.Information, default, message, null, static (text, _) => text);
}
