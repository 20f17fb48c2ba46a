using System.Text.RegularExpressions;

namespace IntegrationHub.Contract.Tests.Authoring;

/// <summary>Links of a Markdown page.</summary>
internal static partial class MarkdownLinks
{
    /// <summary>Every <c>(#anchor)</c> is a heading of the page, or an anchor written into it.</summary>
    public static void AssertAnchors(string page)
    {
        var anchors = Heading().Matches(page).Select(match => Slug(match.Groups[1].Value)).Concat(Anchor().Matches(page).Select(match => match.Groups[1].Value)).ToHashSet();
        Assert.All(AnchorLink().Matches(page), link => Assert.Contains(link.Groups[1].Value, anchors));
    }

    /// <summary>Every link to a file leads to one.</summary>
    public static void AssertFiles(string page, string folder) =>
        Assert.All(
            FileLink().Matches(page).Select(match => match.Groups[1].Value.Split('#')[0]).Where(target => !target.Contains("://", StringComparison.Ordinal)),
            target => Assert.True(Path.Exists(Path.Combine(folder, target)), $"There is no {target}."));

    private static string Slug(string heading) =>
        string.Concat(heading.Trim().ToLowerInvariant().Where(c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_')).Replace(' ', '-');

    [GeneratedRegex("^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex("<a id=\"([^\"]+)\">")]
    private static partial Regex Anchor();

    [GeneratedRegex(@"\]\(#([^)]+)\)")]
    private static partial Regex AnchorLink();

    [GeneratedRegex(@"\]\(([^)#][^)]*)\)")]
    private static partial Regex FileLink();
}
