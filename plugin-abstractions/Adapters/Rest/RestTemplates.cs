using System.Text.Json;
using IntegrationHub.Templates;

namespace IntegrationHub.Adapters.Rest;

/// <summary>Compiling templates of a manifest, with errors that say where they stand.</summary>
internal static class RestTemplates
{
    public static Template Compile(string text, string pointer)
    {
        try
        {
            return Template.Compile(text);
        }
        catch (TemplateException exception)
        {
            throw new InvalidOperationException($"{pointer}: {exception.Message}");
        }
    }

    public static Template Compile(JsonElement json, string pointer)
    {
        try
        {
            return Template.Compile(json);
        }
        catch (TemplateException exception)
        {
            throw new InvalidOperationException($"{pointer}: {exception.Message}");
        }
    }

    public static JsonPointer Pointer(string text, string pointer) =>
        JsonPointer.TryParse(text, out var result) ? result : throw new InvalidOperationException($"{pointer}: \"{text}\" is no JSON pointer.");

    /// <summary>Which top-level parameters a template uses; <c>*</c> when it uses them all.</summary>
    public static IEnumerable<string> UsedParameters(Template template)
    {
        foreach (var (root, path) in template.References)
        {
            if (root == "params")
            {
                // A parameter's name may itself have dots, so both readings count.
                yield return path.Length == 0 ? "*" : path.Split('.')[0];
                yield return path.Length == 0 ? "*" : path;
            }
            else if (root.Length == 0)
            {
                yield return path.Length <= 1 ? "*" : path[1..].Split('/')[0].Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            }
        }
    }

    /// <summary>The place of a reference for people: a JSON pointer into the parameters when it is a parameter.</summary>
    public static RestRequestException Missing(TemplateReference reference, string where) => reference.Root switch
    {
        "params" => RestRequestException.InvalidParams($"The parameter \"{reference.Path}\" is needed in the {where}.", ParameterPointer(reference)),
        "" => RestRequestException.InvalidParams($"The parameter {reference.Path} is needed in the {where}.", reference.Path),
        "config" => RestRequestException.InvalidParams($"The connection's field \"{reference.Path}\" is needed in the {where}."),
        "auth" => RestRequestException.Unauthenticated("The connection is not authorised yet: authorise it, then call again."),
        _ => RestRequestException.InvalidParams($"\"{reference.Root}.{reference.Path}\" is needed in the {where}."),
    };

    /// <summary>The JSON pointer of a parameter reference, or <see langword="null"/> for anything that is no parameter.</summary>
    public static string? ParameterPointer(TemplateReference reference) => reference.Root switch
    {
        "params" => string.Concat(reference.Path.Split('.').Select(segment => "/" + JsonPointer.Escape(segment))),
        "" => reference.Path,
        _ => null,
    };
}
