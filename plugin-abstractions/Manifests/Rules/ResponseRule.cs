namespace IntegrationHub.Manifests.Rules;

/// <summary>Answers are read at places that can be.</summary>
internal sealed class ResponseRule : IManifestRule
{
    public void Check(ManifestDraft draft, ManifestFindings findings)
    {
        CheckResponse(draft.Root["defaults"]["response"], findings);
        foreach (var operation in draft.Operations)
            CheckResponse(operation.Place["response"], findings);

        foreach (var auth in draft.Root["auth"].Items())
            Pointers.Check(auth["accountId"], findings);
    }

    private static void CheckResponse(Place response, ManifestFindings findings)
    {
        foreach (var pointer in response["errors"]["code"].OneOrMany().Concat(response["errors"]["message"].OneOrMany()))
            Pointers.Check(pointer, findings);

        foreach (var (pointer, place) in response["successWhen"].Members())
            Pointers.Check(pointer, place.Pointer, findings);

        // A string without placeholders is a pointer; one with them is a template.
        if (response["result"].Text is { } result && !result.Contains('{', StringComparison.Ordinal))
            Pointers.Check(response["result"], findings);

        CheckCategories(response["errors"], findings);
    }

    private static void CheckCategories(Place errors, ManifestFindings findings)
    {
        var meanings = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (category, codes) in errors.Members().Where(member => member.Name is not ("code" or "message")))
        {
            foreach (var code in codes.Items())
            {
                var text = code.Text ?? code.Value.GetRawText();
                if (!meanings.TryAdd(text, category) && meanings[text] != category)
                    findings.Error(code.Pointer, $"The code \"{text}\" already means {meanings[text]}.", "List each code once.");
            }
        }

        if (meanings.Count > 0 && !errors["code"].Exists)
            findings.Error(errors["code"].Pointer, "Codes are listed, but not where they stand.", "Write \"code\": \"/error/code\".");
    }
}

/// <summary>Checks of JSON pointers.</summary>
internal static class Pointers
{
    public static void Check(Place place, ManifestFindings findings)
    {
        if (place.Text is { } pointer)
            Check(pointer, place.Pointer, findings);
    }

    public static void Check(string pointer, string at, ManifestFindings findings)
    {
        if (!Schemas.PointerText.TryParse(pointer, out _))
            findings.Error(at, $"\"{pointer}\" is not a JSON pointer.", "It begins with \"/\", and writes ~ as ~0 and / in a name as ~1 (RFC 6901).");
    }
}
