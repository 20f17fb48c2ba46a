using System.Globalization;
using System.Text.Json;
using Newtonsoft.Json;

namespace IntegrationHub.Schemas;

/// <summary>
/// Feeds a <see cref="JsonElement"/> to Newtonsoft without a detour over text, so that nothing is reinterpreted (dates stay strings). The "line number" of each token
/// is its number in this document, by which errors find back to the exact place: dotted paths cannot tell a dot in a name from a step.
/// </summary>
internal sealed class JsonElementReader : JsonReader, IJsonLineInfo
{
    /// <summary>Deeper values are refused rather than recursed into.</summary>
    public const int DeepestNesting = 100;

    private readonly List<(int Parent, string? Name, int Index, JsonElement Value)> places = [];
    private readonly Stack<Frame> frames = new();
    private JsonElement pending;
    private Step step = Step.Value;

    public JsonElementReader(JsonElement root)
    {
        MaxDepth = null;
        DateParseHandling = DateParseHandling.None;
        pending = root;
        places.Add((-1, null, -1, root));
    }

    private enum Step
    {
        Value,
        Container,
        End,
    }

    /// <inheritdoc />
    public int LineNumber { get; private set; }

    /// <inheritdoc />
    public int LinePosition => 1;

    /// <inheritdoc />
    public bool HasLineInfo() => true;

    /// <summary>The value of a token.</summary>
    public JsonElement ValueAt(int number) => places[number].Value;

    /// <summary>The pointer to a token.</summary>
    public string PointerTo(int number)
    {
        var (parent, name, index, _) = places[number];
        if (parent < 0)
            return "";

        return name is null ? PointerText.Append(PointerTo(parent), index) : PointerText.Append(PointerTo(parent), name);
    }

    /// <inheritdoc />
    public override bool Read()
    {
        switch (step)
        {
            case Step.Value:
                ReadValue(pending);
                return true;
            case Step.Container when frames.TryPeek(out var frame):
                return frame.IsObject ? ReadMember(frame) : ReadItem(frame);
            default:
                SetToken(JsonToken.None);
                return false;
        }
    }

    private void ReadValue(JsonElement value)
    {
        LineNumber = places.Count - 1;
        step = frames.Count == 0 ? Step.End : Step.Container;
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                Open(JsonToken.StartObject, new Frame(places.Count - 1, value.EnumerateObject()));
                break;
            case JsonValueKind.Array:
                Open(JsonToken.StartArray, new Frame(places.Count - 1, value.EnumerateArray()));
                break;
            case JsonValueKind.String:
                SetToken(JsonToken.String, value.GetString());
                break;
            case JsonValueKind.Number:
                // Only the kind of number counts here; SchemaAssertions judges its value exactly.
                if (JsonNumber.IsIntegral(value))
                    SetToken(JsonToken.Integer, 0L);
                else
                    SetToken(JsonToken.Float, 0.5);
                break;
            case JsonValueKind.True or JsonValueKind.False:
                SetToken(JsonToken.Boolean, value.GetBoolean());
                break;
            default:
                SetToken(JsonToken.Null, null);
                break;
        }
    }

    private void Open(JsonToken token, Frame frame)
    {
        if (frames.Count >= DeepestNesting)
            throw new JsonReaderException(string.Create(CultureInfo.InvariantCulture, $"deeper than {DeepestNesting}"));

        frames.Push(frame);
        step = Step.Container;
        SetToken(token);
    }

    private bool ReadMember(Frame frame)
    {
        if (!frame.Members.MoveNext())
            return Close(JsonToken.EndObject);

        var member = frame.Members.Current;
        places.Add((frame.Place, member.Name, -1, member.Value));
        LineNumber = places.Count - 1;
        pending = member.Value;
        step = Step.Value;
        SetToken(JsonToken.PropertyName, member.Name);
        return true;
    }

    private bool ReadItem(Frame frame)
    {
        if (!frame.Items.MoveNext())
            return Close(JsonToken.EndArray);

        places.Add((frame.Place, null, frame.Next++, frame.Items.Current));
        ReadValue(frame.Items.Current);
        return true;
    }

    private bool Close(JsonToken token)
    {
        frames.Pop();
        step = frames.Count == 0 ? Step.End : Step.Container;
        SetToken(token);
        return true;
    }

    private sealed class Frame
    {
        public Frame(int place, JsonElement.ObjectEnumerator members) => (Place, Members, IsObject) = (place, members, true);

        public Frame(int place, JsonElement.ArrayEnumerator items) => (Place, Items) = (place, items);

        public readonly bool IsObject;
        public readonly int Place;
        public JsonElement.ObjectEnumerator Members;
        public JsonElement.ArrayEnumerator Items;
        public int Next;
    }
}
