using System.Text;
using System.Text.RegularExpressions;

namespace IntegrationHub.Schemas;

/// <summary>
/// A schema's regular expression. Patterns are ECMA-262 (JSON Schema §6.3.3): <c>$</c> is the end of the text only, never a place before a final line break,
/// and <c>\d</c> and <c>\w</c> are ASCII. Runs on the linear engine where the pattern allows it, else with a time limit, so no input can stall a thread.
/// </summary>
internal sealed class SchemaPattern
{
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(250);
    private readonly string translated;
    private Regex? regex;

    private SchemaPattern(string text, string translated)
    {
        Text = text;
        this.translated = translated;
    }

    /// <summary>The pattern as the schema writes it.</summary>
    public string Text { get; }

    /// <summary>Compiles a pattern.</summary>
    /// <exception cref="ArgumentException">It is no regular expression.</exception>
    public static SchemaPattern Compile(string pattern)
    {
        // Whether it is a regular expression shows here; the automaton takes a hundred times as long to make, and most patterns are never asked.
        var translated = Translate(pattern);
        _ = new Regex(translated, RegexOptions.CultureInvariant, Limit);
        return new SchemaPattern(pattern, translated);
    }

    /// <summary>Whether a text matches; <see langword="null"/> when that took too long to find out.</summary>
    public bool? Matches(string text)
    {
        try
        {
            return LazyInitializer.EnsureInitialized(ref regex, () => Build(translated)).IsMatch(text);
        }
        catch (RegexMatchTimeoutException)
        {
            return null;
        }
    }

    private static Regex Build(string translated)
    {
        try
        {
            return new Regex(translated, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking, Limit);
        }
        catch (NotSupportedException)
        {
            return new Regex(translated, RegexOptions.CultureInvariant, Limit);
        }
    }

    private static string Translate(string pattern)
    {
        var result = new StringBuilder(pattern.Length + 16);
        var inClass = false;
        for (var i = 0; i < pattern.Length; i++)
        {
            var c = pattern[i];
            if (c == '\\' && i + 1 < pattern.Length)
            {
                var next = pattern[++i];
                result.Append((next, inClass) switch
                {
                    ('d', false) => "[0-9]",
                    ('d', true) => "0-9",
                    ('w', false) => "[A-Za-z0-9_]",
                    ('w', true) => "A-Za-z0-9_",
                    ('/', _) => "/",
                    ('-', false) => "-",
                    _ => "\\" + next,
                });
                continue;
            }

            if (c == '[' && inClass)
            {
                result.Append("\\[");
                continue;
            }

            inClass = inClass ? c != ']' : c == '[';
            result.Append(c == '$' && !inClass ? "\\z" : c.ToString());
        }

        return result.ToString();
    }
}
