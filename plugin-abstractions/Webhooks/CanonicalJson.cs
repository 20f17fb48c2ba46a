using System.Globalization;
using System.Text;
using System.Text.Json;

namespace IntegrationHub.Webhooks;

/// <summary>JSON in its one canonical spelling (RFC 8785): no white space, members in the order of their names' UTF-16 units, numbers and texts as ECMAScript writes them.</summary>
internal static class CanonicalJson
{
    /// <summary>Writes a value; <see langword="null"/> when it has no canonical spelling (a lone surrogate, a number beyond a double, the same name twice).</summary>
    public static string? Write(JsonElement value)
    {
        var text = new StringBuilder();
        return TryWrite(text, value) ? text.ToString() : null;
    }

    private static bool TryWrite(StringBuilder text, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                return TryWriteObject(text, value);
            case JsonValueKind.Array:
                text.Append('[');
                var first = true;
                foreach (var element in value.EnumerateArray())
                {
                    text.Append(first ? "" : ",");
                    first = false;
                    if (!TryWrite(text, element))
                        return false;
                }

                text.Append(']');
                return true;
            case JsonValueKind.String:
                return RequestParts.Text(value) is { } content && TryWriteText(text, content);
            case JsonValueKind.Number:
                return value.TryGetDouble(out var number) && double.IsFinite(number) && WriteNumber(text, number);
            default:
                text.Append(value.GetRawText()); // true, false, null
                return true;
        }
    }

    private static bool TryWriteObject(StringBuilder text, JsonElement value)
    {
        var members = value.EnumerateObject().Select(static member => (Name: NameOf(member), member.Value)).ToArray();
        if (Array.Exists(members, static member => member.Name is null))
            return false;

        Array.Sort(members, static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        text.Append('{');
        for (var i = 0; i < members.Length; i++)
        {
            if (i > 0 && members[i].Name == members[i - 1].Name)
                return false;

            text.Append(i > 0 ? "," : "");
            if (!TryWriteText(text, members[i].Name!))
                return false;

            text.Append(':');
            if (!TryWrite(text, members[i].Value))
                return false;
        }

        text.Append('}');
        return true;
    }

    private static string? NameOf(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            return null; // an escaped lone surrogate
        }
    }

    private static bool TryWriteText(StringBuilder text, string content)
    {
        text.Append('"');
        for (var i = 0; i < content.Length; i++)
        {
            var c = content[i];
            if (char.IsSurrogate(c))
            {
                if (!char.IsHighSurrogate(c) || i + 1 == content.Length || !char.IsLowSurrogate(content[i + 1]))
                    return false;

                text.Append(c).Append(content[++i]);
                continue;
            }

            switch (c)
            {
                case '"' or '\\':
                    text.Append('\\').Append(c);
                    break;
                case '\b':
                    text.Append("\\b");
                    break;
                case '\t':
                    text.Append("\\t");
                    break;
                case '\n':
                    text.Append("\\n");
                    break;
                case '\f':
                    text.Append("\\f");
                    break;
                case '\r':
                    text.Append("\\r");
                    break;
                case < ' ':
                    text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
                    break;
                default:
                    text.Append(c);
                    break;
            }
        }

        text.Append('"');
        return true;
    }

    /// <summary>ECMA-262 §6.1.6.1.20: the shortest digits that read back as the same number, without an exponent between 1e-7 and 1e21.</summary>
    private static bool WriteNumber(StringBuilder text, double number)
    {
        if (number == 0)
        {
            text.Append('0'); // also minus zero
            return true;
        }

        if (number < 0)
            text.Append('-');

        // "d.ddE+xxx" with the shortest digits; point is where the decimal point stands after the first digit.
        var shortest = Math.Abs(number).ToString("E16", CultureInfo.InvariantCulture);
        foreach (var candidate in Enumerable.Range(0, 17).Select(precision => Math.Abs(number).ToString($"E{precision}", CultureInfo.InvariantCulture)))
        {
            if (double.Parse(candidate, CultureInfo.InvariantCulture) == Math.Abs(number))
            {
                shortest = candidate;
                break;
            }
        }

        var e = shortest.IndexOf('E', StringComparison.Ordinal);
        var digits = shortest[..e].Replace(".", "", StringComparison.Ordinal).TrimEnd('0');
        var n = int.Parse(shortest[(e + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) + 1;
        var k = digits.Length;
        if (k <= n && n <= 21)
            text.Append(digits).Append('0', n - k);
        else if (n is > 0 and <= 21)
            text.Append(digits, 0, n).Append('.').Append(digits, n, k - n);
        else if (n is > -6 and <= 0)
            text.Append("0.").Append('0', -n).Append(digits);
        else
            text.Append(digits, 0, 1).Append(k > 1 ? "." : "").Append(digits, 1, k - 1).Append('e').Append(n > 0 ? '+' : '-').Append(Math.Abs(n - 1).ToString(CultureInfo.InvariantCulture));

        return true;
    }
}
