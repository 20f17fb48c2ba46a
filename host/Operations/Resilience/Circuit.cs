using IntegrationHub.Manifests;

namespace IntegrationHub.Host.Operations.Resilience;

internal enum CircuitState
{
    /// <summary>Calls go through.</summary>
    Closed,

    /// <summary>Calls are held back.</summary>
    Open,

    /// <summary>One trial at a time goes through.</summary>
    HalfOpen,
}

/// <summary>What an attempt says of whether the provider is up.</summary>
internal enum ProviderSign
{
    /// <summary>Nothing: the caller left, the hub or the plugin failed, or the provider asked for patience (429).</summary>
    None,

    /// <summary>It answered as a provider does that is up, be it a refusal.</summary>
    Up,

    /// <summary>It cannot be reached, did not answer in time, or failed (5xx).</summary>
    Down,
}

/// <summary>
/// A circuit breaker over consecutive failures. It is not Polly's, which opens by the share of failures within a time window, lets a single trial through and closes with its success:
/// neither "5 in a row" nor "3 successes to close" can be said there. Not thread-safe: the gate's lock guards it. Times are timestamps of the <see cref="TimeProvider"/>.
/// </summary>
internal sealed class Circuit(TimeProvider time)
{
    private CircuitState state;
    private int failures;
    private int successes;
    private bool trial;
    private long until;

    // Each change of state begins an epoch; an attempt speaks only for the one it began in.
    private int epoch;

    public CircuitState State => state == CircuitState.Open && Remaining == TimeSpan.Zero ? CircuitState.HalfOpen : state;

    public int ConsecutiveFailures => failures;

    public int Successes => successes;

    /// <summary>How long it stays open; zero when it is not.</summary>
    public TimeSpan Remaining => state == CircuitState.Open && time.GetElapsedTime(time.GetTimestamp(), until) is { Ticks: > 0 } left ? left : TimeSpan.Zero;

    /// <summary>How long a call that is refused now should wait; <see langword="null"/> when it would not be refused.</summary>
    public TimeSpan? Refuses() => state switch
    {
        CircuitState.Open when Remaining is { Ticks: > 0 } left => left,

        // The trial tells soon.
        CircuitState.HalfOpen when trial => TimeSpan.FromSeconds(1),
        _ => null,
    };

    /// <summary>Lets an attempt through. Only if <see cref="Refuses"/> says nothing; each is followed by one <see cref="Leave"/>.</summary>
    /// <param name="turned">Whether it is the first trial.</param>
    /// <returns>What to hand to it.</returns>
    public int Enter(out bool turned)
    {
        turned = state == CircuitState.Open;
        if (turned)
            (state, successes, epoch) = (CircuitState.HalfOpen, 0, epoch + 1);

        if (state == CircuitState.HalfOpen)
            trial = true;

        return epoch;
    }

    /// <returns>Whether the state changed.</returns>
    public bool Leave(int entered, ProviderSign sign, BreakerManifest settings)
    {
        if (entered != epoch)
            return false;

        trial = false;
        switch (state, sign)
        {
            case (CircuitState.Closed, ProviderSign.Up):
                failures = 0;
                return false;
            case (CircuitState.Closed, ProviderSign.Down) when ++failures < settings.Failures:
                return false;
            case (CircuitState.Closed, ProviderSign.Down):
                Open(settings.BreakFor);
                return true;
            case (CircuitState.HalfOpen, ProviderSign.Down):
                failures++;
                Open(settings.BreakFor);
                return true;
            case (CircuitState.HalfOpen, ProviderSign.Up) when ++successes >= settings.SuccessesToClose:
                return Close();
            default:
                return false;
        }
    }

    /// <returns>Whether it was not closed.</returns>
    public bool Close()
    {
        failures = 0;
        if (state == CircuitState.Closed)
            return false;

        (state, trial, epoch) = (CircuitState.Closed, false, epoch + 1);
        return true;
    }

    private void Open(TimeSpan breakFor) => (state, until, epoch) = (CircuitState.Open, time.After(time.GetTimestamp(), breakFor), epoch + 1);
}
