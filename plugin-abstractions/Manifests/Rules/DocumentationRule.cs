namespace IntegrationHub.Manifests.Rules;

/// <summary>What works without, and is better with.</summary>
internal sealed class DocumentationRule : IManifestRule
{
    public void Check(ManifestDraft draft, ManifestFindings findings)
    {
        var root = draft.Root;
        if (!root["description"].Exists)
            findings.Warn(root["description"].Pointer, "There is no description.", "Say in a sentence or two what the provider is for.");

        if (!root["setup"].Items().Any())
            findings.Warn(root["setup"].Pointer, "There are no setup steps.", "Say in order what a person does to get the credentials.");

        if (draft.Operations.Count > 0 && !root["tests"].Items().Any())
            findings.Warn(root["tests"].Pointer, "There is no connection test.", "Name an operation that succeeds when the credentials are right and changes nothing.");

        foreach (var operation in draft.Operations)
        {
            if (!operation.Place["title"].Exists)
                findings.Warn(operation.Place["title"].Pointer, $"The operation \"{operation.Name}\" has no title.", "Say in a few words what it does.");

            if (!operation.HasParams)
                findings.Warn(operation.Place["params"].Pointer, $"The operation \"{operation.Name}\" does not describe its parameters.", "Add a JSON schema; without one nothing is checked before the call.");
        }

        if (root["webhooks"].IsObject && !root["webhooks"]["types"].Members().Any())
            findings.Warn(root["webhooks"]["types"].Pointer, "No webhook type is described.", "List the types the provider sends, with what each means.");
    }
}
