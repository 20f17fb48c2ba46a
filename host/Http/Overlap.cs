namespace IntegrationHub.Host.Http;

/// <summary>How long what was replaced stays valid, as <see cref="DurationText"/>.</summary>
internal static class Overlap
{
    public const string Rule = "The overlap is a whole number and s, m, h or d, at most 30d.";
    public const string Example = "For example 24h, or 0s to end what was before at once.";

    public static readonly TimeSpan Default = TimeSpan.FromHours(24);
    public static readonly TimeSpan Longest = TimeSpan.FromDays(30);

    public static TimeSpan? Parse(string? text) => text is null ? Default : DurationText.Parse(text) is { } overlap && overlap <= Longest ? overlap : null;
}
