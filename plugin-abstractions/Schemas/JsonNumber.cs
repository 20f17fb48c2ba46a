using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace IntegrationHub.Schemas;

/// <summary>Arithmetic on JSON numbers as they are written: exact where they are integers or decimals, <see cref="double"/> only beyond that.</summary>
internal static class JsonNumber
{
    /// <summary>Digits beyond which a number is compared as a <see cref="double"/>: exact arithmetic on megabytes of digits would be a gift to attackers.</summary>
    private const int LongestExact = 400;

    /// <summary>Whether it is an integer by value: <c>1.0</c> and <c>1e3</c> are (JSON Schema draft 6 and later).</summary>
    public static bool IsIntegral(JsonElement number)
    {
        if (number.TryGetInt64(out _))
            return true;

        var raw = number.GetRawText();
        if (!raw.AsSpan().ContainsAny(".eE"))
            return true;

        if (raw.Length <= 28 && !raw.AsSpan().ContainsAny("eE") && number.TryGetDecimal(out var exact))
            return decimal.Truncate(exact) == exact;

        return number.TryGetDouble(out var value) && (double.IsInfinity(value) || Math.Floor(value) == value);
    }

    /// <summary>Compares by value.</summary>
    public static int Compare(JsonElement left, JsonElement right)
    {
        if (left.TryGetDecimal(out var a) && right.TryGetDecimal(out var b))
            return a.CompareTo(b);

        if (TryGetBig(left, out var x) && TryGetBig(right, out var y))
            return x.CompareTo(y);

        return left.GetDouble().CompareTo(right.GetDouble());
    }

    /// <summary>Whether a number is a multiple of another, positive one.</summary>
    public static bool IsMultiple(JsonElement number, JsonElement of)
    {
        if (number.TryGetDecimal(out var a) && of.TryGetDecimal(out var b) && b != 0)
            return a % b == 0;

        if (TryGetBig(number, out var x) && TryGetBig(of, out var y) && !y.IsZero)
            return (x % y).IsZero;

        return Math.IEEERemainder(number.GetDouble(), of.GetDouble()) == 0;
    }

    private static bool TryGetBig(JsonElement number, out BigInteger value)
    {
        value = default;
        var raw = number.GetRawText();
        return raw.Length <= LongestExact && BigInteger.TryParse(raw, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);
    }
}
