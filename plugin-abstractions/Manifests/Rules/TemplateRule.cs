using System.Text.Json;
using IntegrationHub.Schemas;
using IntegrationHub.Templates;

namespace IntegrationHub.Manifests.Rules;

/// <summary>Every template compiles, and refers to what is there.</summary>
internal sealed class TemplateRule : IManifestRule
{
    public void Check(ManifestDraft draft, ManifestFindings findings)
    {
        foreach (var site in TemplateSites.Of(draft))
            foreach (var (text, inItem) in Texts(site.Place, inItem: false))
                Check(draft, inItem ? site with { Roots = [.. site.Roots, TemplateEach.Root] } : site, text, findings);
    }

    /// <summary>The strings of a template, each with its own place, so that an error points at the very one.</summary>
    private static IEnumerable<(Place Text, bool InItem)> Texts(Place place, bool inItem) => place.Value.ValueKind switch
    {
        JsonValueKind.String => [(place, inItem)],
        JsonValueKind.Array => place.Items().SelectMany(item => Texts(item, inItem)),
        JsonValueKind.Object => place.Value.EnumerateObject().SelectMany(member => Texts(
            new Place(member.Value, PointerText.Append(place.Pointer, member.Name)),
            inItem || member.Name == "$item" && TemplateParser.IsEach(place.Value, out _, out _))),
        _ => [],
    };

    private static void Check(ManifestDraft draft, TemplateSite site, Place text, ManifestFindings findings)
    {
        IReadOnlyList<(string Root, string Path)> references;
        try
        {
            references = Template.Compile(text.Text!).References;
        }
        catch (TemplateException fault)
        {
            findings.Error(text.Pointer, $"The template cannot be read. {fault.Message}", "Placeholders are written {params.name} or {config.name|pipe}; see the table of pipes.");
            return;
        }

        foreach (var (root, path) in references)
        {
            if (!site.Roots.Contains(root))
                findings.Error(text.Pointer, root.Length == 0 ? "There is no document that a JSON pointer could go into here." : $"There is no \"{root}\" here.", RootHint(root, site.Roots));
            else if (root == "config")
                draft.CheckConfigField(path, text.Pointer, findings);
            else if (root == "env" && path.Length > 0 && !draft.EnvironmentValues.Contains(path))
                findings.Error(text.Pointer, $"No environment has a value \"{path}\".", Nearest.Hint(path, draft.EnvironmentValues));
            else if (root == "params" && path.Length > 0 && site.Params is { Open: false } fields && !fields.Has(path))
                findings.Error(text.Pointer, $"There is no parameter \"{path}\".", fields.Hint(path));
        }
    }

    private static string RootHint(string root, string[] roots)
    {
        var names = roots.Where(name => name.Length > 0).ToList();
        return Nearest.To(root, names) is { } near && near != root ? $"Did you mean \"{near}\"?" : $"Here there are: {string.Join(", ", names)}.";
    }
}
