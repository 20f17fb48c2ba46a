using IntegrationHub.Schemas;

namespace IntegrationHub.Manifests.Rules;

/// <summary>The simulator answers operations that exist, and sends webhooks of types that do.</summary>
internal sealed class SimulatorRule : IManifestRule
{
    public void Check(ManifestDraft draft, ManifestFindings findings)
    {
        var names = draft.Operations.Select(operation => operation.Name).ToList();
        foreach (var (name, answers) in draft.Root["simulator"]["operations"].Members())
        {
            if (!names.Contains(name))
                findings.Error(answers.Pointer, $"There is no operation \"{name}\".", Nearest.Hint(name, names));

            foreach (var answer in answers.Items())
                foreach (var (pointer, place) in answer["when"].Members())
                    Pointers.Check(pointer, place.Pointer, findings);
        }

        var types = draft.Root["webhooks"]["types"].Members().Select(member => member.Name).ToList();
        foreach (var (type, sample) in draft.Root["simulator"]["webhooks"].Members())
            if (!types.Contains(type))
                findings.Error(sample.Pointer, $"There is no webhook type \"{type}\".", Nearest.Hint(type, types) ?? "List it under webhooks.types.");
    }
}
