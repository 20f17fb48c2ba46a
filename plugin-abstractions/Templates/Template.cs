using System.Text.Json;
using System.Text.Json.Nodes;

namespace IntegrationHub.Templates;

/// <summary>
/// A compiled JSON template. <c>"{params.to}"</c> as a whole string keeps the value's type; inside a longer string it is text; a missing value drops the key
/// (or the array element). <c>{{</c> and <c>}}</c> are literal braces. Immutable and thread-safe.
/// </summary>
public sealed class Template
{
    /// <summary>Compiles a template.</summary>
    /// <exception cref="TemplateException">A placeholder is malformed or names an unknown pipe.</exception>
    public static Template Compile(JsonElement template) => throw new InvalidOperationException();

    /// <summary>Compiles a text template.</summary>
    /// <exception cref="TemplateException">A placeholder is malformed or names an unknown pipe.</exception>
    public static Template Compile(string template) => throw new InvalidOperationException();

    /// <summary>The first segment of every placeholder's path and the rest of it: <c>("params", "to")</c>; pointers have an empty root.</summary>
    public IReadOnlyList<(string Root, string Path)> References => throw new InvalidOperationException();

    /// <summary>Renders; <see langword="null"/> when the whole is one placeholder whose value is missing.</summary>
    /// <exception cref="TemplateException">A pipe cannot work on a value (its text never contains the value).</exception>
    public JsonNode? Render(ITemplateScope scope) => throw new InvalidOperationException();

    /// <summary>Renders to text; <see langword="null"/> when any placeholder's value is missing.</summary>
    /// <exception cref="TemplateException">A pipe cannot work on a value (its text never contains the value).</exception>
    public string? RenderText(ITemplateScope scope) => throw new InvalidOperationException();
}

/// <summary>Where placeholders find their values.</summary>
public interface ITemplateScope
{
    /// <summary>The value of a root such as <c>params</c> or <c>config</c>; the empty name is the document that JSON pointers (<c>{/a/b}</c>) go into.</summary>
    bool TryGetRoot(string name, out JsonElement value);
}

/// <summary>A template cannot be compiled or rendered.</summary>
public sealed class TemplateException : Exception
{
    /// <summary>Creates it.</summary>
    public TemplateException(string message)
        : base(message)
    {
    }
}
