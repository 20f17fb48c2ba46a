using System.Text;

namespace IntegrationHub.Host.Cli;

/// <summary>Breaks long lines between words, so that a terminal does not break them within. What follows stands a little further in than the line began.</summary>
internal static class LineFold
{
    private const int Further = 2;
    private const char Escape = '\u001b';

    public static string Fold(string text, int width) =>
        text.Length <= width ? text : string.Join('\n', text.Split('\n').Select(line => FoldLine(line, width)));

    private static string FoldLine(string line, int width)
    {
        var indent = line.Length - line.TrimStart(' ').Length;
        if (Length(line) <= width || width < indent + Further + 20)
            return line;

        var folded = new StringBuilder(line.Length + 16).Append(' ', indent);
        var column = indent;
        var words = 0;
        foreach (var word in line[indent..].Split(' '))
        {
            var length = Length(word);

            // A word that is too long for any line, such as a path, stays whole: it shall still be copied with one click.
            if (words > 0 && column + 1 + length > width)
            {
                TrimEnd(folded).Append('\n').Append(' ', indent + Further);
                (column, words) = (indent + Further, 0);
            }

            if (words++ > 0)
            {
                folded.Append(' ');
                column++;
            }

            folded.Append(word);
            column += length;
        }

        return folded.ToString();
    }

    private static StringBuilder TrimEnd(StringBuilder text)
    {
        while (text.Length > 0 && text[^1] == ' ')
            text.Length--;

        return text;
    }

    // Colours take no room: ESC [ digits m.
    private static int Length(string text)
    {
        var length = 0;
        for (var i = 0; i < text.Length; i++)
            if (text[i] == Escape && text.IndexOf('m', i) is >= 0 and var end)
                i = end;
            else
                length++;

        return length;
    }
}
