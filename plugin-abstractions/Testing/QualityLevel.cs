namespace IntegrationHub.Testing;

/// <summary>How good a plugin has been shown to be. Computed, never claimed; each level includes the ones before it.</summary>
public enum QualityLevel
{
    /// <summary>The plugin has errors, or lacks something that bronze needs.</summary>
    None,

    /// <summary>A valid manifest with description, setup steps and a connection test, and a simulated answer for every operation.</summary>
    Bronze,

    /// <summary>Parameter schemas for every operation, errors mapped, limits and retry declared, webhooks verified (or none).</summary>
    Silver,

    /// <summary>
    /// Requests checked against the vendor's own API description, a sample for every webhook type, capabilities implemented where they exist, texts in English and Arabic.
    /// </summary>
    Gold,

    /// <summary>
    /// Every webhook type and error verified against recorded vendor material; pagination, idempotency and rate-limit headers declared where the provider has them.
    /// </summary>
    Platinum,
}
