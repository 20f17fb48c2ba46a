using System.Globalization;

namespace IntegrationHub.Webhooks;

/// <summary>Reads the moments that providers write in many ways.</summary>
internal static class EventTime
{
    // Seconds reach this in the year 5138, milliseconds had it in 1973.
    private const decimal FirstMilliseconds = 100_000_000_000m;

    private static readonly DateTimeOffset Earliest = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Reads Unix seconds (also with a fraction), Unix milliseconds, ISO 8601 or an HTTP date. What lies before 2000 or more than a day ahead is not believed.</summary>
    public static bool TryRead(string text, DateTimeOffset receivedAt, out DateTimeOffset moment) =>
        (TryNumber(text, out moment)
            || TryParseIso(text, out moment)
            || DateTimeOffset.TryParseExact(text, "r", CultureInfo.InvariantCulture, DateTimeStyles.None, out moment))
        && moment >= Earliest
        && moment - receivedAt <= TimeSpan.FromDays(1);

    /// <summary>Converts Unix time; fails outside the years 1 to 9999.</summary>
    public static bool TryFromUnix(long value, bool milliseconds, out DateTimeOffset moment)
    {
        moment = default;
        var ticks = milliseconds ? TimeSpan.TicksPerMillisecond : TimeSpan.TicksPerSecond;
        if (value < 0 || value > (DateTimeOffset.MaxValue.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / ticks)
            return false;

        moment = DateTimeOffset.UnixEpoch.AddTicks(value * ticks);
        return true;
    }

    /// <summary>Reads a date and time that begins <c>yyyy-MM-dd</c>; without an offset it is UTC.</summary>
    public static bool TryParseIso(ReadOnlySpan<char> text, out DateTimeOffset moment)
    {
        moment = default;
        if (text.Length is < 16 or > 40 || text[4] != '-' || text[7] != '-' || text[10] is not ('T' or 't' or ' '))
            return false;

        foreach (var c in text)
        {
            if (!char.IsAscii(c) || char.IsControl(c))
                return false;
        }

        foreach (var at in (ReadOnlySpan<int>)[0, 1, 2, 3, 5, 6, 8, 9])
        {
            if (!char.IsAsciiDigit(text[at]))
                return false;
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out moment);
    }

    private static bool TryNumber(string text, out DateTimeOffset moment)
    {
        moment = default;
        if (text.Length is 0 or > 28 || !text.All(c => char.IsAsciiDigit(c) || c == '.')
            || !decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            return false;

        var milliseconds = number < FirstMilliseconds ? number * 1000m : number;
        return milliseconds < long.MaxValue && TryFromUnix((long)milliseconds, milliseconds: true, out moment);
    }
}
