using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using IntegrationHub.Adapters;

namespace HoldsOn;

/// <summary>The base of plugins that do not let go, each in its own way. The test's manifest names which.</summary>
public abstract class Holder : IProviderAdapter
{
    public virtual ValueTask InitializeAsync(ProviderContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken) =>
        ValueTask.FromResult(OperationResult.Success(JsonElement.Parse("true")));

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}

/// <summary>Leaves a timer running.</summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "That is the fault.")]
[SuppressMessage("Usage", "CA2213:Disposable fields should be disposed", Justification = "That is the fault.")]
public sealed class LeaksTimer : Holder
{
    private int ticks;

    // Without a field for it, the runtime would collect the timer and stop it.
    private Timer? timer;

    public override ValueTask InitializeAsync(ProviderContext context, CancellationToken cancellationToken)
    {
        timer = new Timer(_ => ticks++, null, TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(20));
        return ValueTask.CompletedTask;
    }
}

/// <summary>Listens to the process for ever.</summary>
public sealed class ListensForEver : Holder
{
    private int exits;

    public override ValueTask InitializeAsync(ProviderContext context, CancellationToken cancellationToken)
    {
        AppDomain.CurrentDomain.ProcessExit += (_, _) => exits++;
        return ValueTask.CompletedTask;
    }
}

/// <summary>Never comes back from its disposal.</summary>
public sealed class HangsInDispose : Holder
{
    private static readonly ManualResetEventSlim Never = new();

    public override ValueTask DisposeAsync()
    {
        Never.Wait();
        return base.DisposeAsync();
    }
}

/// <summary>Fails to dispose itself, which by itself holds nothing.</summary>
public sealed class ThrowsInDispose : Holder
{
    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        throw new OwnException();
    }
}

/// <summary>A fault of a class of its own.</summary>
[SuppressMessage("Design", "CA1032:Implement standard exception constructors", Justification = "One is enough.")]
public sealed class OwnException() : Exception("no luck today");
