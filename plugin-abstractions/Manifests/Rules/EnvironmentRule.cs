namespace IntegrationHub.Manifests.Rules;

/// <summary>Each environment leads to an allowed address over TLS, and asks only for fields that exist.</summary>
internal sealed class EnvironmentRule : IManifestRule
{
    public void Check(ManifestDraft draft, ManifestFindings findings)
    {
        var environments = draft.Root["environments"];
        foreach (var (_, environment) in environments.Members())
        {
            CheckBaseUrl(draft, environment["baseUrl"], findings);
            foreach (var (field, place) in environment["require"].Members())
                draft.CheckConfigField(field, place.Pointer, findings);
        }

        var needsAddress = draft.Operations.FirstOrDefault(operation => operation.Http["path"].Text?.StartsWith('/') == true);
        if (needsAddress is not null && !environments.Members().Any(environment => environment.Place["baseUrl"].Exists))
            findings.Error(environments.Pointer, "No environment has a base address.", "Write environments: { \"prod\": { \"baseUrl\": \"https://api.example.com\" } }.");
    }

    private static void CheckBaseUrl(ManifestDraft draft, Place baseUrl, ManifestFindings findings)
    {
        if (baseUrl.Text is not { Length: > 0 } address)
            return;

        if (address.EndsWith('/'))
            findings.Error(baseUrl.Pointer, "The base address ends in a slash.", $"Write \"{address.TrimEnd('/')}\": paths begin with one.");

        if (!address.StartsWith('{') && !IsAddress(address))
        {
            findings.Error(baseUrl.Pointer, "The base address is not an absolute https address.", "Write it like https://api.example.com, without query, fragment and credentials.");
            return;
        }

        if (HostList.IsPlainHttp(address))
            findings.Error(baseUrl.Pointer, "The base address does not use TLS.", "Write https://. Plain http is for loopback addresses alone.");

        if (!draft.Hosts.CanReach(address))
            findings.Error(baseUrl.Pointer, "The base address leads to a host that is not in network.allow.", address.StartsWith('{') ? $"Add \"{address}\" to network.allow." : "Add its host to network.allow.");
    }

    private static bool IsAddress(string address) =>
        Uri.TryCreate(HostList.WithoutPlaceholders(address), UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
        && uri.UserInfo.Length == 0 && uri.Query.Length == 0 && uri.Fragment.Length == 0;
}
