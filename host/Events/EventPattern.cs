using System.Diagnostics.CodeAnalysis;

namespace IntegrationHub.Host.Events;

/// <summary>
/// A compiled pattern over dotted event types: <c>*</c> stands for exactly one segment, <c>**</c> for any number, none included; all else is literal and case-sensitive.
/// Matching walks the type once per <c>**</c> at the most and allocates nothing. Immutable and thread-safe.
/// </summary>
internal sealed class EventPattern
{
    public const int MaxLength = 256;
    public const int MaxSegments = 32;

    private readonly string[] segments;

    private EventPattern(string text, string[] segments)
    {
        Text = text;
        this.segments = segments;
    }

    public string Text { get; }

    /// <summary>The leading segments without wildcards, with dots between: what the registry indexes by. Empty when any type may match.</summary>
    public string LiteralPrefix => string.Join('.', segments.TakeWhile(segment => segment is not ("*" or "**")));

    public static bool TryParse(string? text, [NotNullWhen(true)] out EventPattern? pattern, [NotNullWhen(false)] out PatternError? error)
    {
        pattern = null;
        error = Check(text, out var segments);
        if (error is not null)
            return false;

        pattern = new EventPattern(text!, segments);
        return true;
    }

    /// <exception cref="FormatException">The pattern is faulty; the message says how.</exception>
    public static EventPattern Parse(string text) =>
        TryParse(text, out var pattern, out var error) ? pattern : throw new FormatException($"{error.Message} {error.Hint}");

    public bool Matches(ReadOnlySpan<char> type)
    {
        // The classic wildcard walk: on a mismatch go back to the last ** and let it take one segment more. Earlier ** never need a second look.
        var at = 0;
        var rest = new Segments(type);
        var star = -1;
        var resume = rest;
        while (rest.HasCurrent)
        {
            if (at < segments.Length && segments[at] == "**")
            {
                star = at++;
                resume = rest;
            }
            else if (at < segments.Length && (segments[at] == "*" || rest.Current.SequenceEqual(segments[at])))
            {
                at++;
                rest.Advance();
            }
            else if (star >= 0)
            {
                at = star + 1;
                resume.Advance();
                rest = resume;
            }
            else
            {
                return false;
            }
        }

        while (at < segments.Length && segments[at] == "**")
            at++;

        return at == segments.Length;
    }

    public override string ToString() => Text;

    private static PatternError? Check(string? text, out string[] segments)
    {
        segments = [];
        if (string.IsNullOrEmpty(text))
            return new("The pattern is empty.", "Write the event types to receive, such as 'stripe.payment_intent.*', or '**' for all.");
        if (text.Length > MaxLength)
            return new($"The pattern is longer than {MaxLength} characters.", "Use * and ** for parts of the type.");

        segments = text.Split('.');
        if (segments.Length > MaxSegments)
            return new($"The pattern has more than {MaxSegments} segments.", "Use ** for any number of segments.");

        foreach (var segment in segments)
        {
            if (segment.Length == 0)
                return new("The pattern has an empty segment.", "Put exactly one dot between segments, and none at either end.");
            if (segment is "*" or "**")
                continue;
            if (segment.Contains('*', StringComparison.Ordinal))
                return new($"In '{segment}' the * is only a part of a segment.", "* stands for a whole segment and ** for any number of them: 'stripe.*.succeeded', 'github.**'.");
            if (!segment.All(IsTypeCharacter))
                return new("The pattern has a character that no event type has.", "Segments consist of letters, digits, '_' and '-'.");
        }

        return null;
    }

    private static bool IsTypeCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '-';

    /// <summary>A cursor over the dotted segments of a type; copying it remembers the place.</summary>
    private ref struct Segments
    {
        private ReadOnlySpan<char> remaining;

        public Segments(ReadOnlySpan<char> text)
        {
            remaining = text;
            HasCurrent = true;
            Take();
        }

        public ReadOnlySpan<char> Current { get; private set; }

        public bool HasCurrent { get; private set; }

        private bool last;

        public void Advance()
        {
            if (last)
                HasCurrent = false;
            else
                Take();
        }

        private void Take()
        {
            var dot = remaining.IndexOf('.');
            last = dot < 0;
            Current = last ? remaining : remaining[..dot];
            remaining = last ? default : remaining[(dot + 1)..];
        }
    }
}

/// <summary>What is wrong with a pattern, and what to do.</summary>
internal sealed record PatternError(string Message, string Hint);
