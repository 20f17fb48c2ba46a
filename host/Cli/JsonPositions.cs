using System.Globalization;
using System.Text;
using System.Text.Json;

namespace IntegrationHub.Host.Cli;

/// <summary>Finds the place in a JSON text that a JSON pointer means. Comments and trailing commas are allowed, as in manifests.</summary>
internal sealed class JsonPositions
{
    private static readonly JsonReaderOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = 64 };

    private readonly byte[] text;
    private readonly Dictionary<string, int> offsets = new(StringComparer.Ordinal);
    private readonly List<int> lines = [0];

    // Where the text stops being JSON; what stands before it has its places all the same.
    private readonly int? fault;

    public JsonPositions(byte[] utf8)
    {
        text = utf8;
        for (var i = 0; i < text.Length; i++)
            if (text[i] == '\n')
                lines.Add(i + 1);

        try
        {
            Scan();
        }
        catch (JsonException broken)
        {
            var line = (int)Math.Clamp(broken.LineNumber ?? 0, 0, lines.Count - 1);
            fault = (int)Math.Min(lines[line] + (broken.BytePositionInLine ?? 0) + (line == 0 ? Start : 0), text.Length);
        }
        catch (InvalidOperationException)
        {
            // A name with half a surrogate pair: what follows it has no place.
        }
    }

    private int Start => text.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0;

    /// <summary>The line and column (in characters, both from 1) of a member's name or an element. Of something that is not there: of the nearest thing around it that is.</summary>
    public (int Line, int Column) Find(string pointer)
    {
        if (pointer.Length == 0 && fault is { } place)
            return At(place);

        for (var at = pointer; ; at = at[..at.LastIndexOf('/')])
        {
            if (offsets.TryGetValue(at, out var offset))
                return At(offset);

            if (!at.Contains('/', StringComparison.Ordinal))
                return (1, 1);
        }
    }

    private (int Line, int Column) At(int offset)
    {
        var line = lines.BinarySearch(offset);
        if (line < 0)
            line = ~line - 1;

        var from = line == 0 ? Math.Min(Start, offset) : lines[line];
        return (line + 1, Encoding.UTF8.GetCharCount(text, from, offset - from) + 1);
    }

    private void Scan()
    {
        var reader = new Utf8JsonReader(text.AsSpan(Start), Lenient);
        var open = new Stack<Scope>();
        var name = "";
        while (reader.Read())
        {
            var offset = (int)reader.TokenStartIndex + Start;
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    name = reader.GetString()!;
                    offsets.TryAdd($"{open.Peek().Pointer}/{Escape(name)}", offset);
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    open.Pop();
                    break;
                default:
                    var pointer = Next(open, name);
                    offsets.TryAdd(pointer, offset);
                    if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
                        open.Push(new Scope(pointer, reader.TokenType == JsonTokenType.StartArray));

                    break;
            }
        }
    }

    private static string Next(Stack<Scope> open, string name)
    {
        if (!open.TryPeek(out var parent))
            return "";

        return $"{parent.Pointer}/{(parent.IsArray ? parent.Count++.ToString(CultureInfo.InvariantCulture) : Escape(name))}";
    }

    private static string Escape(string token) => token.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    private sealed class Scope(string pointer, bool isArray)
    {
        public string Pointer => pointer;

        public bool IsArray => isArray;

        public int Count { get; set; }
    }
}
