using System.Globalization;
using System.Text.Json;

namespace IntegrationHub.Templates;

/// <summary>
/// A compiled JSON pointer (RFC 6901), with two additions of the manifest language: the array index <c>-1</c> is the last element, and <c>/</c> alone is the whole
/// document, as the empty pointer is. Immutable and thread-safe.
/// </summary>
public sealed class JsonPointer
{
    private readonly string[] segments;

    private JsonPointer(string text, string[] segments)
    {
        Text = text;
        this.segments = segments;
    }

    /// <summary>The pointer as it was written.</summary>
    public string Text { get; }

    /// <summary>Whether it is the whole document.</summary>
    public bool IsRoot => segments.Length == 0;

    /// <summary>Compiles a pointer.</summary>
    /// <exception cref="ArgumentException">It does not start with <c>/</c>, or has a <c>~</c> that is neither <c>~0</c> nor <c>~1</c>.</exception>
    public static JsonPointer Parse(string pointer) =>
        TryParse(pointer, out var result) ? result : throw new ArgumentException($"\"{pointer}\" is no JSON pointer: it starts with \"/\", and \"~\" is written \"~0\".", nameof(pointer));

    /// <summary>Compiles a pointer; <see langword="false"/> when it is none.</summary>
    public static bool TryParse(string pointer, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out JsonPointer? result)
    {
        ArgumentNullException.ThrowIfNull(pointer);
        result = null;
        if (pointer.Length > 0 && pointer[0] != '/')
            return false;

        for (var i = pointer.IndexOf('~', StringComparison.Ordinal); i >= 0; i = pointer.IndexOf('~', i + 1))
            if (i + 1 == pointer.Length || pointer[i + 1] is not ('0' or '1'))
                return false;

        result = new JsonPointer(pointer, SplitForgiving(pointer));
        return true;
    }

    /// <summary>Finds the element the pointer names.</summary>
    public bool TryEvaluate(JsonElement document, out JsonElement value)
    {
        value = document;
        if (document.ValueKind == JsonValueKind.Undefined)
            return false;

        foreach (var segment in segments)
        {
            var found = value.ValueKind switch
            {
                JsonValueKind.Object => value.TryGetMember(segment, out value),
                JsonValueKind.Array => TryIndex(value, segment, out value),
                _ => false,
            };
            if (!found)
                return false;
        }

        return true;
    }

    /// <summary>Escapes a name for use as one segment of a pointer.</summary>
    public static string Escape(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
    }

    /// <inheritdoc />
    public override string ToString() => Text;

    internal static string[] SplitForgiving(string pointer)
    {
        if (pointer is "" or "/")
            return [];

        var parts = pointer[1..].Split('/');
        for (var i = 0; i < parts.Length; i++)
            parts[i] = parts[i].Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);

        return parts;
    }

    internal static bool TryIndex(JsonElement array, string segment, out JsonElement value)
    {
        value = default;
        var length = array.GetArrayLength();
        if (segment == "-1" && length > 0)
        {
            value = array[length - 1];
            return true;
        }

        if (!int.TryParse(segment, NumberStyles.None, CultureInfo.InvariantCulture, out var index) || index >= length)
            return false;

        value = array[index];
        return true;
    }
}
