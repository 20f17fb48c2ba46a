using System.Globalization;
using System.Text;

namespace IntegrationHub.Testing.Generation;

/// <summary>
/// Makes up texts that match a regular expression (ECMA-262, the subset that schemas use: literals, classes, groups, alternatives, quantifiers). Assertions are passed over,
/// so what comes out must be judged by the schema. Not thread-safe.
/// </summary>
internal sealed class PatternSampler
{
    private const string Friendly = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    private const string Candidates = Friendly + "-_./:@+=, !#$%&'()*;<>?[]^`{|}~\"\\";
    private readonly string pattern;
    private readonly Random random;
    private readonly int extra;
    private int position;

    private PatternSampler(string pattern, Random random, int extra)
    {
        this.pattern = pattern;
        this.random = random;
        this.extra = extra;
    }

    /// <summary>A text for the pattern; <see langword="null"/> when the pattern cannot be read.</summary>
    /// <param name="pattern">The pattern.</param>
    /// <param name="random">Where choices come from.</param>
    /// <param name="extra">How many repetitions more than needed open quantifiers give.</param>
    public static string? Sample(string pattern, Random random, int extra)
    {
        var sampler = new PatternSampler(pattern, random, extra);
        try
        {
            var text = sampler.Alternatives();
            return sampler.position == pattern.Length ? text : null;
        }
        catch (Exception fault) when (fault is FormatException or IndexOutOfRangeException or ArgumentOutOfRangeException)
        {
            return null;
        }
    }

    private string Alternatives()
    {
        var options = new List<string> { Sequence() };
        while (position < pattern.Length && pattern[position] == '|')
        {
            position++;
            options.Add(Sequence());
        }

        return options[random.Next(options.Count)];
    }

    private string Sequence()
    {
        var text = new StringBuilder();
        while (position < pattern.Length && pattern[position] is not ('|' or ')'))
        {
            var start = position;
            var piece = Atom();
            var end = position;
            var (least, most) = Quantifier();
            if (most == 0)
                continue;

            // Each repetition is made up anew: the atom is read again.
            var count = Math.Max(least, Math.Min(most, least + (extra == 0 ? 0 : random.Next(extra + 1))));
            var after = position;
            for (var i = 0; i < count; i++)
            {
                position = start;
                text.Append(i == 0 ? piece : Atom());
            }

            position = count == 0 ? after : Math.Max(after, end);
        }

        return text.ToString();
    }

    private string Atom()
    {
        var c = pattern[position++];
        switch (c)
        {
            case '^' or '$':
                return "";
            case '.':
                return Pick(Friendly);
            case '(':
                return Group();
            case '[':
                return Pick(Class());
            case '\\':
                return Escape();
            default:
                return c.ToString();
        }
    }

    private string Group()
    {
        var silent = false;
        if (pattern[position] == '?')
        {
            position++;
            var kind = pattern[position++];
            if (kind == '<' && pattern[position] is not ('=' or '!'))
            {
                position = pattern.IndexOf('>', position) + 1;
            }
            else
            {
                silent = kind != ':';
                if (kind == '<')
                    position++;
            }
        }

        var text = Alternatives();
        if (pattern[position] != ')')
            throw new FormatException();

        position++;
        return silent ? "" : text;
    }

    private string Escape()
    {
        var c = pattern[position++];
        return c switch
        {
            'd' => Pick("0123456789"),
            'w' => Pick(Friendly),
            's' => " ",
            'D' or 'W' or 'S' => Pick(c == 'W' ? "-. " : "abcxyz"),
            'b' or 'B' => "",
            _ => Literal(c).ToString(),
        };
    }

    private char Literal(char c)
    {
        switch (c)
        {
            case 'n': return '\n';
            case 'r': return '\r';
            case 't': return '\t';
            case 'u' or 'x':
                var digits = c == 'u' ? 4 : 2;
                var code = (char)int.Parse(pattern.AsSpan(position, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
                position += digits;
                return code;
            default: return c;
        }
    }

    private string Class()
    {
        var negated = pattern[position] == '^';
        if (negated)
            position++;

        var set = new HashSet<char>();
        var first = true;
        while (pattern[position] != ']' || first)
        {
            first = false;
            var c = pattern[position++];
            if (c == '\\')
            {
                var escaped = pattern[position++];
                switch (escaped)
                {
                    case 'd': set.UnionWith("0123456789"); continue;
                    case 'w': set.UnionWith(Friendly + "_"); continue;
                    case 's': set.UnionWith(" \t\r\n"); continue;
                    default: c = Literal(escaped); break;
                }
            }

            if (pattern[position] == '-' && pattern[position + 1] != ']')
            {
                position++;
                var last = pattern[position++];
                if (last == '\\')
                    last = Literal(pattern[position++]);

                for (var member = c; member <= last && set.Count < 512; member++)
                    set.Add(member);
            }
            else
            {
                set.Add(c);
            }
        }

        position++;
        return negated ? string.Concat(Candidates.Where(c => !set.Contains(c))) : Ordered(set);
    }

    // Letters and digits first, where the class has any: they survive whatever a provider's client does with them.
    private static string Ordered(HashSet<char> set)
    {
        var friendly = string.Concat(Friendly.Where(set.Contains));
        return friendly.Length > 0 ? friendly : string.Concat(set.Order());
    }

    private (int Least, int Most) Quantifier()
    {
        if (position >= pattern.Length)
            return (1, 1);

        (int, int) read;
        switch (pattern[position])
        {
            case '*':
                read = (0, int.MaxValue);
                break;
            case '+':
                read = (1, int.MaxValue);
                break;
            case '?':
                read = (0, 1);
                break;
            case '{' when position + 1 < pattern.Length && char.IsAsciiDigit(pattern[position + 1]):
                var close = pattern.IndexOf('}', position);
                var bounds = pattern[(position + 1)..close].Split(',');
                position = close;
                var least = int.Parse(bounds[0], CultureInfo.InvariantCulture);
                read = (least, bounds.Length == 1 ? least : bounds[1].Length == 0 ? int.MaxValue : int.Parse(bounds[1], CultureInfo.InvariantCulture));
                break;
            default:
                return (1, 1);
        }

        position++;
        if (position < pattern.Length && pattern[position] is '?' or '+')
            position++;

        return read;
    }

    private string Pick(string from) => from.Length == 0 ? "" : from[random.Next(from.Length)].ToString();
}
