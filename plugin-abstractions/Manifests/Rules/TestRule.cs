using IntegrationHub.Schemas;

namespace IntegrationHub.Manifests.Rules;

/// <summary>Connection tests run operations that exist, with the parameters they need.</summary>
internal sealed class TestRule : IManifestRule
{
    public void Check(ManifestDraft draft, ManifestFindings findings)
    {
        var names = draft.Operations.Select(operation => operation.Name).ToList();
        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var test in draft.Root["tests"].Items())
        {
            if (test["id"].Text is { } id && !ids.Add(id))
                findings.Error(test["id"].Pointer, $"Two tests are called \"{id}\".", "Give each an id of its own.");

            if (test["operation"].Text is not { } name)
                continue;

            var operation = draft.Operations.FirstOrDefault(candidate => candidate.Name == name);
            if (operation is null)
                findings.Error(test["operation"].Pointer, $"There is no operation \"{name}\".", Nearest.Hint(name, names));
            else
                CheckParameters(operation, test["params"], findings);
        }
    }

    private static void CheckParameters(OperationDraft operation, Place given, ManifestFindings findings)
    {
        foreach (var required in operation.Params.Required.Where(required => !given[required].Exists))
            findings.Error(PointerText.Append(given.Pointer, required), $"The test does not give the required parameter \"{required}\".", "Add it under \"params\", or test with another operation.");

        if (!operation.Params.Open)
            foreach (var (name, place) in given.Members().Where(member => !operation.Params.Has(member.Name)))
                findings.Error(place.Pointer, $"The operation has no parameter \"{name}\".", operation.Params.Hint(name));
    }
}
