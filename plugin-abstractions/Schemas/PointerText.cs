using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;

namespace IntegrationHub.Schemas;

/// <summary>JSON pointers (RFC 6901), with the manifest language's one extension: <c>-1</c> as an array index means the last element.</summary>
internal static class PointerText
{
    /// <summary>The pointer to a child.</summary>
    public static string Append(string pointer, string token) => pointer + "/" + Escape(token);

    /// <summary>The pointer to an element.</summary>
    public static string Append(string pointer, int index) => pointer + "/" + index.ToString(CultureInfo.InvariantCulture);

    /// <summary>A name as a pointer's reference token (RFC 6901 §3).</summary>
    public static string Escape(string token) =>
        token.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    /// <summary>The reference tokens, unescaped; <see langword="false"/> when the text is no pointer.</summary>
    public static bool TryParse(string pointer, [NotNullWhen(true)] out string[]? tokens)
    {
        tokens = null;
        if (pointer.Length == 0)
        {
            tokens = [];
            return true;
        }

        if (pointer[0] != '/')
            return false;

        for (var at = pointer.IndexOf('~', StringComparison.Ordinal); at >= 0; at = pointer.IndexOf('~', at + 1))
            if (at + 1 == pointer.Length || pointer[at + 1] is not ('0' or '1'))
                return false;

        tokens = pointer[1..].Split('/');
        for (var i = 0; i < tokens.Length; i++)
            tokens[i] = tokens[i].Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);

        return true;
    }

    /// <summary>What a pointer points at.</summary>
    public static bool TryFind(JsonElement root, IReadOnlyList<string> tokens, out JsonElement found)
    {
        found = root;
        foreach (var token in tokens)
            if (!TryStep(found, token, out found))
                return false;

        return true;
    }

    private static bool TryStep(JsonElement from, string token, out JsonElement to)
    {
        to = default;
        if (from.ValueKind == JsonValueKind.Object)
            return from.TryGetProperty(token, out to);

        if (from.ValueKind != JsonValueKind.Array || !int.TryParse(token, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index))
            return false;

        if (index == -1)
            index = from.GetArrayLength() - 1;

        if (index < 0 || index >= from.GetArrayLength())
            return false;

        to = from[index];
        return true;
    }
}
