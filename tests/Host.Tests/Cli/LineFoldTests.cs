using IntegrationHub.Host.Cli;

namespace IntegrationHub.Host.Tests.Cli;

public sealed class LineFoldTests
{
    [Theory]
    [InlineData("short", "short")]
    [InlineData("", "")]
    [InlineData("one two three four five six seven eight nine", "one two three four five six\n  seven eight nine")]
    [InlineData("  one two three four five six seven", "  one two three four five six\n    seven")]
    [InlineData("/a/path/that/is/longer/than/any/line word", "/a/path/that/is/longer/than/any/line\n  word")]
    [InlineData("columns    stay    where    they    are", "columns    stay    where\n  they    are")]
    [InlineData("\u001b[31mone\u001b[0m two three four five six.", "\u001b[31mone\u001b[0m two three four five six.")]
    [InlineData("one two three four five six seven\nshort", "one two three four five six\n  seven\nshort")]
    public void Fold_At30Columns_BreaksBetweenWords(string text, string expected) => Assert.Equal(expected, LineFold.Fold(text, 30));

    [Fact]
    public async Task Run_OnATerminal_FoldsFindingsAndErrors_AndNotIntoAPipe()
    {
        string[] args = ["plugin", "remove", "acme", "--hub", "http://127.0.0.1:1", "--data", "/a/folder/that/is/not/there"];

        var shown = await CliHarness.RunAsync([], args, terminal: true);
        Assert.All(shown.Error.Split('\n'), line => Assert.InRange(line.Replace("\u001b[31m", "", StringComparison.Ordinal).Replace("\u001b[0m", "", StringComparison.Ordinal).Length, 0, 80));
        Assert.Equal(2, (await CliHarness.RunAsync([], args)).Error.Trim().Split('\n').Length);
    }
}
