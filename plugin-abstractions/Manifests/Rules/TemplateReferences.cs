using IntegrationHub.Templates;

namespace IntegrationHub.Manifests.Rules;

/// <summary>What a template's text refers to; nothing when it cannot be compiled, which <see cref="TemplateRule"/> reports.</summary>
internal static class TemplateReferences
{
    public static IReadOnlyList<(string Root, string Path)> Of(string text)
    {
        try
        {
            return Template.Compile(text).References;
        }
        catch (TemplateException)
        {
            return [];
        }
    }
}
