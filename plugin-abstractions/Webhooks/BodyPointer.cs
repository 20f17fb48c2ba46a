using System.Globalization;
using System.Text.Json;
using IntegrationHub.Templates;

namespace IntegrationHub.Webhooks;

/// <summary>A compiled JSON pointer (RFC 6901). A negative index counts from an array's end. Immutable.</summary>
internal sealed class BodyPointer
{
    private readonly string[] segments;

    private BodyPointer(string text, string[] segments)
    {
        Text = text;
        this.segments = segments;
    }

    /// <summary>The pointer as written.</summary>
    public string Text { get; }

    /// <summary>Its unescaped segments.</summary>
    public IReadOnlyList<string> Segments => segments;

    /// <summary>Compiles a pointer: empty, or beginning with a slash.</summary>
    /// <exception cref="ArgumentException">It does neither.</exception>
    public static BodyPointer Compile(string text)
    {
        if (text.Length > 0 && text[0] != '/')
            throw new ArgumentException($"'{text}' is no JSON pointer: it must begin with '/'.", nameof(text));

        var segments = text.Length == 0 ? [] : text[1..].Split('/');
        for (var i = 0; i < segments.Length; i++)
            segments[i] = segments[i].Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);

        return new BodyPointer(text, segments);
    }

    /// <summary>Follows the pointer.</summary>
    public bool TryFind(JsonElement root, out JsonElement value)
    {
        value = root;
        foreach (var segment in segments)
        {
            if (!TryStep(value, segment, out value))
                return false;
        }

        return value.ValueKind != JsonValueKind.Undefined;
    }

    /// <summary>Follows the pointer, where <c>*</c> stands for every element of an array.</summary>
    public IEnumerable<JsonElement> FindAll(JsonElement root) => FindAll(root, 0);

    private IEnumerable<JsonElement> FindAll(JsonElement value, int depth)
    {
        if (depth == segments.Length)
            return [value];
        if (segments[depth] == "*")
            return value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().SelectMany(element => FindAll(element, depth + 1)) : [];

        return TryStep(value, segments[depth], out var next) ? FindAll(next, depth + 1) : [];
    }

    private static bool TryStep(JsonElement value, string segment, out JsonElement next)
    {
        next = default;
        if (value.ValueKind == JsonValueKind.Object)
            return value.TryGetMember(segment, out next);
        if (value.ValueKind != JsonValueKind.Array || !int.TryParse(segment, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index))
            return false;

        var count = value.GetArrayLength();
        if (index < 0)
            index += count;
        if (index < 0 || index >= count)
            return false;

        next = value[index];
        return true;
    }
}
