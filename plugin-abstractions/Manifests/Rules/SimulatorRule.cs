using IntegrationHub.Schemas;
using IntegrationHub.Templates;

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
            {
                foreach (var (pointer, place) in answer["when"].Members())
                    Pointers.Check(pointer, place.Pointer, findings);

                foreach (var (pointer, place) in answer["echo"].Members())
                    CheckEcho(pointer, place, answer["body"], findings);
            }
        }

        var types = draft.Root["webhooks"]["types"].Members().Select(member => member.Name).ToList();
        foreach (var (type, sample) in draft.Root["simulator"]["webhooks"].Members())
            if (!types.Contains(type))
                findings.Error(sample.Pointer, $"There is no webhook type \"{type}\".", Nearest.Hint(type, types) ?? "List it under webhooks.types.");
    }

    /// <summary>What is repeated replaces something: the body alone is an answer too.</summary>
    private static void CheckEcho(string pointer, Place place, Place body, ManifestFindings findings)
    {
        Pointers.Check(pointer, place.Pointer, findings);
        if (JsonPointer.TryParse(pointer, out var into) && !(body.Exists && into.TryEvaluate(body.Value, out _)))
            findings.Error(place.Pointer, $"The body has nothing at \"{pointer}\".", "Name a place in \"body\", which has the value that is answered when nothing is sent.");
    }
}
