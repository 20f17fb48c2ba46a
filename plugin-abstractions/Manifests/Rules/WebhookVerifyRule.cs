using System.Text.RegularExpressions;

namespace IntegrationHub.Manifests.Rules;

/// <summary>Each verification scheme has what it needs, and webhooks are never unverified by accident.</summary>
internal sealed partial class WebhookVerifyRule : IManifestRule
{
    public void Check(ManifestDraft draft, ManifestFindings findings)
    {
        var webhooks = draft.Root["webhooks"];
        if (!webhooks.Exists)
            return;

        var verify = webhooks["verify"];
        if (verify.Exists && !verify.OneOrMany().Any())
            findings.Error(verify.Pointer, "There is no verification scheme.", "Describe one. A provider that signs nothing says \"scheme\": \"none\" and why.");

        foreach (var scheme in verify.OneOrMany())
        {
            CheckNeeds(draft, scheme, findings);
            CheckSettings(draft, scheme, findings);
        }
    }

    private static void CheckNeeds(ManifestDraft draft, Place scheme, ManifestFindings findings)
    {
        switch (scheme["scheme"].Text)
        {
            case "hmac" or "token":
                Need(scheme, findings, "secret");
                NeedPlace(scheme, findings);
                break;
            case "ecdsa" or "ed25519" or "rsa":
                if (!scheme["certificate"].Exists)
                    Need(scheme, findings, "publicKey");
                else if (scheme["publicKey"].Exists || scheme["scheme"].Text == "ed25519")
                    findings.Error(scheme["certificate"].Pointer, "A certificate stands instead of \"publicKey\", for the schemes \"rsa\" and \"ecdsa\".", "Leave one of them out.");

                NeedPlace(scheme, findings);
                break;
            case "jwt":
                NeedPlace(scheme, findings);
                if (!scheme["secret"].Exists && !scheme["publicKey"].Exists)
                    findings.Error(scheme["secret"].Pointer, "The scheme \"jwt\" needs \"secret\" or \"publicKey\".", "Write \"secret\": \"{config.webhookSecret}\".");

                break;
            case "basic":
                Need(scheme, findings, "username");
                Need(scheme, findings, "password");
                break;
            case "custom" when !draft.HasEntry:
                findings.Error(scheme["scheme"].Pointer, "The scheme \"custom\" is for plugins with code.", "Add \"entry\" with a class that implements IWebhookVerifier, or choose another scheme.");
                break;
            case "none" when !scheme["reason"].Exists:
                findings.Error(scheme["reason"].Pointer, "Webhooks that are not verified need a reason.", "Say in \"reason\" why the provider's webhooks cannot be verified.");
                break;
        }

        if (scheme["scheme"].Text is "hmac" or "ecdsa" or "ed25519" or "rsa")
            CheckSigned(scheme, findings);
    }

    private static void CheckSigned(Place scheme, ManifestFindings findings)
    {
        WebhookTemplates.Check(scheme["signed"], Webhooks.Part.Signed, findings);
        if (scheme["signed"].Or("{body}").Contains("{id}", StringComparison.Ordinal) && !scheme["idHeader"].Exists)
            findings.Error(scheme["idHeader"].Pointer, "The signed string has {id}, and nothing says where it comes from.", "Write \"idHeader\": \"webhook-id\".");

        var format = scheme["format"].Or("{signature}");
        if (Regex.Count(format, @"\{signature\}") != 1)
            findings.Error(scheme["format"].Pointer, "The format has {signature} once.", "Write it like \"t={timestamp},v1={signature}\".");

        foreach (Match match in Placeholder().Matches(format))
            if (match.Value is not ("{signature}" or "{timestamp}"))
                findings.Error(scheme["format"].Pointer, $"The format knows no {match.Value}.", "Known: {signature}, {timestamp}.");
    }

    private static void CheckSettings(ManifestDraft draft, Place scheme, ManifestFindings findings)
    {
        foreach (var key in (string[])["secret", "publicKey", "username", "password"])
        {
            var setting = scheme[key];
            if (setting.Text is not { } text)
                continue;

            WebhookTemplates.Check(setting, Webhooks.Part.Connection, findings);
            WebhookTemplates.CheckConfig(draft, setting, findings);
            if (key is "secret" or "password" && !text.Contains('{', StringComparison.Ordinal))
                findings.Error(setting.Pointer, "A secret does not stand in a manifest.", "Take it from the connection: \"{config.webhookSecret}\".");
        }

        WebhookTemplates.CheckConfig(draft, scheme["signed"], findings);
        WebhookTemplates.Check(scheme["certificate"]["url"], Webhooks.Part.Content, findings);
        WebhookTemplates.Check(scheme["certificate"]["roots"], Webhooks.Part.Connection, findings);
        WebhookTemplates.CheckConfig(draft, scheme["certificate"]["roots"], findings);
        Pointers.Check(scheme["each"], findings);
        CheckElements(draft, scheme, findings);
        Pointers.Check(scheme["body"], findings);
        Pointers.Check(scheme["timestampBody"], findings);
        WebhookTemplates.CheckConditions(draft, scheme["when"], findings);
    }

    /// <summary>A signature inside the first of several events says nothing of the others.</summary>
    private static void CheckElements(ManifestDraft draft, Place scheme, ManifestFindings findings)
    {
        if (scheme["each"].Exists || draft.Root["webhooks"]["event"]["batch"].Text is not { Length: > 0 } batch)
            return;

        if (scheme["body"].Text is { } signature && Regex.IsMatch(signature, $"^{Regex.Escape(batch)}/[0-9]+/", RegexOptions.CultureInvariant))
            findings.Warn(scheme["body"].Pointer, $"Only one element of {batch} is verified, and all of them become events.", $"Write \"each\": \"{batch}\", with pointers that begin in the element.");
    }

    private static void Need(Place scheme, ManifestFindings findings, string key)
    {
        if (!scheme[key].Exists)
            findings.Error(scheme[key].Pointer, $"The scheme \"{scheme["scheme"].Text}\" needs \"{key}\".", $"Write \"{key}\": \"{{config.{(key == "secret" ? "webhookSecret" : key)}}}\".");
    }

    private static void NeedPlace(Place scheme, ManifestFindings findings)
    {
        if (!scheme["header"].Exists && !scheme["query"].Exists && !scheme["body"].Exists)
            findings.Error(scheme["header"].Pointer, $"The scheme \"{scheme["scheme"].Text}\" needs to know where the signature or token stands.", "Write \"header\", \"query\" or \"body\".");
    }

    [GeneratedRegex(@"\{[^{}]*\}", RegexOptions.CultureInvariant)]
    private static partial Regex Placeholder();
}
