namespace IntegrationHub.Host.Plugins;

/// <summary>How a plugin misbehaved.</summary>
internal enum FaultKind
{
    /// <summary>It threw.</summary>
    Exception,

    /// <summary>It returned what the contract forbids.</summary>
    Garbage,

    /// <summary>A content stream that it returned threw, stalled or lied about its length.</summary>
    Content,

    /// <summary>A call went on long after its token was cancelled.</summary>
    Hung,

    /// <summary>An exception on a thread, timer or finalizer of its own that nothing caught.</summary>
    Stray,

    /// <summary>It wrote more log messages than it may.</summary>
    LogFlood,

    /// <summary>It let an exception of the network through (the provider cannot be reached). Never counts towards quarantine: an outage of the provider is not the plugin's doing.</summary>
    Network,

    /// <summary>Its webhook verifier threw or was too slow. Never counts towards quarantine: strangers choose what it is given.</summary>
    Verifier,

    /// <summary>It failed to dispose itself. Never counts towards quarantine: it is leaving.</summary>
    Dispose,

    /// <summary>A task of its own failed and nobody looked. Never counts towards quarantine: nothing else was disturbed.</summary>
    Unobserved,
}

/// <summary>One fault, as text: nothing of the plugin's own types is kept.</summary>
/// <param name="Kind">What sort of fault.</param>
/// <param name="Place">Where: <c>ExecuteAsync of 'run'</c>.</param>
/// <param name="What">What happened, as the rest of a sentence that begins with the place. Without the text of exceptions, which may quote what they were given.</param>
/// <param name="Stack">The stack of the exception, if there was one.</param>
internal sealed record PluginFault(FaultKind Kind, string Place, string What, string? Stack = null)
{
    public bool Counts => Kind is not (FaultKind.Network or FaultKind.Verifier or FaultKind.Dispose or FaultKind.Unobserved);
}

/// <summary>A call into a plugin came to a fault, which has been recorded. Thrown by the host, about the plugin: it carries text only.</summary>
internal sealed class PluginFaultException(PluginFault fault) : Exception($"{fault.Place} {fault.What}.")
{
    public PluginFault Fault { get; } = fault;
}

/// <summary>A plugin returned what the contract forbids. The message is the rest of a sentence that begins with the place.</summary>
internal sealed class PluginGarbageException(string what) : Exception(what);

/// <summary>The call was not made.</summary>
/// <param name="message">Why, for the caller.</param>
internal sealed class PluginRefusedException(string message) : Exception(message);

/// <summary>The call was cancelled, and the plugin goes on without anybody waiting for it.</summary>
internal sealed class PluginHungException(CancellationToken cancellationToken) : OperationCanceledException(cancellationToken);
