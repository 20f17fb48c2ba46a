namespace IntegrationHub.Host.Webhooks;

/// <summary>How webhooks are received: section <c>Hub:Webhooks</c>.</summary>
internal sealed class WebhookOptions
{
    public const string Section = HubOptions.Section + ":Webhooks";

    /// <summary>The largest accepted body in bytes, where the provider's manifest says nothing else. Default 1 MiB.</summary>
    public int MaxBytes { get; set; } = 1024 * 1024;

    /// <summary>Webhooks of one connection in progress at once; more are answered 503 with <c>Retry-After</c>. 0 for no limit. Default 512.</summary>
    public int ConcurrencyPerConnection { get; set; } = 512;

    /// <summary>Webhooks from one address (IPv6: one /64) in progress at once. 0 for no limit. Default 1024. Behind a proxy all come from the proxy's address.</summary>
    public int ConcurrencyPerAddress { get; set; } = 1024;

    /// <summary>Webhooks of one connection in a second, on average; more are answered 429 with <c>Retry-After</c>. 0 for no limit. Default 0.</summary>
    public double RatePerConnection { get; set; }

    /// <summary>Webhooks from one address (IPv6: one /64) in a second, on average. 0 for no limit. Default 0.</summary>
    public double RatePerAddress { get; set; }

    /// <summary>
    /// Whether <c>X-Forwarded-Proto</c> and <c>X-Forwarded-Host</c> tell the address that providers sign. Only behind a proxy that sets both. Default <see langword="false"/>;
    /// <see cref="HubOptions.PublicUrl"/> is the better way and wins.
    /// </summary>
    public bool TrustForwardedHeaders { get; set; }

    public static IEnumerable<string> Faults(WebhookOptions options)
    {
        if (options.MaxBytes < 1)
            yield return $"{Section}:MaxBytes must be at least 1.";
        if (options.ConcurrencyPerConnection < 0)
            yield return $"{Section}:ConcurrencyPerConnection must not be negative; 0 is no limit.";
        if (options.ConcurrencyPerAddress < 0)
            yield return $"{Section}:ConcurrencyPerAddress must not be negative; 0 is no limit.";
        if (!double.IsFinite(options.RatePerConnection) || options.RatePerConnection < 0)
            yield return $"{Section}:RatePerConnection must be a number from 0; 0 is no limit.";
        if (!double.IsFinite(options.RatePerAddress) || options.RatePerAddress < 0)
            yield return $"{Section}:RatePerAddress must be a number from 0; 0 is no limit.";
    }
}
