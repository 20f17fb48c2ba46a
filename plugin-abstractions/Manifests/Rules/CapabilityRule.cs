using IntegrationHub.Capabilities;
using IntegrationHub.Schemas;

namespace IntegrationHub.Manifests.Rules;

/// <summary>Operations implement capabilities that exist, and give them what they must have.</summary>
internal sealed class CapabilityRule : IManifestRule
{
    public void Check(ManifestDraft draft, ManifestFindings findings)
    {
        foreach (var operation in draft.Operations)
        {
            var implements = operation.Place["implements"];
            if (implements["capability"].Text is not { } name)
                continue;

            if (CapabilityCatalog.Find(name) is null)
            {
                var near = Nearest.To(name, CapabilityCatalog.All.Select(capability => capability.Name).ToList());
                findings.Error(implements["capability"].Pointer, $"There is no capability \"{name}\".", near is null ? $"Known: {string.Join(", ", CapabilityCatalog.All.Select(c => c.Name))}." : $"Did you mean \"{near}\"?");
            }

            CheckParameters(operation, implements["params"], findings);
        }
    }

    private static void CheckParameters(OperationDraft operation, Place template, ManifestFindings findings)
    {
        if (!template.IsObject || operation.Params.Open)
            return;

        foreach (var (name, place) in template.Members())
            if (!operation.Params.Has(name))
                findings.Error(place.Pointer, $"The operation has no parameter \"{name}\".", operation.Params.Hint(name));

        var given = template.Members().Select(member => member.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var name in operation.Params.Required.Where(name => !given.Contains(name)))
            findings.Error(template.Pointer, $"The operation's required parameter \"{name}\" is not given.", "Give it a template over the capability's parameters, or a fixed value.");
    }
}
