using System.Buffers;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace IntegrationHub.Testing.Contracts;

/// <summary>
/// YAML as JSON, by YAML 1.2's core schema (§10.3.2) as OpenAPI asks: <c>yes</c> and <c>2020-01-01</c> are texts, keys always are. Anchors and merge keys (<c>&lt;&lt;</c>) are
/// followed, up to a size that no description needs and every alias bomb passes.
/// </summary>
internal static partial class YamlText
{
    private const int MostNodes = 20_000_000;

    /// <exception cref="YamlException">It is no YAML.</exception>
    /// <exception cref="FormatException">It is YAML that JSON has no words for, or too large.</exception>
    public static ReadOnlyMemory<byte> ToJson(TextReader yaml)
    {
        var events = new List<ParsingEvent>();
        var parser = new Parser(yaml);
        while (parser.MoveNext())
            if (parser.Current is { } current and not (StreamStart or StreamEnd or DocumentStart or Comment))
            {
                // Only the first document counts; YAML files of descriptions have one.
                if (current is DocumentEnd)
                    break;

                events.Add(current);
            }

        var buffer = new ArrayBufferWriter<byte>(1 << 20);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true, MaxDepth = 1000 }))
            new Converter(events, writer).Write();

        return buffer.WrittenMemory;
    }

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\z")]
    private static partial Regex Number();

    private sealed class Converter(List<ParsingEvent> events, Utf8JsonWriter writer)
    {
        private readonly Dictionary<AnchorName, int> anchors = [];
        private int written;

        public void Write()
        {
            if (events.Count == 0)
                throw new FormatException("The file is empty.");

            Node(0);
        }

        /// <summary>Writes the node that begins at a place, and says where the next one does.</summary>
        private int Node(int at)
        {
            if (++written > MostNodes)
                throw new FormatException("The file's aliases unfold to too much.");

            if (events[at] is NodeEvent { Anchor.IsEmpty: false } anchored)
                anchors[anchored.Anchor] = at;

            switch (events[at])
            {
                case AnchorAlias alias:
                    Node(Target(alias));
                    return at + 1;
                case Scalar scalar:
                    Value(scalar);
                    return at + 1;
                case SequenceStart:
                    writer.WriteStartArray();
                    for (at++; events[at] is not SequenceEnd;)
                        at = Node(at);

                    writer.WriteEndArray();
                    return at + 1;
                case MappingStart:
                    writer.WriteStartObject();
                    at = Members(at + 1, []);
                    writer.WriteEndObject();
                    return at;
                default:
                    throw new FormatException($"Unexpected {events[at].GetType().Name} at {events[at].Start}.");
            }
        }

        /// <summary>The members of a mapping. Those merged in come last and yield to the mapping's own (YAML's merge key).</summary>
        private int Members(int at, HashSet<string> names)
        {
            var merged = new List<int>();
            while (events[at] is not MappingEnd)
            {
                if (events[at] is not Scalar key)
                    throw new FormatException($"A key at {events[at].Start} is no text.");

                if (key is { Value: "<<", Style: ScalarStyle.Plain })
                {
                    merged.Add(at + 1);
                    at = Skip(at + 1);
                }
                else if (names.Add(key.Value))
                {
                    if (!key.Anchor.IsEmpty)
                        anchors[key.Anchor] = at;

                    writer.WritePropertyName(key.Value);
                    at = Node(at + 1);
                }
                else
                {
                    at = Skip(at + 1);
                }
            }

            foreach (var place in merged)
                Merge(place, names);

            return at + 1;
        }

        private void Merge(int at, HashSet<string> names)
        {
            if (++written > MostNodes)
                throw new FormatException("The file's aliases unfold to too much.");

            switch (events[at])
            {
                case AnchorAlias alias:
                    Merge(Target(alias), names);
                    break;
                case MappingStart:
                    Members(at + 1, names);
                    break;
                case SequenceStart:
                    for (at++; events[at] is not SequenceEnd; at = Skip(at))
                        Merge(at, names);

                    break;
                default:
                    throw new FormatException($"Only mappings can be merged, at {events[at].Start}.");
            }
        }

        private int Target(AnchorAlias alias) =>
            anchors.TryGetValue(alias.Value, out var target) ? target : throw new FormatException($"The alias *{alias.Value} at {alias.Start} has no anchor before it.");

        private int Skip(int at)
        {
            var depth = 0;
            do
            {
                if (events[at] is NodeEvent { Anchor.IsEmpty: false } anchored)
                    anchors[anchored.Anchor] = at;

                depth += events[at] is MappingStart or SequenceStart ? 1 : events[at] is MappingEnd or SequenceEnd ? -1 : 0;
                at++;
            }
            while (depth > 0);

            return at;
        }

        private void Value(Scalar scalar)
        {
            var text = scalar.Value;
            var isText = scalar.Style != ScalarStyle.Plain || (!scalar.Tag.IsEmpty && scalar.Tag.Value.EndsWith("str", StringComparison.Ordinal));
            if (isText)
                writer.WriteStringValue(text);
            else if (text is "" or "~" or "null" or "Null" or "NULL")
                writer.WriteNullValue();
            else if (text is "true" or "True" or "TRUE" or "false" or "False" or "FALSE")
                writer.WriteBooleanValue(text[0] is 't' or 'T');
            else if (text.StartsWith("0x", StringComparison.Ordinal) && BigInteger.TryParse("0" + text[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hex))
                writer.WriteRawValue(hex.ToString(CultureInfo.InvariantCulture));
            else if (Number().IsMatch(text))
                WriteNumber(text);
            else
                writer.WriteStringValue(text);
        }

        private void WriteNumber(string text)
        {
            if (BigInteger.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole))
                writer.WriteRawValue(whole.ToString(CultureInfo.InvariantCulture));
            else if (decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var exact))
                writer.WriteNumberValue(exact);
            else if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value))
                writer.WriteNumberValue(value);
            else
                writer.WriteStringValue(text);
        }
    }
}
