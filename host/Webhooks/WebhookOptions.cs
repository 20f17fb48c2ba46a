namespace IntegrationHub.Host.Webhooks;

/// <summary>How webhooks are received: section <c>Hub:Webhooks</c>.</summary>
internal sealed class WebhookOptions
{
    public const string Section = HubOptions.Section + ":Webhooks";

    /// <summary>The largest accepted body in bytes, where the provider's manifest says nothing else. Default 1 MiB.</summary>
    public int MaxBytes { get; set; } = 1024 * 1024;

    /// <summary>
    /// Whether <c>X-Forwarded-Proto</c> and <c>X-Forwarded-Host</c> tell the address that providers sign. Only behind a proxy that sets both. Default <see langword="false"/>;
    /// <see cref="HubOptions.PublicUrl"/> is the better way and wins.
    /// </summary>
    public bool TrustForwardedHeaders { get; set; }

    public static IEnumerable<string> Faults(WebhookOptions options)
    {
        if (options.MaxBytes < 1)
            yield return $"{Section}:MaxBytes must be at least 1.";
    }
}
