using System.Runtime.CompilerServices;

namespace IntegrationHub.Webhooks;

/// <summary>A piece of a header's text.</summary>
internal readonly record struct Slice(string Text, int Start, int Length)
{
    public ReadOnlySpan<char> Span => Text.AsSpan(Start, Length);

    public static Slice Whole(string text) => new(text, 0, text.Length);
}

/// <summary>The signatures of one request, on the stack.</summary>
internal struct SignatureList
{
    /// <summary>Rotation needs two; more than this is somebody trying.</summary>
    public const int Max = 10;

    private Slots slots;

    public int Count { get; private set; }

    /// <summary>Whether there were more than fit.</summary>
    public bool Overflowed { get; private set; }

    public Slice? Timestamp { get; private set; }

    /// <summary>Whether two timestamps came.</summary>
    public bool TimestampRepeated { get; private set; }

    public readonly Slice this[int index] => slots[index];

    public void AddSignature(Slice slice)
    {
        if (Count == Max)
            Overflowed = true;
        else
            slots[Count++] = slice;
    }

    public void AddTimestamp(Slice slice)
    {
        TimestampRepeated |= Timestamp is not null;
        Timestamp = slice;
    }

    [InlineArray(Max)]
    private struct Slots
    {
        private Slice first;
    }
}

/// <summary>
/// How a signature value is laid out: <c>key={signature}</c> fields between commas, semicolons or ampersands, in any order and repeatable, or a fixed sequence of
/// literals and placeholders. Immutable and thread-safe.
/// </summary>
internal sealed class SignatureFormat
{
    private const string SignaturePlaceholder = "{signature}";
    private const string TimestampPlaceholder = "{timestamp}";

    private readonly string format;
    private readonly char delimiter;
    private readonly Field[] fields;

    private SignatureFormat(string format, char delimiter, Field[] fields)
    {
        this.format = format;
        this.delimiter = delimiter;
        this.fields = fields;
    }

    /// <summary>Whether the value carries the timestamp.</summary>
    public bool HasTimestamp => fields.Any(static part => !part.IsSignature);

    /// <summary>Compiles a format.</summary>
    /// <exception cref="ArgumentException">It has not exactly one signature, or cannot be read back.</exception>
    public static SignatureFormat Compile(string format)
    {
        if (CountOf(format, SignaturePlaceholder) != 1 || CountOf(format, TimestampPlaceholder) > 1)
            throw new ArgumentException($"verify.format: '{format}' must contain {SignaturePlaceholder} once and {TimestampPlaceholder} at most once.");

        foreach (var delimiter in ",;&")
        {
            var items = format.Split(delimiter, StringSplitOptions.TrimEntries);
            if (items.Length > 1 && items.All(IsKeyed))
                return new SignatureFormat(format, delimiter, [.. items.Select(KeyedField)]);
        }

        return new SignatureFormat(format, '\0', Sequence(format));
    }

    /// <summary>Reads one value; adds what it finds. <see langword="false"/> when the value does not have this format.</summary>
    public bool TryRead(Slice value, bool ignoreCase, ref SignatureList found) =>
        delimiter == '\0' ? TryReadSequence(value, ignoreCase, ref found) : TryReadFields(value, ref found);

    /// <summary>Writes a value.</summary>
    public string Write(string signature, string timestamp) =>
        format.Replace(TimestampPlaceholder, timestamp, StringComparison.Ordinal).Replace(SignaturePlaceholder, signature, StringComparison.Ordinal);

    private bool TryReadFields(Slice value, ref SignatureList found)
    {
        var any = false;
        foreach (var range in value.Span.Split(delimiter))
        {
            var item = Trim(value, range);
            foreach (var field in fields)
            {
                if (item.Length < field.Before.Length + field.After.Length
                    || !item.Span.StartsWith(field.Before, StringComparison.Ordinal) || !item.Span.EndsWith(field.After, StringComparison.Ordinal))
                    continue;

                var content = item with { Start = item.Start + field.Before.Length, Length = item.Length - field.Before.Length - field.After.Length };
                if (field.IsSignature)
                    found.AddSignature(content);
                else
                    found.AddTimestamp(content);
                any |= field.IsSignature;
            }
        }

        return any;
    }

    private bool TryReadSequence(Slice value, bool ignoreCase, ref SignatureList found)
    {
        var comparison = ignoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        var (signature, timestamp) = (default(Slice), default(Slice));
        var position = 0;
        for (var i = 0; i < fields.Length; i++)
        {
            var rest = value.Span[position..];
            if (!rest.StartsWith(fields[i].Before, comparison))
                return false;

            rest = rest[fields[i].Before.Length..];
            position += fields[i].Before.Length;
            var last = i == fields.Length - 1;
            var end = last
                ? rest.EndsWith(fields[i].After, comparison) ? rest.Length - fields[i].After.Length : -1
                : rest.IndexOf(fields[i + 1].Before, comparison);
            if (end < 0)
                return false;

            var content = value with { Start = value.Start + position, Length = end };
            (signature, timestamp) = fields[i].IsSignature ? (content, timestamp) : (signature, content);
            position += end;
        }

        found.AddSignature(signature);
        if (fields.Length > 1)
            found.AddTimestamp(timestamp);

        return true;
    }

    private static Slice Trim(Slice value, Range range)
    {
        var (start, length) = range.GetOffsetAndLength(value.Length);
        var span = value.Span.Slice(start, length);
        var leading = span.Length - span.TrimStart(' ').Length;
        return value with { Start = value.Start + start + leading, Length = span.Trim(' ').Length };
    }

    private static bool IsKeyed(string item)
    {
        var (equals, open) = (item.IndexOf('=', StringComparison.Ordinal), item.IndexOf('{', StringComparison.Ordinal));
        return equals > 0 && open > equals && CountOf(item, SignaturePlaceholder) + CountOf(item, TimestampPlaceholder) == 1;
    }

    private static Field KeyedField(string item)
    {
        var signature = item.Contains(SignaturePlaceholder, StringComparison.Ordinal);
        var placeholder = signature ? SignaturePlaceholder : TimestampPlaceholder;
        var at = item.IndexOf(placeholder, StringComparison.Ordinal);
        return new Field(item[..at], signature, item[(at + placeholder.Length)..]);
    }

    private static Field[] Sequence(string format)
    {
        var signature = format.IndexOf(SignaturePlaceholder, StringComparison.Ordinal);
        var timestamp = format.IndexOf(TimestampPlaceholder, StringComparison.Ordinal);
        if (timestamp < 0)
            return [new Field(format[..signature], true, format[(signature + SignaturePlaceholder.Length)..])];

        var signatureFirst = signature < timestamp;
        var (first, second) = signatureFirst ? (signature, timestamp) : (timestamp, signature);
        var firstEnd = first + (signatureFirst ? SignaturePlaceholder : TimestampPlaceholder).Length;
        var secondEnd = second + (signatureFirst ? TimestampPlaceholder : SignaturePlaceholder).Length;
        if (firstEnd == second)
            throw new ArgumentException($"verify.format: '{format}' needs something between its placeholders.");

        return [new Field(format[..first], signatureFirst, ""), new Field(format[firstEnd..second], !signatureFirst, format[secondEnd..])];
    }

    private static int CountOf(string text, string part) => text.Split(part).Length - 1;

    private sealed record Field(string Before, bool IsSignature, string After);
}
