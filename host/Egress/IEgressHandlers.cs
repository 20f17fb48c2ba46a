namespace IntegrationHub.Host.Egress;

/// <summary>
/// The only place where outgoing connections come from. Checks host names against what is declared, and addresses at connect time
/// (private, loopback, link-local and the like are refused unless the operator allows them). Thread-safe.
/// </summary>
internal interface IEgressHandlers
{
    /// <summary>A handler for targets that users type in (subscriptions): any public host. Pooled; do not dispose.</summary>
    HttpMessageHandler ForUserTargets { get; }
}
