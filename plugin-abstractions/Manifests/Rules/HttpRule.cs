namespace IntegrationHub.Manifests.Rules;

/// <summary>Each operation has a request, unless code runs it, and its path leads to an allowed place.</summary>
internal sealed class HttpRule : IManifestRule
{
    public void Check(ManifestDraft draft, ManifestFindings findings)
    {
        foreach (var operation in draft.Operations)
        {
            if (!operation.Http.Exists)
            {
                if (!draft.HasEntry)
                    findings.Error(operation.Http.Pointer, $"The operation \"{operation.Name}\" has no request.", "Add \"http\" with method and path; only plugins with \"entry\" run operations by code.");

                continue;
            }

            CheckPath(draft, operation, findings);
        }
    }

    private static void CheckPath(ManifestDraft draft, OperationDraft operation, ManifestFindings findings)
    {
        var path = operation.Http["path"];
        if (path.Text is not { Length: > 0 } text)
            return;

        if (HostList.IsPlainHttp(text))
            findings.Error(path.Pointer, "The address does not use TLS.", "Write https://.");
        else if (text.Contains("://", StringComparison.Ordinal) && !text.StartsWith('/'))
            CheckHost(draft, path, text, findings);
        else if (!text.StartsWith('/'))
            findings.Error(path.Pointer, "A path begins with a slash.", $"Write \"/{text}\".");

        if (text.Contains('#', StringComparison.Ordinal) || HostList.WithoutPlaceholders(text).Contains('?', StringComparison.Ordinal))
            findings.Error(path.Pointer, "A path has no query and no fragment.", "Put query parameters under \"query\".");

        if (!operation.HasParams)
            return;

        foreach (var (root, name) in TemplateReferences.Of(text))
            if (root == "params" && operation.Params.Has(name) && !operation.Params.Required.Contains(SchemaFields.FirstStep(name)) && !HasDefault(operation, name))
                findings.Warn(operation.Place["params"]["required"].Pointer, $"The path needs the parameter \"{name}\", which is not required.", "Add it to \"required\".");
    }

    private static bool HasDefault(OperationDraft operation, string name) => operation.Place["params"]["properties"][SchemaFields.FirstStep(name)]["default"].Exists;

    private static void CheckHost(ManifestDraft draft, Place path, string text, ManifestFindings findings)
    {
        if (!draft.Hosts.CanReach(text))
            findings.Error(path.Pointer, "The address leads to a host that is not in network.allow.", "Add its host to network.allow.");
    }
}
