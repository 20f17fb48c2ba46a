using IntegrationHub.Webhooks;

namespace IntegrationHub.Manifests.Rules;

/// <summary>Events and handshakes are read at places that can be.</summary>
internal sealed class WebhookContentRule : IManifestRule
{
    public void Check(ManifestDraft draft, ManifestFindings findings)
    {
        var webhooks = draft.Root["webhooks"];
        var source = webhooks["event"];
        foreach (var rule in (string[])["id", "type", "time", "subject"])
            foreach (var place in source[rule].OneOrMany())
                CheckSource(place, findings);

        Pointers.Check(source["batch"], findings);
        Pointers.Check(source["data"], findings);
        foreach (var challenge in webhooks["challenge"].OneOrMany())
        {
            if (!challenge["when"].Members().Any())
                findings.Error(challenge["when"].Pointer, "A handshake needs conditions, or every webhook would be one.", "Write when: { \"/type\": \"url_verification\" }.");

            WebhookTemplates.CheckConditions(draft, challenge["when"], findings);
            WebhookTemplates.Check(challenge["visit"]["url"], Part.Content, findings);
        }

        if (webhooks.IsObject && !source["type"].Exists)
            findings.Warn(source["type"].Pointer, "Nothing says where an event's type stands, so all are of type \"unknown\".", "Write event: { \"type\": \"/type\" }.");
    }

    private static void CheckSource(Place place, ManifestFindings findings)
    {
        if (place.Text is not { Length: > 0 } text)
            return;

        if (text.StartsWith('/'))
            Pointers.Check(place, findings);
        else if (!text.Contains('{', StringComparison.Ordinal))
            findings.Error(place.Pointer, $"\"{text}\" is neither a JSON pointer nor a template.", $"Write \"/{text}\" for the body's member, or \"{{header.{text}}}\" for a header.");
        else
            WebhookTemplates.Check(place, Part.Content, findings);
    }
}
