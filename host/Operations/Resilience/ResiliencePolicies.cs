using System.Runtime.CompilerServices;
using IntegrationHub.Manifests;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Operations.Resilience;

/// <summary>Says which settings hold for a connection: manifest, then the operator's for the provider, then the operator's for the connection; capped. Thread-safe.</summary>
internal sealed class ResiliencePolicies(IOptions<ResilienceOptions> options, IOptions<OperatorOverrides> overrides)
{
    private readonly ResilienceOptions options = options.Value;
    private readonly OperatorOverrides overrides = overrides.Value;

    // By manifest, and gone with it: a provider that was replaced leaves nothing behind.
    private readonly ConditionalWeakTable<ProviderManifest, ResilienceSettings> known = [];

    public ResilienceSettings Of(ProviderManifest provider, string connectionId)
    {
        var settings = known.GetValue(provider, Compute);
        return overrides.Connections.Count > 0 && overrides.Connections.TryGetValue(connectionId, out var own) ? Capped(Over(settings, own)) : settings;
    }

    private ResilienceSettings Compute(ProviderManifest provider)
    {
        var bare = Over(new ResilienceSettings(new LimitsManifest(), new RetryManifest(), new BreakerManifest()) { Concurrency = 0 }, options.Defaults);
        var settings = new ResilienceSettings(provider.Limits ?? bare.Limits, provider.Retry ?? bare.Retry, provider.Breaker ?? bare.Breaker) { Concurrency = 0 };
        return Capped(overrides.Providers.TryGetValue(provider.Id, out var own) ? Over(settings, own) : settings);
    }

    private static ResilienceSettings Over(ResilienceSettings settings, ResilienceOverrides own) => settings with
    {
        Limits = settings.Limits with
        {
            RequestsPerSecond = own.Limits.RequestsPerSecond ?? settings.Limits.RequestsPerSecond,

            // A burst that was meant for another rate does not outlive it.
            Burst = own.Limits.Burst ?? (own.Limits.RequestsPerSecond is null ? settings.Limits.Burst : null),
            Concurrency = own.Limits.Concurrency ?? settings.Limits.Concurrency,
        },
        Retry = settings.Retry with
        {
            MaxAttempts = own.Retry.MaxAttempts ?? settings.Retry.MaxAttempts,
            BaseDelay = own.Retry.BaseDelay ?? settings.Retry.BaseDelay,
            MaxDelay = own.Retry.MaxDelay ?? settings.Retry.MaxDelay,
            TotalTimeout = own.Retry.TotalTimeout ?? settings.Retry.TotalTimeout,
            AttemptTimeout = own.Retry.AttemptTimeout ?? settings.Retry.AttemptTimeout,
        },
        Breaker = settings.Breaker with
        {
            Failures = own.Breaker.Failures ?? settings.Breaker.Failures,
            BreakFor = own.Breaker.BreakFor ?? settings.Breaker.BreakFor,
            SuccessesToClose = own.Breaker.SuccessesToClose ?? settings.Breaker.SuccessesToClose,
        },
    };

    private ResilienceSettings Capped(ResilienceSettings settings)
    {
        var total = Shorter(settings.Retry.TotalTimeout, options.MaxTotalTimeout);
        return settings with
        {
            Retry = settings.Retry with
            {
                MaxAttempts = Math.Min(settings.Retry.MaxAttempts, options.MaxAttempts),
                TotalTimeout = total,
                AttemptTimeout = Shorter(settings.Retry.AttemptTimeout, total),
            },
            Concurrency = Math.Min(settings.Limits.Concurrency ?? int.MaxValue, options.ConnectionConcurrency),
        };
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
