using System.Globalization;
using System.Text.RegularExpressions;

namespace IntegrationHub.Host.Http;

/// <summary>How long what was replaced stays valid: a whole number and <c>s</c>, <c>m</c>, <c>h</c> or <c>d</c>.</summary>
internal static partial class Overlap
{
    public const string Rule = "The overlap is a whole number and s, m, h or d, at most 30d.";
    public const string Example = "For example 24h, or 0s to end what was before at once.";

    public static readonly TimeSpan Default = TimeSpan.FromHours(24);
    public static readonly TimeSpan Longest = TimeSpan.FromDays(30);

    public static TimeSpan? Parse(string? text)
    {
        if (text is null)
            return Default;

        if (Form().Match(text) is not { Success: true } match)
            return null;

        var count = int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        var overlap = match.Groups[2].Value switch
        {
            "s" => TimeSpan.FromSeconds(count),
            "m" => TimeSpan.FromMinutes(count),
            "h" => TimeSpan.FromHours(count),
            _ => TimeSpan.FromDays(count),
        };
        return overlap <= Longest ? overlap : null;
    }

    [GeneratedRegex(@"\A([0-9]{1,7})([smhd])\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
