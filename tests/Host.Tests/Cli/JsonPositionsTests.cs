using System.Text;
using IntegrationHub.Host.Cli;

namespace IntegrationHub.Host.Tests.Cli;

public sealed class JsonPositionsTests
{
    private const string Text = """
        {
          // a comment with "id": 1
          "id": "acme", "näme": "x", "after": 1,
          "a/b~c": { "deep": [1, { "x": 2 },
            true] },
          "last": null,
        }
        """;

    [Theory]
    [InlineData("", 1, 1)]
    [InlineData("/id", 3, 3)]
    [InlineData("/näme", 3, 17)]
    [InlineData("/after", 3, 30)]
    [InlineData("/a~1b~0c", 4, 3)]
    [InlineData("/a~1b~0c/deep", 4, 14)]
    [InlineData("/a~1b~0c/deep/0", 4, 23)]
    [InlineData("/a~1b~0c/deep/1/x", 4, 28)]
    [InlineData("/a~1b~0c/deep/2", 5, 5)]
    [InlineData("/last", 6, 3)]
    [InlineData("/missing", 1, 1)]
    [InlineData("/a~1b~0c/missing/below", 4, 3)]
    public void Find_Pointer_IsItsPlaceOrTheNearestAround(string pointer, int line, int column)
    {
        Assert.Equal((line, column), new JsonPositions(Encoding.UTF8.GetBytes(Text)).Find(pointer));
        Assert.Equal((line, column), new JsonPositions([0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(Text)]).Find(pointer));
        var (windowsLine, windowsColumn) = new JsonPositions(Encoding.UTF8.GetBytes(Text.ReplaceLineEndings("\r\n"))).Find(pointer);
        Assert.Equal((line, column), (windowsLine, windowsColumn));
    }

    [Fact]
    public void Find_BrokenText_WholeMeansWhereItBreaks()
    {
        var positions = new JsonPositions("{\n  \"id\": \"acme\",\n  \"name\": oops\n}"u8.ToArray());

        Assert.Equal((3, 11), positions.Find(""));
        Assert.Equal((2, 3), positions.Find("/id"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[")]
    [InlineData("{ \"a")]
    [InlineData("\u0000")]
    public void Find_HopelessText_HasAPlaceInIt(string text)
    {
        var (line, column) = new JsonPositions(Encoding.UTF8.GetBytes(text)).Find("");

        Assert.InRange(line, 1, 1);
        Assert.InRange(column, 1, text.Length + 1);
    }
}
