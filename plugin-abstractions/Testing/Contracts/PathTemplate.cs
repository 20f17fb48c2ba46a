using System.Text;
using System.Text.RegularExpressions;

namespace IntegrationHub.Testing.Contracts;

/// <summary>A path with parameters, <c>/v1/customers/{customer}</c>, base path included. Immutable.</summary>
internal sealed class PathTemplate
{
    private readonly Segment[] segments;

    public PathTemplate(string template)
    {
        Text = template;
        segments = [.. Split(template).Select(text => new Segment(text))];
    }

    public string Text { get; }

    /// <summary>The parts between slashes, still encoded; a slash at the end makes an empty last part.</summary>
    public static string[] Split(string path) => path.TrimStart('/').Split('/');

    /// <summary>The values of its parameters, when the path fits; a path's segments are compared decoded (RFC 3986 §6.2.2.2).</summary>
    public Dictionary<string, string>? Match(IReadOnlyList<string> path)
    {
        if (path.Count != segments.Length)
            return null;

        var values = new Dictionary<string, string>();
        for (var i = 0; i < segments.Length; i++)
            if (!segments[i].Match(path[i], values))
                return null;

        return values;
    }

    /// <summary>Positive when this one is the more specific: literal before parameter, from left to right (OpenAPI: concrete paths are matched first).</summary>
    public int CompareTo(PathTemplate other)
    {
        for (var i = 0; i < Math.Min(segments.Length, other.segments.Length); i++)
            if (segments[i].Weight.CompareTo(other.segments[i].Weight) is not 0 and var difference)
                return difference;

        return segments.Length.CompareTo(other.segments.Length);
    }

    /// <summary>How far a path is from this template: 0 when it fits, 1 for each segment that is another, or too many, or too few.</summary>
    public double Distance(IReadOnlyList<string> path)
    {
        var costs = new double[segments.Length + 1, path.Count + 1];
        for (var i = 0; i <= segments.Length; i++)
            for (var j = 0; j <= path.Count; j++)
                costs[i, j] = (i, j) switch
                {
                    (0, _) => j,
                    (_, 0) => i,
                    _ => Math.Min(Math.Min(costs[i - 1, j], costs[i, j - 1]) + 1, costs[i - 1, j - 1] + segments[i - 1].Distance(path[j - 1])),
                };

        return costs[segments.Length, path.Count];
    }

    public override string ToString() => Text;

    private sealed class Segment
    {
        private readonly string? literal;
        private readonly string? name;
        private readonly Lazy<Regex>? mixed;
        private readonly List<string> names = [];

        public Segment(string text)
        {
            if (!text.Contains('{', StringComparison.Ordinal))
            {
                literal = Uri.UnescapeDataString(text);
                Weight = 2;
                return;
            }

            var pattern = new StringBuilder("^");
            var rest = text;
            while (rest.IndexOf('{', StringComparison.Ordinal) is >= 0 and var open && rest.IndexOf('}', open) is > 0 and var close)
            {
                pattern.Append(Regex.Escape(rest[..open])).Append("(.+?)");
                names.Add(rest[(open + 1)..close]);
                rest = rest[(close + 1)..];
            }

            pattern.Append(Regex.Escape(rest)).Append(@"\z");
            if (names.Count == 1 && text == "{" + names[0] + "}")
                name = names[0];
            else
                mixed = new Lazy<Regex>(() => new Regex(pattern.ToString(), RegexOptions.CultureInvariant | RegexOptions.NonBacktracking | RegexOptions.Singleline));

            Weight = mixed is null ? 0 : 1;
        }

        /// <summary>2 for a literal, 1 for a mixture, 0 for a parameter alone.</summary>
        public int Weight { get; }

        public bool Match(string given, Dictionary<string, string> values)
        {
            if (literal is not null)
                return Uri.UnescapeDataString(given) == literal;

            if (name is not null)
            {
                values[name] = Uri.UnescapeDataString(given);
                return given.Length > 0;
            }

            if (mixed!.Value.Match(given) is not { Success: true } match)
                return false;

            foreach (var (index, parameter) in names.Index())
                values[parameter] = Uri.UnescapeDataString(match.Groups[index + 1].Value);

            return true;
        }

        public double Distance(string given)
        {
            if (literal is null)
                return given.Length == 0 ? 1 : 0.01;

            var text = Uri.UnescapeDataString(given);
            return text == literal ? 0 : Schemas.Nearest.To(text, [literal]) is null ? 1 : 0.4;
        }
    }
}
