using IntegrationHub.Adapters;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Manifests.Rules;

/// <summary>What no other rule thought of: the receiver that will run the webhooks accepts them.</summary>
internal static class CompiledWebhooksRule
{
    public static void Check(ProviderManifest manifest, ManifestFindings findings)
    {
        if (manifest.Webhooks is null)
            return;

        try
        {
            _ = new WebhookReceiver(manifest.Webhooks, manifest.Entry is null ? null : new Anybody(), TimeProvider.System);
        }
        catch (ArgumentException fault)
        {
            findings.Error("/webhooks", fault.Message);
        }
    }

    private sealed class Anybody : IWebhookVerifier
    {
        public ValueTask<VerificationResult> VerifyAsync(WebhookRequest request, ConnectionContext connection, CancellationToken cancellationToken) =>
            ValueTask.FromResult(VerificationResult.Refused(VerificationFailure.NotConfigured, "Only the rules are compiled."));
    }
}
