using IntegrationHub.Adapters;

namespace IntegrationHub.Host.Operations.Resilience;

/// <summary>What failures mean: whether a repetition can help, whether it can do harm, and what they say of the provider.</summary>
internal static class RetryRules
{
    /// <summary>Whether the same call may succeed a little later.</summary>
    public static bool IsTransient(ProviderError error) =>
        error.Category is ErrorCategory.Unavailable or ErrorCategory.Timeout or ErrorCategory.RateLimited || (error.Category == ErrorCategory.ProviderError && IsServerFault(error.ProviderStatus));

    /// <summary>Whether a repetition cannot do twice what was meant once.</summary>
    public static bool IsSafeToRepeat(OperationInvocation invocation, ProviderError error)
    {
        if (invocation.Manifest.IsIdempotent() || invocation.KeySent)
            return true;

        // It was refused at the door, or never arrived. A provider that answered 500 or 503 may have done it before it failed.
        return !error.OutcomeUnknown && (error.Category == ErrorCategory.RateLimited || error.ProviderStatus is null);
    }

    /// <summary>What an attempt says of whether the provider is up. Callers' mistakes say that it is; what the hub or the plugin did wrong, nothing.</summary>
    public static ProviderSign SignOf(OperationResult result) => result.Error switch
    {
        null => ProviderSign.Up,
        { Category: ErrorCategory.RateLimited or ErrorCategory.CircuitOpen } => ProviderSign.None,
        { Category: ErrorCategory.Unavailable or ErrorCategory.Timeout } => ProviderSign.Down,
        { ProviderStatus: { } status } => IsServerFault(status) ? ProviderSign.Down : ProviderSign.Up,
        _ => ProviderSign.None,
    };

    /// <summary>The delay before the next attempt without a word of the provider's: any time up to the exponential bound ("full jitter", which spreads callers best).</summary>
    /// <param name="attempts">Attempts made.</param>
    /// <param name="settings">Base and longest delay.</param>
    /// <param name="random">From 0 to 1.</param>
    public static TimeSpan Backoff(int attempts, Manifests.RetryManifest settings, double random)
    {
        var bound = settings.BaseDelay.TotalMilliseconds * Math.Pow(2, Math.Min(attempts - 1, 30));
        return TimeSpan.FromMilliseconds(Math.Min(bound, settings.MaxDelay.TotalMilliseconds) * random);
    }

    // 501 and 505 are answered by a provider that is well.
    private static bool IsServerFault(int? status) => status is >= 500 and not (501 or 505);
}
