namespace IntegrationHub.Manifests.Rules;

/// <summary>A timestamp that is signed comes from somewhere, and is compared with the clock.</summary>
internal sealed class WebhookTimestampRule : IManifestRule
{
    public void Check(ManifestDraft draft, ManifestFindings findings)
    {
        foreach (var scheme in draft.Root["webhooks"]["verify"].OneOrMany())
        {
            // A JSON Web Token carries its own times.
            if (scheme["scheme"].Text is not ("hmac" or "ecdsa" or "ed25519" or "rsa"))
                continue;

            var signs = scheme["signed"].Or("{body}").Contains("{timestamp}", StringComparison.Ordinal);
            var hasSource = scheme["format"].Or("").Contains("{timestamp}", StringComparison.Ordinal) || scheme["timestampHeader"].Exists || scheme["timestampBody"].Exists;
            if (signs && !hasSource)
                findings.Error(scheme["signed"].Pointer, "The signed string has {timestamp}, and nothing says where it comes from.", "Write {timestamp} into \"format\", or add \"timestampHeader\" or \"timestampBody\".");

            if (scheme["tolerance"].Exists && !hasSource)
                findings.Error(scheme["tolerance"].Pointer, "There is a tolerance, but no timestamp.", "Write {timestamp} into \"format\", or add \"timestampHeader\" or \"timestampBody\".");

            if ((signs || hasSource) && !scheme["tolerance"].Exists)
                findings.Warn(scheme["tolerance"].Pointer, "The timestamp is not compared with the clock, so an old webhook can be sent again.", "Add \"tolerance\": \"5m\".");
        }
    }
}
