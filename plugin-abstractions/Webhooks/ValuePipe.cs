using System.Globalization;

namespace IntegrationHub.Webhooks;

/// <summary>What is done to a value before it is signed. Immutable and thread-safe.</summary>
internal abstract class ValuePipe
{
    // ISO 4217: the currencies whose amounts have not two decimals.
    private const string WithoutDecimals = " BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF ";
    private const string WithThreeDecimals = " BHD IQD JOD KWD LYD OMR TND ";
    private const string WithFourDecimals = " CLF UYW ";
    private const int MaxDecimals = 10;

    /// <exception cref="ArgumentException">There is no such pipe.</exception>
    public static ValuePipe Compile(string text, string where)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var (name, argument) = colon < 0 ? (text, "") : (text[..colon], text[(colon + 1)..]);
        return name switch
        {
            "before" when argument.Length > 0 => new Around(argument, ""),
            "after" when argument.Length > 0 => new Around("", argument),
            "decimals" when argument.StartsWith('/') => new Decimals(BodyPointer.Compile(argument), 0),
            "decimals" when int.TryParse(argument, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count <= MaxDecimals => new Decimals(null, count),
            _ => throw new ArgumentException($"{where}: the pipe '{text}' is unknown here; there are before:text, after:text, decimals:2 and decimals:/pointer/to/currency."),
        };
    }

    /// <summary>The number of decimals of a currency's amounts.</summary>
    public static int DecimalsOf(string currency)
    {
        var code = $" {currency.ToUpperInvariant()} ";
        return WithoutDecimals.Contains(code, StringComparison.Ordinal) ? 0
            : WithThreeDecimals.Contains(code, StringComparison.Ordinal) ? 3
            : WithFourDecimals.Contains(code, StringComparison.Ordinal) ? 4
            : 2;
    }

    /// <summary>The value to sign; nothing stays nothing.</summary>
    public abstract string? Apply(string? value, in PartValues values);

    private sealed class Around(string before, string after) : ValuePipe
    {
        public override string? Apply(string? value, in PartValues values) => value is null ? null : string.Concat(before, value, after);
    }

    private sealed class Decimals(BodyPointer? currency, int count) : ValuePipe
    {
        public override string? Apply(string? value, in PartValues values)
        {
            if (value is null || !decimal.TryParse(value, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
                return value;

            var decimals = currency is null ? count : DecimalsOf(values.Request.Pointer(currency) ?? "");
            return Math.Round(number, decimals, MidpointRounding.AwayFromZero).ToString("F" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        }
    }
}
