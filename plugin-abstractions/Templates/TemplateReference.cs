using System.Text.Json;

namespace IntegrationHub.Templates;

/// <summary>A compiled path: a root and the names below it, or a JSON pointer into the empty root.</summary>
internal sealed class TemplateReference
{
    private readonly string[] segments;
    private readonly bool dotted;
    private readonly bool ignoreCase;

    private TemplateReference(string root, string path, string[] segments, bool dotted)
    {
        Root = root;
        Path = path;
        this.segments = segments;
        this.dotted = dotted;

        // Header names compare without case (RFC 9110 §5.1), whatever case the scope got them in.
        ignoreCase = dotted && root == "header";
    }

    public string Root { get; }

    public string Path { get; }

    /// <summary>Reads <c>root.a.0.b</c> or <c>/a/0/b</c>; <see langword="null"/> when it is neither.</summary>
    public static TemplateReference? Parse(string text)
    {
        if (text.StartsWith('/'))
            return new TemplateReference("", text, JsonPointer.SplitForgiving(text), dotted: false);

        var parts = text.Split('.');
        if (parts[0].Length == 0 || !(char.IsAsciiLetter(parts[0][0]) || parts[0][0] == '_') || parts.Any(part => part.Length == 0 || part.Any(IsForbidden)))
            return null;

        return new TemplateReference(parts[0], string.Join('.', parts[1..]), parts[1..], dotted: true);
    }

    public bool TryResolve(ITemplateScope scope, out JsonElement value) =>
        scope.TryGetRoot(Root, out value) && value.ValueKind != JsonValueKind.Undefined && TryWalk(value, 0, out value);

    private static bool IsForbidden(char c) => char.IsWhiteSpace(c) || char.IsControl(c) || c is '{' or '|' or '/' or '"' or ':' or ',' or '(';

    private bool TryWalk(JsonElement current, int index, out JsonElement value)
    {
        value = current;
        if (index == segments.Length)
            return true;

        if (current.ValueKind == JsonValueKind.Array)
            return JsonPointer.TryIndex(current, segments[index], out var item) && TryWalk(item, index + 1, out value);

        if (current.ValueKind != JsonValueKind.Object)
            return false;

        // A name may itself have dots (hub.mode): the shortest name that leads to a value wins.
        var name = segments[index];
        for (var end = index + 1; ; end++)
        {
            if (TryProperty(current, name, out var property) && TryWalk(property, end, out value))
                return true;

            if (!dotted || end == segments.Length)
                return false;

            name = string.Concat(name, ".", segments[end]);
        }
    }

    private bool TryProperty(JsonElement container, string name, out JsonElement value)
    {
        if (container.TryGetMember(name, out value))
            return true;

        if (ignoreCase)
            foreach (var property in container.EnumerateObject())
                if (JsonMembers.NameOf(property) is { } known && string.Equals(known, name, StringComparison.OrdinalIgnoreCase))
                {
                    value = property.Value;
                    return true;
                }

        return false;
    }
}
