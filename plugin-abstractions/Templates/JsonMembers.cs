using System.Runtime.InteropServices;
using System.Text.Json;

namespace IntegrationHub.Templates;

/// <summary>
/// Reads objects that strangers wrote. JSON may hold half a surrogate pair as an escape (<c>"\ud800"</c>; RFC 8259 §8.2), which no text can: the framework throws when it meets one,
/// even in a member that nobody asked for.
/// </summary>
internal static class JsonMembers
{
    /// <summary>The member of an object; of several with the name the last, as the framework has it. Members whose names are no text are nobody's.</summary>
    public static bool TryGetMember(this JsonElement container, string name, out JsonElement value)
    {
        try
        {
            return container.TryGetProperty(name, out value);
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException && container.ValueKind == JsonValueKind.Object)
        {
            return TrySearch(container, name, out value);
        }
    }

    /// <summary>A member's name; <see langword="null"/> when it is no text.</summary>
    public static string? NameOf(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Whether every text in it, names included, is one.</summary>
    public static bool IsText(JsonElement element)
    {
        if (element.ValueKind is not (JsonValueKind.String or JsonValueKind.Object or JsonValueKind.Array))
            return true;

        // Only an escape can be wrong: bytes that are no UTF-8 did not get here.
        var raw = JsonMarshal.GetRawUtf8Value(element);
        if (raw.IndexOf("\\ud"u8) < 0 && raw.IndexOf("\\uD"u8) < 0)
            return true;

        var reader = new Utf8JsonReader(raw, new JsonReaderOptions { MaxDepth = int.MaxValue });
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
                    reader.GetString();
            }
        }
        catch (InvalidOperationException)
        {
            return false;
        }

        return true;
    }

    /// <summary>Whether a text has no half of a surrogate pair.</summary>
    public static bool IsText(ReadOnlySpan<char> text)
    {
        for (var i = text.IndexOfAnyInRange('\uD800', '\uDFFF'); i >= 0 && i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
                return false;

            i++;
        }

        return true;
    }

    private static bool TrySearch(JsonElement container, string name, out JsonElement value)
    {
        value = default;
        var found = false;
        foreach (var member in container.EnumerateObject())
        {
            if (NameOf(member) != name)
                continue;

            value = member.Value;
            found = true;
        }

        return found;
    }
}
