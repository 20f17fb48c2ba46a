namespace IntegrationHub.Manifests.Rules;

/// <summary>Paging has what its style needs.</summary>
internal sealed class PaginationRule : IManifestRule
{
    private static readonly Dictionary<string, string[]> Needs = new(StringComparer.Ordinal)
    {
        ["cursor"] = ["param", "next"],
        ["page"] = ["param"],
        ["offset"] = ["param", "sizeParam"],
        ["url"] = ["next"],
        ["link"] = [],
    };

    public void Check(ManifestDraft draft, ManifestFindings findings)
    {
        foreach (var operation in draft.Operations)
        {
            var pagination = operation.Place["pagination"];
            if (pagination["style"].Text is not { } style || !Needs.TryGetValue(style, out var needs))
                continue;

            foreach (var key in needs.Where(key => !pagination[key].Exists))
                findings.Error(pagination[key].Pointer, $"Paging by {style} needs \"{key}\".", key == "next" ? "Say where the answer has it: \"/meta/next\"." : "Name the operation's parameter.");

            foreach (var key in (string[])["param", "sizeParam"])
                if (pagination[key].Text is { } name && operation.HasParams && !operation.Params.Open && !operation.Params.Has(name))
                    findings.Error(pagination[key].Pointer, $"The operation has no parameter \"{name}\".", operation.Params.Hint(name));

            foreach (var key in (string[])["next", "more", "items"])
                Pointers.Check(pagination[key], findings);
        }
    }
}
