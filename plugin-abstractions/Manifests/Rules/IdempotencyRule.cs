namespace IntegrationHub.Manifests.Rules;

/// <summary>An idempotency key goes to one place.</summary>
internal sealed class IdempotencyRule : IManifestRule
{
    public void Check(ManifestDraft draft, ManifestFindings findings)
    {
        foreach (var idempotency in draft.Operations.Select(operation => operation.Place["idempotency"]).Append(draft.Root["defaults"]["idempotency"]))
            if (idempotency.IsObject && idempotency.Members().Count() != 1)
                findings.Error(idempotency.Pointer, "An idempotency key goes to exactly one of header, query and body.", "Write idempotency: { \"header\": \"Idempotency-Key\" }.");
    }
}
