using System.Text.Json;
using System.Text.Json.Nodes;

namespace IntegrationHub.Templates;

/// <summary>
/// A compiled JSON template. <c>"{params.to}"</c> as a whole string keeps the value's type; inside a longer string it is text; a missing value drops the key
/// (or the array element). <c>{{</c> and <c>}}</c> are literal braces. Immutable and thread-safe.
/// </summary>
/// <remarks>
/// A brace opens a placeholder only before a letter, an underscore or a slash; any other brace is literal, so JSON inside a string needs no escapes.
/// <c>{{</c> is a literal <c>{</c>, and each <c>}}</c> after it a literal <c>}</c>; a <c>}}</c> with no <c>{{</c> before it stays two braces.
/// An object or array that lost everything it had is dropped itself; one that is written empty stays empty; the outermost is never dropped.
/// <c>{ "$each": "{params.lines}", "$item": { "sku": "{item.code}" } }</c> renders its item once for each element.
/// Roots, paths and pipes are listed in <c>docs/templates.md</c>.
/// </remarks>
public sealed class Template
{
    private readonly TemplateNode root;

    private Template(TemplateNode root, TemplateReferences references)
    {
        this.root = root;
        References = references.All;
        Required = references.Required;
    }

    /// <summary>Compiles a template.</summary>
    /// <exception cref="TemplateException">A placeholder is malformed or names an unknown pipe.</exception>
    public static Template Compile(JsonElement template)
    {
        var references = new TemplateReferences();
        return new Template(TemplateParser.Parse(template, references), references);
    }

    /// <summary>Compiles a text template.</summary>
    /// <exception cref="TemplateException">A placeholder is malformed or names an unknown pipe.</exception>
    public static Template Compile(string template)
    {
        ArgumentNullException.ThrowIfNull(template);
        var references = new TemplateReferences();
        return new Template(TemplateParser.Parse(template, references), references);
    }

    /// <summary>
    /// The first segment of every placeholder's path and the rest of it: <c>("params", "to")</c>; pointers have an empty root. References in pipe arguments are included.
    /// </summary>
    public IReadOnlyList<(string Root, string Path)> References { get; }

    /// <summary>The references of placeholders that have no <c>default</c>.</summary>
    internal IReadOnlyList<(string Root, string Path)> Required { get; }

    /// <summary>Whether the template has no placeholder and so renders to the same value always.</summary>
    public bool IsConstant => References.Count == 0;

    /// <summary>
    /// Renders; <see langword="null"/> when the whole is one placeholder whose value is missing or JSON <c>null</c> (<see cref="TryRender"/> tells the two apart).
    /// The node belongs to the caller, and may share memory with the scope's elements.
    /// </summary>
    /// <exception cref="TemplateException">A pipe cannot work on a value (its text never contains the value).</exception>
    public JsonNode? Render(ITemplateScope scope) => TryRender(scope, out var node) ? node : null;

    /// <summary>Renders; <see langword="false"/> when the whole is one string that lacks a value.</summary>
    /// <exception cref="TemplateException">A pipe cannot work on a value (its text never contains the value).</exception>
    public bool TryRender(ITemplateScope scope, out JsonNode? node)
    {
        ArgumentNullException.ThrowIfNull(scope);
        if (root.TryRender(scope, out node))
            return true;

        node = root.Empty();
        return node is not null;
    }

    /// <summary>
    /// Renders to text; <see langword="null"/> when any placeholder's value is missing or JSON <c>null</c>. Numbers keep the digits they were written with;
    /// objects and arrays become compact JSON.
    /// </summary>
    /// <exception cref="TemplateException">A pipe cannot work on a value (its text never contains the value).</exception>
    public string? RenderText(ITemplateScope scope) => RenderText(scope, encode: null);

    /// <summary>
    /// Renders to text, passing each placeholder's text through <paramref name="encode"/> (<see langword="null"/> text: the value is missing); the literal text around
    /// it is left alone.
    /// </summary>
    internal string? RenderText(ITemplateScope scope, Func<string?, TemplatePlaceholder, string?>? encode)
    {
        ArgumentNullException.ThrowIfNull(scope);
        if (root is TemplateText text)
            return text.RenderText(scope, encode);

        return TryRender(scope, out var node) && node is not null ? JsonText.Compact(node) : null;
    }
}
