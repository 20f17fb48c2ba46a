using System.Globalization;
using System.Text.RegularExpressions;

namespace IntegrationHub.Host.Http;

/// <summary>How the API writes lengths of time: a whole number and <c>s</c>, <c>m</c>, <c>h</c> or <c>d</c>.</summary>
internal static partial class DurationText
{
    public const string Rule = "A whole number and s, m, h or d is expected.";

    public static TimeSpan? Parse(string text)
    {
        if (Form().Match(text) is not { Success: true } match)
            return null;

        var count = int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        return match.Groups[2].Value switch
        {
            "s" => TimeSpan.FromSeconds(count),
            "m" => TimeSpan.FromMinutes(count),
            "h" => TimeSpan.FromHours(count),
            _ => TimeSpan.FromDays(count),
        };
    }

    /// <summary>In the largest unit that says it exactly; parts of a second are left out.</summary>
    public static string Of(TimeSpan duration) =>
        duration.Ticks % TimeSpan.TicksPerDay == 0 && duration > TimeSpan.Zero ? Write(duration.TotalDays, 'd')
        : duration.Ticks % TimeSpan.TicksPerHour == 0 && duration > TimeSpan.Zero ? Write(duration.TotalHours, 'h')
        : duration.Ticks % TimeSpan.TicksPerMinute == 0 && duration > TimeSpan.Zero ? Write(duration.TotalMinutes, 'm')
        : Write(Math.Floor(duration.TotalSeconds), 's');

    private static string Write(double count, char unit) => string.Create(CultureInfo.InvariantCulture, $"{count:0}{unit}");

    [GeneratedRegex(@"\A([0-9]{1,7})([smhd])\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
