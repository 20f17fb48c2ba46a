using System.Text;
using System.Text.Json;
using IntegrationHub.Manifests;
using IntegrationHub.Templates;

namespace IntegrationHub.Adapters.Rest;

/// <summary>Names and values as forms and queries write them: nested names in brackets, arrays as the manifest says.</summary>
internal static class RestParameters
{
    /// <summary>
    /// Flattens a value. Objects become <c>a[b]</c>; arrays of plain values follow the format, arrays with objects or arrays in them are always numbered, since nothing
    /// else keeps their parts together (<c>a[][b]</c> stays possible with <see cref="ArrayFormat.Brackets"/>). Numbers keep their digits, booleans are <c>true</c> and <c>false</c>.
    /// </summary>
    /// <param name="name">The name so far.</param>
    /// <param name="value">The value.</param>
    /// <param name="format">How arrays are written.</param>
    /// <param name="nullText">What <c>null</c> is written as; <see langword="null"/> leaves it out.</param>
    /// <param name="into">Receives the pairs.</param>
    public static void Flatten(string name, JsonElement value, ArrayFormat format, string? nullText, List<KeyValuePair<string, string>> into)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in value.EnumerateObject())
                    Flatten($"{name}[{property.Name}]", property.Value, format, nullText, into);

                break;

            case JsonValueKind.Array when format == ArrayFormat.Comma && IsPlain(value):
                if (value.GetArrayLength() > 0)
                    into.Add(new(name, string.Join(',', value.EnumerateArray().Select(JsonText.ToText))));

                break;

            case JsonValueKind.Array:
                var index = 0;
                var numbered = format == ArrayFormat.Indices || format != ArrayFormat.Brackets && !IsPlain(value);
                foreach (var item in value.EnumerateArray())
                    Flatten(numbered ? $"{name}[{index++}]" : format == ArrayFormat.Brackets ? $"{name}[]" : name, item, format, nullText, into);

                break;

            case JsonValueKind.Null or JsonValueKind.Undefined:
                if (nullText is not null)
                    into.Add(new(name, nullText));

                break;

            default:
                into.Add(new(name, JsonText.ToText(value)!));
                break;
        }
    }

    /// <summary>Percent-encodes pairs (RFC 3986 unreserved characters stay), joined by ampersands. Fits queries and <c>application/x-www-form-urlencoded</c> alike.</summary>
    public static string Encode(IEnumerable<KeyValuePair<string, string>> pairs)
    {
        var builder = new StringBuilder();
        foreach (var (name, value) in pairs)
        {
            if (builder.Length > 0)
                builder.Append('&');

            builder.Append(Uri.EscapeDataString(name)).Append('=').Append(Uri.EscapeDataString(value));
        }

        return builder.ToString();
    }

    /// <summary>The object without some of its members.</summary>
    public static IEnumerable<JsonProperty> Except(JsonElement parameters, IReadOnlySet<string> used) =>
        parameters.ValueKind != JsonValueKind.Object || used.Contains("*") ? [] : parameters.EnumerateObject().Where(property => !used.Contains(property.Name));

    private static bool IsPlain(JsonElement array)
    {
        foreach (var item in array.EnumerateArray())
            if (item.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
                return false;

        return true;
    }
}
