using System.Globalization;
using System.Text.Json;

namespace IntegrationHub.Templates;

/// <summary>Numbers, money and time: exact decimals only.</summary>
internal static partial class TemplatePipes
{
    /// <summary>Unix times from here on are milliseconds: as seconds it would be the year 5138.</summary>
    private const decimal FirstMilliseconds = 100_000_000_000m;

    private static TemplateValue Number(TemplateValue value, Call call)
    {
        if (value.IsMissingOrNull || value.Kind == JsonValueKind.Number)
            return value;

        return Digits(Decimal(value, call));
    }

    private static decimal Decimal(TemplateValue value, Call call) =>
        value.Kind is JsonValueKind.Number or JsonValueKind.String
        && decimal.TryParse(value.ToText(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw call.Failure("needs a number");

    private static TemplateValue Digits(decimal number) => TemplateValue.Number(number.ToString(CultureInfo.InvariantCulture));

    /// <summary>
    /// <c>minor:params.currency</c> or <c>minor:usd</c>, with providers' deviations after it: <c>minor:params.currency,ISK=2</c>. A path that ends with a question mark
    /// may lead nowhere: the amount then stays as it is.
    /// </summary>
    private static TemplatePipe Money(Call call, bool toMinor)
    {
        var pieces = call.Argument.Split(',', StringSplitOptions.TrimEntries);
        var deviations = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        foreach (var piece in pieces[1..])
        {
            if (piece.Length != 5 || piece[3] != '=' || !char.IsAsciiDigit(piece[4]))
                throw call.Failure("takes a currency and deviations such as \"ISK=2\"");

            deviations[piece[..3]] = piece[4] - '0';
        }

        var optional = pieces[0].EndsWith('?');
        pieces[0] = pieces[0].TrimEnd('?');
        Func<ITemplateScope, string?> currency;
        if (IsCode(pieces[0]))
        {
            _ = DecimalsOf(pieces[0], deviations, call);
            currency = _ => pieces[0];
        }
        else
        {
            var reference = TemplateReference.Parse(pieces[0]) ?? throw call.Failure("needs a currency code or a path to one, such as params.currency");
            call.References.Add((reference.Root, reference.Path));
            currency = scope => reference.TryResolve(scope, out var element) ? JsonText.ToText(element) : null;
        }

        return (value, scope) =>
        {
            if (value.IsMissingOrNull)
                return value;

            if (currency(scope) is not { } code)
                return optional ? value : throw call.Failure("finds no currency");

            var decimals = DecimalsOf(code, deviations, call);
            var amount = Decimal(value, call);
            try
            {
                return Digits(toMinor ? ToMinor(amount, decimals, call) : ToMajor(amount, decimals, call));
            }
            catch (OverflowException)
            {
                throw call.Failure("needs an amount of at most 28 digits");
            }
        };
    }

    private static decimal ToMinor(decimal amount, int decimals, Call call)
    {
        var minor = amount * PowerOfTen(decimals);
        return minor == decimal.Truncate(minor) ? decimal.Truncate(minor) : throw call.Failure("needs an amount with no more decimals than its currency has");
    }

    private static decimal ToMajor(decimal amount, int decimals, Call call)
    {
        if (amount != decimal.Truncate(amount))
            throw call.Failure("needs a whole number of minor units");

        // Building the number from its digits keeps trailing zeros: 1050 becomes 10.50.
        var bits = decimal.GetBits(decimal.Truncate(amount));
        return new decimal(bits[0], bits[1], bits[2], amount < 0, (byte)decimals);
    }

    private static decimal PowerOfTen(int exponent)
    {
        var power = 1m;
        for (var i = 0; i < exponent; i++)
            power *= 10;

        return power;
    }

    private static bool IsCode(string text) => text.Length == 3 && text.All(char.IsAsciiLetter);

    private static int DecimalsOf(string code, Dictionary<string, int> deviations, Call call) =>
        deviations.TryGetValue(code, out var decimals) || Currencies.TryGetDecimals(code, out decimals)
            ? decimals
            : throw call.Failure("needs an ISO 4217 currency code with a minor unit");

    private static DateTimeOffset Instant(TemplateValue value, Call call)
    {
        var text = value.Kind is JsonValueKind.Number or JsonValueKind.String ? value.ToText()!.Trim() : "";
        try
        {
            if (decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
                return DateTimeOffset.UnixEpoch.AddTicks(decimal.ToInt64(number * (Math.Abs(number) >= FirstMilliseconds ? TimeSpan.TicksPerMillisecond : TimeSpan.TicksPerSecond)));
        }
        catch (Exception exception) when (exception is OverflowException or ArgumentOutOfRangeException)
        {
            throw call.Failure("needs a time between the years 1 and 9999");
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time
            : throw call.Failure("needs Unix seconds, Unix milliseconds or an ISO 8601 time");
    }

    private static TemplateValue Iso(DateTimeOffset time) =>
        new(time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture));
}
