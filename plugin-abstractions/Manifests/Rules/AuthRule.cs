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

            foreach (var url in (Place[])[auth["authorizeUrl"], auth["tokenUrl"], auth["revokeUrl"]])
                CheckUrl(url, findings);

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
            case "oauth2":
                Need(auth, "tokenUrl", "Write the provider's token endpoint.", findings);
                CheckGrant(auth, findings);
                break;
            case "jwt_bearer":
                Need(auth, "tokenUrl", "Write the endpoint that exchanges the assertion for a token.", findings);
                break;
            case "custom" when !draft.HasEntry:
                findings.Error(auth["type"].Pointer, "The type \"custom\" is for plugins with code.", "Add \"entry\", or choose another type.");
                break;
        }
    }

    private static void CheckGrant(Place auth, ManifestFindings findings)
    {
        var grant = auth["grant"].Text;
        if (!auth["authorizeUrl"].Exists && grant != "client_credentials")
            findings.Error(
                auth["authorizeUrl"].Pointer, "OAuth with a person's consent needs an authorisation endpoint.",
                "Write \"authorizeUrl\", or \"grant\": \"client_credentials\" where no person takes part.");
    }

    private static void Need(Place auth, string key, string hint, ManifestFindings findings)
    {
        if (!auth[key].Exists)
            findings.Error(auth[key].Pointer, $"The type \"{auth["type"].Text}\" needs \"{key}\".", hint);
    }

    private static void CheckUrl(Place url, ManifestFindings findings)
    {
        if (url.Text is not { Length: > 0 } address || address.StartsWith('{'))
            return;

        if (!Uri.TryCreate(HostList.WithoutPlaceholders(address), UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            findings.Error(url.Pointer, "This is not an absolute https address.", "Write it like https://auth.example.com/token.");
        else if (HostList.IsPlainHttp(address))
            findings.Error(url.Pointer, "Credentials would travel without TLS.", "Write https://.");
    }
}
