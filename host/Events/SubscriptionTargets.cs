using IntegrationHub.Schemas;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Events;

/// <summary>Which addresses a subscription may have. Where a host name leads is checked when the connection is made, not here: it can change. Thread-safe.</summary>
internal sealed class SubscriptionTargets(IOptions<HubOptions> options)
{
    public const string Webhook = "webhook";
    public const int MaxUrlLength = 2048;

    /// <summary>What is wrong with a target; <see langword="null"/> when nothing is.</summary>
    public ValidationIssue? Check(string? kind, string? url)
    {
        if (kind != Webhook)
            return new("/target/kind", "The target's kind must be 'webhook'.", "Write { \"kind\": \"webhook\", \"url\": \"https://…\" }.");
        if (string.IsNullOrEmpty(url))
            return new("/target/url", "The endpoint's address is missing.", "Write the https address that receives the events.");
        if (url.Length > MaxUrlLength)
            return new("/target/url", $"The address is longer than {MaxUrlLength} characters.");
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("https" or "http") || uri.Host.Length == 0 || url.Any(char.IsControl))
            return new("/target/url", "This is no absolute https address.", "It looks like https://example.com/hooks.");
        if (uri.Scheme == "http" && !options.Value.AllowPrivateTargets)
            return new("/target/url", "The address must begin with https.", "Plain http is for development, with Hub:AllowPrivateTargets.");
        if (uri.UserInfo.Length > 0)
            return new("/target/url", "The address must not contain credentials.", "Verify the webhook-signature header instead.");
        if (url.Contains('#', StringComparison.Ordinal))
            return new("/target/url", "The address must not have a fragment.", "Leave out the # and what follows.");

        return null;
    }
}
