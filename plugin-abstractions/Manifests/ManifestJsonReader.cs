using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using IntegrationHub.Schemas;

namespace IntegrationHub.Manifests;

/// <summary>Reads the text of a manifest: JSON with comments and trailing commas, every name once.</summary>
internal static class ManifestJsonReader
{
    public const int MostBytes = 4 * 1024 * 1024;
    private const int DeepestNesting = 64;
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>The document without its comments; <see langword="null"/> when it is no JSON. The id is what could be read of it in any case.</summary>
    public static JsonElement? Read(ReadOnlyMemory<byte> utf8, List<ValidationIssue> errors, out string? id)
    {
        id = null;
        if (utf8.Span.StartsWith(ByteOrderMark))
            utf8 = utf8[ByteOrderMark.Length..];

        if (utf8.Length > MostBytes)
        {
            errors.Add(new ValidationIssue("", "The manifest is larger than 4 MB.", "Keep long texts and large samples out of it."));
            return null;
        }

        if (TryReadSound(utf8) is { } sound)
        {
            id = sound.ValueKind == JsonValueKind.Object && sound.TryGetProperty("id", out var named) && named.ValueKind == JsonValueKind.String ? named.GetString() : null;
            return sound;
        }

        try
        {
            Scan(utf8.Span, errors, ref id);
        }
        catch (JsonException fault)
        {
            errors.Add(Syntax(fault));
            return null;
        }
        catch (InvalidOperationException)
        {
            errors.Add(new ValidationIssue("", "The manifest contains text that is not valid Unicode.", "Save it as UTF-8, and look for a lone \\ud800 to \\udfff."));
            return null;
        }

        return Clean(utf8, allowDuplicates: true);
    }

    /// <summary>The document when there is nothing to report of it: nearly always.</summary>
    private static JsonElement? TryReadSound(ReadOnlyMemory<byte> utf8)
    {
        // An escape may be half of a surrogate pair.
        if (!Utf8.IsValid(utf8.Span) || utf8.Span.IndexOf("\\u"u8) >= 0)
            return null;

        try
        {
            return Clean(utf8, allowDuplicates: false);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Finds what <see cref="JsonDocument"/> would pass over: a name that comes twice.</summary>
    private static void Scan(ReadOnlySpan<byte> utf8, List<ValidationIssue> errors, ref string? id)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = DeepestNesting });
        var open = new Stack<Scope>();
        var name = "";
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    name = reader.GetString()!;
                    var scope = open.Peek();
                    if (!scope.Names!.Add(name))
                        errors.Add(new ValidationIssue(PointerText.Append(scope.Pointer, name), $"The key \"{name}\" comes more than once.", "Keep one of them."));

                    break;
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    open.Push(new Scope(Next(open, name), reader.TokenType == JsonTokenType.StartObject));
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    open.Pop();
                    break;
                default:
                    var pointer = Next(open, name);
                    var text = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
                    if (pointer == "/id" && text is not null)
                        id ??= text;

                    break;
            }
        }
    }

    private static string Next(Stack<Scope> open, string name)
    {
        if (!open.TryPeek(out var parent))
            return "";

        return parent.Names is null ? PointerText.Append(parent.Pointer, parent.Count++) : PointerText.Append(parent.Pointer, name);
    }

    private static JsonElement Clean(ReadOnlyMemory<byte> utf8, bool allowDuplicates)
    {
        using var document = JsonDocument.Parse(utf8, new JsonDocumentOptions
        {
            CommentHandling = JsonCommentHandling.Skip,
            AllowTrailingCommas = true,
            MaxDepth = DeepestNesting,
            AllowDuplicateProperties = allowDuplicates,
        });

        // Raw text of an element would still have the comments in it, and trip whoever parses it again.
        var buffer = new ArrayBufferWriter<byte>(utf8.Length);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            document.RootElement.WriteTo(writer);

        return JsonElement.Parse(buffer.WrittenSpan);
    }

    private static ValidationIssue Syntax(JsonException fault)
    {
        var (line, column) = ((fault.LineNumber ?? 0) + 1, (fault.BytePositionInLine ?? 0) + 1);
        var why = fault.Message;
        foreach (var tail in (string[])[" LineNumber:", " Path:"])
            if (why.IndexOf(tail, StringComparison.Ordinal) is var cut and > 0)
                why = why[..cut];

        return new ValidationIssue(
            "", string.Create(CultureInfo.InvariantCulture, $"The manifest is not JSON: line {line}, column {column}. {why}"), "Look for a missing comma, quotation mark or bracket just before that place.");
    }

    private sealed class Scope(string pointer, bool isObject)
    {
        public string Pointer => pointer;

        public HashSet<string>? Names { get; } = isObject ? new HashSet<string>(StringComparer.Ordinal) : null;

        public int Count { get; set; }
    }
}
