using System.Text.RegularExpressions;

namespace IntegrationHub.Manifests.Rules;

/// <summary>A credential does not stand in a manifest, which everybody may read.</summary>
internal sealed partial class LiteralSecretRule : IManifestRule
{
    public void Check(ManifestDraft draft, ManifestFindings findings)
    {
        var headers = draft.Root["auth"].Items().SelectMany(auth => auth["apply"]["headers"].Members().Concat(auth["apply"]["query"].Members()))
            .Concat(draft.Root["defaults"]["headers"].Members())
            .Concat(draft.Operations.SelectMany(operation => operation.Http["headers"].Members().Concat(operation.Http["query"].Members())));
        foreach (var (name, place) in headers)
            if (place.Text is { } text && !text.Contains('{', StringComparison.Ordinal) && (LooksLikeKey().IsMatch(text) || (CarriesSecret().IsMatch(name) && text.Length >= 8)))
                Report(place, findings);

        foreach (var auth in draft.Root["auth"].Items())
            foreach (var place in (Place[])[auth["token"], auth["password"], auth["clientSecret"], auth["assertion"]["privateKey"]])
                if (place.Text is { Length: >= 8 } text && !text.Contains('{', StringComparison.Ordinal))
                    Report(place, findings);
    }

    private static void Report(Place place, ManifestFindings findings) =>
        findings.Warn(place.Pointer, "This looks like a credential written into the manifest.", "Make it a config field with \"x-secret\": true, and write \"{config.name}\" here.");

    [GeneratedRegex(@"(\A|[ :=])((sk|rk|pk|key|whsec|shpat|ghp|gho|glpat|xox[abeprs])[_-]|AKIA[0-9A-Z]{12}|SG\.)[A-Za-z0-9_.-]{6,}|\A(Bearer|Basic|Token) +\S{8,}", RegexOptions.CultureInvariant)]
    private static partial Regex LooksLikeKey();

    [GeneratedRegex(@"(authorization|api[-_]?key|token|secret|password)\z", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex CarriesSecret();
}
