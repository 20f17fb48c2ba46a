using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using System.Text.Unicode;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Http;

/// <summary>Reads JSON bodies strictly, and says exactly what is wrong with one. No message repeats a value of the body: it may be a secret.</summary>
internal static partial class RequestBody
{
    public const int MaxBytes = 1024 * 1024;

    private static readonly JsonSerializerOptions Options = new(HubJson.Options)
    {
        AllowDuplicateProperties = false,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
    };

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 64, AllowDuplicateProperties = false };

    /// <exception cref="ProblemException">The body is too long, is no JSON, or does not fit the type.</exception>
    public static async Task<T> ReadAsync<T>(HttpContext context, CancellationToken cancellationToken)
        where T : class
    {
        if (!context.Request.HasJsonContentType())
            throw new Problem(StatusCodes.Status415UnsupportedMediaType, "unsupported_media_type", "Unsupported media type", "The body must be JSON: send 'Content-Type: application/json'.").ToException();

        return Parse<T>(await ReadBytesAsync(context.Request, cancellationToken));
    }

    /// <exception cref="ProblemException">The text is no JSON, or does not fit the type.</exception>
    public static T Parse<T>(ReadOnlyMemory<byte> utf8)
        where T : class
    {
        using var document = ParseDocument(utf8);
        RefuseUnreadable(document.RootElement, utf8.Span);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
            throw Invalid("", "The body must be a JSON object.");

        try
        {
            return document.RootElement.Deserialize<T>(Options) ?? throw Invalid("", "The body must be a JSON object.");
        }
        catch (JsonException fault)
        {
            throw Explain<T>(fault);
        }
    }

    private static async Task<ReadOnlyMemory<byte>> ReadBytesAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        await using var limited = new LimitedReadStream(request.Body, MaxBytes);
        using var buffer = new MemoryStream((int)Math.Clamp(request.ContentLength ?? 0, 0, MaxBytes));
        await limited.CopyToAsync(buffer, cancellationToken);
        return buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
    }

    private static JsonDocument ParseDocument(ReadOnlyMemory<byte> utf8)
    {
        if (utf8.IsEmpty)
            throw Invalid("", "The body is empty; a JSON object is expected.");

        if (!Utf8.IsValid(utf8.Span))
            throw Invalid("", "The body is not valid UTF-8.");

        try
        {
            return JsonDocument.Parse(utf8, Strict);
        }
        catch (JsonException fault) when (DuplicateMember().Match(fault.Message) is { Success: true } match)
        {
            throw Invalid("/" + Escape(match.Groups[1].Value), "The member is there twice.");
        }
        catch (JsonException fault)
        {
            throw Invalid("", string.Create(CultureInfo.InvariantCulture, $"The body is not valid JSON: see line {fault.LineNumber + 1}, byte {fault.BytePositionInLine + 1}."));
        }
    }

    // Text that JSON can escape and nothing can keep: lone surrogates, and NUL, which PostgreSQL refuses.
    private static void RefuseUnreadable(JsonElement root, ReadOnlySpan<byte> utf8)
    {
        if (utf8.IndexOf("\\u"u8) >= 0)
            Walk(root, "");

        static void Walk(JsonElement element, string pointer)
        {
            switch (element.ValueKind)
            {
                case JsonValueKind.Object:
                    foreach (var member in element.EnumerateObject())
                    {
                        var at = pointer + "/" + Escape(Text(() => member.Name, pointer));
                        Walk(member.Value, at);
                    }

                    break;
                case JsonValueKind.Array:
                    var index = 0;
                    foreach (var item in element.EnumerateArray())
                        Walk(item, string.Create(CultureInfo.InvariantCulture, $"{pointer}/{index++}"));

                    break;
                case JsonValueKind.String:
                    Text(() => element.GetString()!, pointer);
                    break;
            }
        }

        static string Text(Func<string> read, string pointer)
        {
            try
            {
                var text = read();
                return text.Contains('\0', StringComparison.Ordinal) ? throw Invalid(pointer, "The text contains the character U+0000.") : text;
            }
            catch (InvalidOperationException)
            {
                throw Invalid(pointer, "The text is not valid Unicode: a surrogate stands alone.");
            }
        }
    }

    private static ProblemException Explain<T>(JsonException fault)
    {
        var pointer = PointerOf(fault.Path);
        if (MissingMembers().Match(fault.Message) is { Success: true } missing)
        {
            var names = QuotedName().Matches(missing.Groups[1].Value).Select(match => match.Groups[1].Value);
            return Problem.Invalid("The request is not complete.", [.. names.Select(name => new ValidationIssue(pointer + "/" + Escape(name), $"'{name}' is missing."))]).ToException();
        }

        if (UnknownMember().Match(fault.Message) is { Success: true } unknown)
        {
            var name = unknown.Groups[1].Value;
            var known = typeof(T).Assembly.GetType(unknown.Groups[2].Value) is { } type ? MembersOf(type) : [];
            return Invalid(pointer.EndsWith("/" + Escape(name), StringComparison.Ordinal) ? pointer : pointer + "/" + Escape(name), $"There is no member '{name}' here.", Suggestion.For(name, known));
        }

        if (fault.Message.Contains("doesn't allow setting null values", StringComparison.Ordinal) || fault.Message.Contains("doesn't allow null", StringComparison.Ordinal))
            return Invalid(pointer, "The value may not be null.");

        // The document has no name twice; two that differ by case only meet here.
        if (DuplicateMember().Match(fault.Message) is { Success: true } twice)
            return Invalid(pointer.EndsWith("/" + Escape(twice.Groups[1].Value), StringComparison.OrdinalIgnoreCase) ? pointer : pointer + "/" + Escape(twice.Groups[1].Value), "The member is there twice.");

        return TypeAt(typeof(T), fault.Path) is { } wanted ? Invalid(pointer, $"The value must be {Describe(wanted)}.") : Invalid(pointer, "The value does not fit here.");
    }

    // The fault names the type that was being made, which for a member of a record with parameters is the record. What stands at the path is what the caller got wrong.
    private static Type? TypeAt(Type root, string? path)
    {
        var type = root;
        foreach (Match match in PathSegment().Matches(path ?? ""))
        {
            var name = match.Groups.Values.Skip(1).First(group => group.Success).Value;
            var info = Options.GetTypeInfo(type);
            var inner = info.Kind == JsonTypeInfoKind.Object
                ? info.Properties.FirstOrDefault(property => string.Equals(property.Name, name, StringComparison.OrdinalIgnoreCase))?.PropertyType
                : info.ElementType;
            if (inner is null)
                return null;

            type = Nullable.GetUnderlyingType(inner) ?? inner;
        }

        return type;
    }

    private static IReadOnlyCollection<string> MembersOf(Type type) => [.. Options.GetTypeInfo(type).Properties.Select(property => property.Name)];

    private static string Describe(Type type) => type switch
    {
        { IsEnum: true } => "one of " + string.Join(", ", Enum.GetNames(type).Select(JsonNamingPolicy.SnakeCaseLower.ConvertName)),
        _ when type == typeof(string) => "a string",
        _ when type == typeof(bool) => "true or false",
        _ when type == typeof(int) || type == typeof(long) => "an integer that is not too large",
        _ when type == typeof(double) || type == typeof(decimal) => "a number",
        _ when type == typeof(DateTimeOffset) => "a time in ISO 8601, such as 2030-01-31T12:00:00Z",
        _ when Options.GetTypeInfo(type).Kind == JsonTypeInfoKind.Enumerable => "an array",
        _ => "an object",
    };

    /// <summary>Turns the serializer's <c>$.a.b[0]['x y']</c> into a JSON pointer.</summary>
    private static string PointerOf(string? path)
    {
        var pointer = new StringBuilder();
        foreach (Match match in PathSegment().Matches(path ?? ""))
            pointer.Append('/').Append(Escape(match.Groups.Values.Skip(1).First(group => group.Success).Value));

        return pointer.ToString();
    }

    /// <summary>A name as one segment of a JSON pointer (RFC 6901).</summary>
    public static string Escape(string name) => name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    private static ProblemException Invalid(string pointer, string message, string? hint = null) => Problem.Invalid(message, new ValidationIssue(pointer, message, hint)).ToException();

    [GeneratedRegex(@"\['((?:[^'\\]|\\.)*)'\]|\[(\d+)\]|\.([^.\[]+)")]
    private static partial Regex PathSegment();

    [GeneratedRegex(@"missing required properties including: (.*?)\.(?: Path|$)", RegexOptions.Singleline)]
    private static partial Regex MissingMembers();

    [GeneratedRegex("'([^']+)'")]
    private static partial Regex QuotedName();

    [GeneratedRegex(@"property '(.*)' could not be mapped to any \.NET member contained in type '([^']+)'", RegexOptions.Singleline)]
    private static partial Regex UnknownMember();

    [GeneratedRegex("[Dd]uplicate property '(.*?)'")]
    private static partial Regex DuplicateMember();
}
