namespace IntegrationHub.Manifests.Rules;

/// <summary>Each way to authenticate has what its type needs.</summary>
internal sealed class AuthRule : IManifestRule
{
    public void Check(ManifestDraft draft, ManifestFindings findings)
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var auth in draft.Root["auth"].Items())
        {
            var type = auth["type"].Or("");
            var id = auth["id"].Or(type);
            if (id.Length > 0 && !ids.Add(id))
                findings.Error(auth["id"].Pointer, $"Two ways to authenticate are called \"{id}\".", "Give each an \"id\" of its own: connections choose by it.");

            foreach (var field in auth["requires"].Items())
                if (field.Text is { } name)
                    draft.CheckConfigField(name, field.Pointer, findings);

            CheckNeeds(draft, auth, type, findings);
        }
    }

    private static void CheckNeeds(ManifestDraft draft, Place auth, string type, ManifestFindings findings)
    {
        switch (type)
        {
            case "api_key" when !auth["apply"]["headers"].Members().Any() && !auth["apply"]["query"].Members().Any():
                findings.Error(auth["apply"].Pointer, "An API key must go into a header or the query.", "Write apply: { \"headers\": { \"X-Api-Key\": \"{config.apiKey}\" } }.");
                break;
            case "basic":
                Need(auth, "username", "Write \"username\": \"{config.username}\".", findings);
                break;
            case "bearer":
                Need(auth, "token", "Write \"token\": \"{config.token}\".", findings);
                break;
            case "custom" when !draft.HasEntry:
                findings.Error(auth["type"].Pointer, "The type \"custom\" is for plugins with code.", "Add \"entry\", or choose another type.");
                break;
        }
    }

    private static void Need(Place auth, string key, string hint, ManifestFindings findings)
    {
        if (!auth[key].Exists)
            findings.Error(auth[key].Pointer, $"The type \"{auth["type"].Text}\" needs \"{key}\".", hint);
    }
}
