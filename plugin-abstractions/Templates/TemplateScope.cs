using System.Text.Json;

namespace IntegrationHub.Templates;

/// <summary>Where placeholders find their values.</summary>
public interface ITemplateScope
{
    /// <summary>The value of a root such as <c>params</c> or <c>config</c>; the empty name is the document that JSON pointers (<c>{/a/b}</c>) go into.</summary>
    bool TryGetRoot(string name, out JsonElement value);
}

/// <summary>
/// A scope of named JSON values: <c>new TemplateScope().Set("params", parameters).Set("config", config)</c>. Safe to read from many threads once it is built.
/// </summary>
public sealed class TemplateScope : ITemplateScope
{
    // A scope has a handful of roots and lives for one call: a scan beats hashing.
    private readonly List<KeyValuePair<string, JsonElement>> roots = new(8);

    /// <summary>A scope without any value.</summary>
    public static ITemplateScope Empty { get; } = new TemplateScope();

    /// <summary>Sets a root; the empty name is the document for JSON pointers. An undefined element (<c>default</c>) counts as missing. Setting a name again replaces it.</summary>
    /// <returns>This scope.</returns>
    public TemplateScope Set(string root, JsonElement value)
    {
        ArgumentNullException.ThrowIfNull(root);
        for (var i = 0; i < roots.Count; i++)
            if (roots[i].Key == root)
            {
                roots[i] = new(root, value);
                return this;
            }

        roots.Add(new(root, value));
        return this;
    }

    /// <summary>Sets a root to a text; <see langword="null"/> counts as missing.</summary>
    /// <returns>This scope.</returns>
    public TemplateScope Set(string root, string? value) => Set(root, value is null ? default : JsonText.ToElement(value));

    /// <summary>Sets a root to an object of texts (headers, query parameters). A name that comes more than once keeps its first value.</summary>
    /// <returns>This scope.</returns>
    public TemplateScope Set(string root, IEnumerable<KeyValuePair<string, string>> values) => Set(root, JsonText.ToElement(values));

    /// <inheritdoc />
    public bool TryGetRoot(string name, out JsonElement value)
    {
        foreach (var pair in roots)
        {
            if (pair.Key != name)
                continue;

            value = pair.Value;
            return value.ValueKind != JsonValueKind.Undefined;
        }

        value = default;
        return false;
    }
}
