using System.Collections.Concurrent;

namespace IntegrationHub.Host.Connections.OAuth;

/// <summary>What became of authorisations that came back, for those that come back again. Of this process, for as long as an authorisation may take; keeps no secret. Thread-safe.</summary>
internal sealed class FlowEndings(TimeProvider time, TimeSpan life)
{
    private readonly ConcurrentDictionary<string, FlowEnding> endings = new(StringComparer.Ordinal);

    /// <returns>Whether the caller is the first with this state, and so the one that ends it: one call of <see cref="FlowEnding.End"/> or <see cref="End"/> must follow.</returns>
    public bool TryBegin(byte[] stateHash, out FlowEnding ending)
    {
        var now = time.GetUtcNow();
        foreach (var pair in endings)
            if (pair.Value.Until <= now)
                endings.TryRemove(pair);

        var mine = new FlowEnding(now + life);
        ending = endings.GetOrAdd(Convert.ToHexString(stateHash), mine);
        return ReferenceEquals(ending, mine);
    }

    /// <summary>Ends one that failed. A state that was nobody's is not remembered.</summary>
    public void End(byte[] stateHash, FlowEnding ending, Exception fault)
    {
        if (!ending.WasTaken)
            endings.TryRemove(new KeyValuePair<string, FlowEnding>(Convert.ToHexString(stateHash), ending));

        ending.End(null, fault as FlowException ?? new FlowException("unavailable", ending.ReturnUrl));
    }
}

/// <summary>One authorisation that came back: under way, then done or failed.</summary>
internal sealed class FlowEnding(DateTimeOffset until)
{
    private readonly TaskCompletionSource<PendingAuthorization?> taken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<(Finished? Finished, FlowException? Failure)> outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public DateTimeOffset Until { get; } = until;

    /// <summary>What was under way; <see langword="null"/> when the state was nobody's, or not the browser's that came with it.</summary>
    public Task<PendingAuthorization?> Taken => taken.Task;

    public Task<(Finished? Finished, FlowException? Failure)> Outcome => outcome.Task;

    public bool WasTaken => taken.Task.IsCompleted;

    /// <summary>Where the browser goes, once that is known.</summary>
    public string? ReturnUrl { get; private set; }

    public void Took(PendingAuthorization flow)
    {
        // The verifier has no business here.
        ReturnUrl = flow.ReturnUrl;
        taken.TrySetResult(flow with { SealedVerifier = null });
    }

    public void End(Finished? finished, FlowException? failure)
    {
        taken.TrySetResult(null);
        outcome.TrySetResult((finished, failure));
    }
}
