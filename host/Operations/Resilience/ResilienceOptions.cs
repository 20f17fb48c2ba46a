namespace IntegrationHub.Host.Operations.Resilience;

/// <summary>How the hub calls providers, section <c>Hub:Operations</c>.</summary>
internal sealed class ResilienceOptions
{
    public const string Section = "Hub:Operations";

    /// <summary>How long a call waits for its turn (rate, concurrency, a pause) before it is answered 429. Never beyond the operation's total timeout. Default 5 s.</summary>
    public TimeSpan MaxWait { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How many calls of one connection wait at the same time; a further one is answered 429 at once. Default 256.</summary>
    public int QueueLength { get; set; } = 256;

    /// <summary>Requests of one connection in flight at the same time, at most; a provider's own limit may be lower. Default 64.</summary>
    public int ConnectionConcurrency { get; set; } = 64;

    /// <summary>Requests to one provider in flight at the same time, over all its connections. Default 256.</summary>
    public int ProviderConcurrency { get; set; } = 256;

    /// <summary>How many calls wait for one provider's places at the same time. Default 256.</summary>
    public int ProviderQueueLength { get; set; } = 256;

    /// <summary>The most attempts, whatever a manifest says. Default 10.</summary>
    public int MaxAttempts { get; set; } = 10;

    /// <summary>The longest total timeout, whatever a manifest says; a single operation's own <c>timeout</c> and content streams are not bound by it. Default 5 min.</summary>
    public TimeSpan MaxTotalTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>The longest pause of a connection after a 429, whatever the provider says. Default 24 h.</summary>
    public TimeSpan MaxPause { get; set; } = TimeSpan.FromHours(24);

    /// <summary>For providers whose manifest leaves out <c>limits</c>, <c>retry</c> or <c>breaker</c>.</summary>
    public ResilienceOverrides Defaults { get; set; } = new();

    public static IEnumerable<string> Faults(ResilienceOptions options)
    {
        foreach (var (name, value) in new[] { (nameof(MaxWait), options.MaxWait), (nameof(MaxTotalTimeout), options.MaxTotalTimeout), (nameof(MaxPause), options.MaxPause) })
            if (value < TimeSpan.Zero || (value == TimeSpan.Zero && name != nameof(MaxWait)) || value > ResilienceOverrides.Longest)
                yield return $"{Section}:{name} is {value}; it takes a time between 00:00:00 and 7.00:00:00{(name == nameof(MaxWait) ? "" : ", longer than zero")}.";

        foreach (var (name, value) in new[] { (nameof(QueueLength), options.QueueLength), (nameof(ProviderQueueLength), options.ProviderQueueLength) })
            if (value < 0)
                yield return $"{Section}:{name} is {value}; it is 0 (never wait) or more.";

        foreach (var (name, value) in new[]
        {
            (nameof(ConnectionConcurrency), options.ConnectionConcurrency), (nameof(ProviderConcurrency), options.ProviderConcurrency), (nameof(MaxAttempts), options.MaxAttempts),
        })
            if (value < 1)
                yield return $"{Section}:{name} is {value}; it is 1 or more.";

        foreach (var fault in options.Defaults.Faults($"{Section}:{nameof(Defaults)}"))
            yield return fault;
    }
}

/// <summary>What an operator says over a manifest: for a provider (<c>Hub:Providers:{id}</c>) or one connection (<c>Hub:Connections:{id}</c>). What is absent stays.</summary>
internal sealed class ResilienceOverrides
{
    internal static readonly TimeSpan Longest = TimeSpan.FromDays(7);

    public LimitsOverrides Limits { get; set; } = new();

    public RetryOverrides Retry { get; set; } = new();

    public BreakerOverrides Breaker { get; set; } = new();

    /// <param name="section">Where they stand, for messages.</param>
    public IEnumerable<string> Faults(string section)
    {
        if (Limits.RequestsPerSecond is { } rate && !(rate > 0 && double.IsFinite(rate)))
            yield return $"{section}:Limits:RequestsPerSecond is {rate}; it is more than 0.";

        foreach (var (name, value) in new[]
        {
            ("Limits:Burst", Limits.Burst), ("Limits:Concurrency", Limits.Concurrency), ("Retry:MaxAttempts", Retry.MaxAttempts),
            ("Breaker:Failures", Breaker.Failures), ("Breaker:SuccessesToClose", Breaker.SuccessesToClose),
        })
            if (value < 1)
                yield return $"{section}:{name} is {value}; it is 1 or more.";

        foreach (var (name, value, zero) in new[]
        {
            ("Retry:BaseDelay", Retry.BaseDelay, true), ("Retry:MaxDelay", Retry.MaxDelay, true), ("Retry:TotalTimeout", Retry.TotalTimeout, false),
            ("Retry:AttemptTimeout", Retry.AttemptTimeout, false), ("Breaker:BreakFor", Breaker.BreakFor, false),
        })
            if (value < TimeSpan.Zero || (value == TimeSpan.Zero && !zero) || value > Longest)
                yield return $"{section}:{name} is {value}; it takes a time up to 7.00:00:00{(zero ? "" : ", longer than zero")}.";
    }

    internal sealed class LimitsOverrides
    {
        public double? RequestsPerSecond { get; set; }

        public int? Burst { get; set; }

        public int? Concurrency { get; set; }
    }

    internal sealed class RetryOverrides
    {
        public int? MaxAttempts { get; set; }

        public TimeSpan? BaseDelay { get; set; }

        public TimeSpan? MaxDelay { get; set; }

        public TimeSpan? TotalTimeout { get; set; }

        public TimeSpan? AttemptTimeout { get; set; }
    }

    internal sealed class BreakerOverrides
    {
        public int? Failures { get; set; }

        public TimeSpan? BreakFor { get; set; }

        public int? SuccessesToClose { get; set; }
    }
}

/// <summary>The operator's words by provider (section <c>Hub:Providers</c>) and by connection (<c>Hub:Connections</c>).</summary>
internal sealed class OperatorOverrides
{
    // Environment variables come in capitals.
    public Dictionary<string, ResilienceOverrides> Providers { get; } = new(StringComparer.OrdinalIgnoreCase);

    public Dictionary<string, ResilienceOverrides> Connections { get; } = new(StringComparer.OrdinalIgnoreCase);

    public static IEnumerable<string> Faults(OperatorOverrides overrides) =>
        overrides.Providers.SelectMany(pair => pair.Value.Faults($"{HubOptions.Section}:{nameof(Providers)}:{pair.Key}"))
            .Concat(overrides.Connections.SelectMany(pair => pair.Value.Faults($"{HubOptions.Section}:{nameof(Connections)}:{pair.Key}")));
}
