using System.Globalization;
using System.Text;
using System.Text.Json;
using IntegrationHub.Adapters;

namespace IntegrationHub.Webhooks;

/// <summary>What a placeholder of a webhook template stands for.</summary>
[Flags]
internal enum Part
{
    None = 0,
    Literal = 1 << 0,
    Timestamp = 1 << 1,
    Id = 1 << 2,
    Secret = 1 << 3,
    Body = 1 << 4,
    BodyHash = 1 << 5,
    Method = 1 << 6,
    Url = 1 << 7,
    Path = 1 << 8,
    QueryString = 1 << 9,
    Header = 1 << 10,
    Query = 1 << 11,
    SortedForm = 1 << 12,
    Pointer = 1 << 13,
    Connection = 1 << 14,

    BodyChecksum = 1 << 15,
    CanonicalBody = 1 << 16,
    ListedHeaders = 1 << 17,

    /// <summary>What <c>signed</c> may use.</summary>
    Signed = Timestamp | Id | Secret | Body | BodyHash | Method | Url | Path | QueryString | Header | Query | SortedForm | Pointer | Connection
        | BodyChecksum | CanonicalBody | ListedHeaders,

    /// <summary>What events and answers may use.</summary>
    Content = Header | Query | Pointer,
}

/// <summary>What placeholders are filled with.</summary>
internal readonly ref struct PartValues
{
    public required RequestParts Request { get; init; }

    public ConnectionContext? Connection { get; init; }

    /// <summary>The configuration that <c>{config.x}</c> reads: the current one or an earlier one.</summary>
    public JsonElement Config { get; init; }

    /// <summary>Where pointers go instead of the body's root: an element of a batch.</summary>
    public JsonElement Element { get; init; }

    public ReadOnlySpan<char> Timestamp { get; init; }

    public string? Id { get; init; }

    public string? Secret { get; init; }

    /// <summary>The address to use instead of the request's.</summary>
    public string? Url { get; init; }

    public PartValues WithUrl(string url) => new()
    {
        Request = Request, Connection = Connection, Config = Config, Element = Element, Timestamp = Timestamp, Id = Id, Secret = Secret, Url = url,
    };
}

/// <summary>A template over the parts of a webhook request, compiled to segments. Immutable and thread-safe.</summary>
internal sealed partial class RequestTemplate
{
    private readonly Segment[] segments;

    private RequestTemplate(Segment[] segments)
    {
        this.segments = segments;
        foreach (var segment in segments)
            Parts |= segment.Part;
    }

    /// <summary>Every kind of placeholder in it.</summary>
    public Part Parts { get; }

    /// <summary>Whether it is the raw body and nothing else: no copy is needed then.</summary>
    public bool IsBody => segments is [{ Part: Part.Body }];

    /// <summary>The pointer, when the template is one pointer and nothing else.</summary>
    public BodyPointer? SinglePointer => segments is [{ Part: Part.Pointer, Answer: null } only] ? only.Pointer : null;

    /// <summary>Renders to text; <see langword="null"/> when any placeholder has no value. Header and query names that come more than once have none.</summary>
    public string? Render(in PartValues values, Func<string, string>? escape = null)
    {
        if (segments is [var only])
            return TextOf(only, values, escape);

        var text = new StringBuilder();
        foreach (var segment in segments)
        {
            if (TextOf(segment, values, escape) is not { } part)
                return null;
            text.Append(part);
        }

        return text.ToString();
    }

    /// <summary>Writes the string that is signed. What is missing is empty there, as the providers that sign optional fields do it.</summary>
    public void Write(ref SignedBuffer buffer, in PartValues values)
    {
        foreach (var segment in segments)
        {
            switch (segment.Part)
            {
                case Part.Literal:
                    buffer.Append(segment.Literal);
                    break;
                case Part.Body:
                    buffer.Append(values.Request.Request.Body.Span);
                    break;
                case Part.Timestamp:
                    buffer.Append(values.Timestamp);
                    break;
                default:
                    var text = Value(segment, values);
                    foreach (var pipe in segment.Pipes ?? [])
                        text = pipe.Apply(text, values);

                    buffer.Append(text);
                    break;
            }
        }
    }

    /// <summary>
    /// Whether what is signed depends on the request: something of it stands in the string. Values that are all missing leave a constant, and a signature over a constant fits any request in
    /// which they are missing. The body counts when it is empty too, for then nothing of it is outside; the method does not, which is the same every time.
    /// </summary>
    public bool DependsOnRequest(in PartValues values)
    {
        if ((Parts & (Part.Body | Part.BodyHash | Part.BodyChecksum | Part.CanonicalBody | Part.Url | Part.Path)) != 0)
            return true;

        foreach (var segment in segments)
            if (segment.Part is not (Part.Literal or Part.Secret or Part.Connection or Part.Method) && Value(segment, values) is { Length: > 0 })
                return true;

        return false;
    }

    /// <summary>What comes before and after the raw body, where that is a part: so it can be hashed where it lies, instead of being copied into the string first.</summary>
    public bool SplitsAtBody(out RequestTemplate before, out RequestTemplate after)
    {
        var at = Array.FindIndex(segments, static segment => segment.Part == Part.Body && segment.Pipes is null);
        before = at < 0 ? this : new RequestTemplate(segments[..at]);
        after = at < 0 ? this : new RequestTemplate(segments[(at + 1)..]);
        return at >= 0;
    }

    /// <summary>Whether writing it writes nothing.</summary>
    public bool IsEmpty => segments.Length == 0;

    /// <summary>A header or query parameter that is named in the template and came more than once: nobody can say which one was signed.</summary>
    public string? FindAmbiguous(RequestParts request)
    {
        if ((Parts & (Part.Header | Part.Query | Part.ListedHeaders)) == 0)
            return null;

        foreach (var segment in segments)
        {
            if (segment.Part == Part.Header && request.Header(segment.Name, out _) == Occurrence.Many)
                return $"The header {segment.Name} came more than once.";
            if (segment.Part == Part.Query && request.Query(segment.Name, out _) == Occurrence.Many)
                return $"The query parameter {segment.Name} came more than once.";
            if (segment.Part == Part.ListedHeaders && ListedHeaders.FindAmbiguous(segment.Name, request) is { } listed)
                return listed;
        }

        return null;
    }

    /// <summary>Whether every list of headers that is signed has a header: what stands outside of the list is outside of the signature.</summary>
    public bool ListsHeader(string name, RequestParts request) =>
        Array.TrueForAll(segments, segment => segment.Part != Part.ListedHeaders || ListedHeaders.Contains(segment.Name, name, request));

    private static string? TextOf(Segment segment, in PartValues values, Func<string, string>? escape)
    {
        if (segment.Part == Part.Literal)
            return segment.Name;

        var text = Value(segment, values);
        if (text is not null && segment.Answer is { } answer)
            text = answer.Compute(text, values);

        return text is null || escape is null ? text : escape(text);
    }

    private static string? Value(Segment segment, in PartValues values)
    {
        var request = values.Request.Request;
        switch (segment.Part)
        {
            case Part.Timestamp:
                return values.Timestamp.ToString();
            case Part.Id:
                return values.Id;
            case Part.Secret:
                return values.Secret;
            case Part.Body:
                return Encoding.UTF8.GetString(request.Body.Span);
            case Part.BodyHash:
                return BodyHashRule.Sha256Hex(request.Body.Span);
            case Part.BodyChecksum:
                return Crc32.Compute(request.Body.Span).ToString(CultureInfo.InvariantCulture);
            case Part.CanonicalBody:
                return values.Request.TryGetWhole(out var whole) ? CanonicalJson.Write(whole) : null;
            case Part.ListedHeaders:
                return ListedHeaders.Write(segment.Name, values.Request);
            case Part.Method:
                return request.Method;
            case Part.Url:
                return values.Url ?? request.Url;
            case Part.Path:
                return request.Path;
            case Part.QueryString:
                return request.QueryString;
            case Part.Header:
                return values.Request.Header(segment.Name, out var header) == Occurrence.One ? header : null;
            case Part.Query:
                return values.Request.Query(segment.Name, out var parameter) == Occurrence.One ? parameter : null;
            case Part.SortedForm:
                return values.Request.IsForm ? SortedForm(values.Request.Form) : "";
            case Part.Pointer when values.Element.ValueKind != JsonValueKind.Undefined:
                // An object is no id, type or subject: the next rule of the list has its turn.
                return segment.Pointer!.TryFind(values.Element, out var found) && found.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array) ? RequestParts.Text(found) : null;
            case Part.Pointer:
                return values.Request.Pointer(segment.Pointer!);
            case Part.Connection:
                return ConnectionValue(segment, values);
            default:
                return segment.Name;
        }
    }

    private static string? ConnectionValue(Segment segment, in PartValues values)
    {
        var root = segment.Root switch
        {
            "config" => values.Config,
            "env" => values.Connection?.EnvironmentValues ?? default,
            _ => values.Connection?.Auth ?? default,
        };

        // An empty secret would make signatures that everybody can make: it counts as missing.
        return segment.Pointer!.TryFind(root, out var found) && RequestParts.Text(found) is { Length: > 0 } text ? text : null;
    }

    /// <summary>Names and values in ordinal order, concatenated; repeated values of a name sorted and without duplicates: what Twilio signs.</summary>
    private static string SortedForm(IReadOnlyList<KeyValuePair<string, string>>? form)
    {
        if (form is null)
            return "";

        var sorted = form.ToArray();
        Array.Sort(sorted, static (a, b) => string.CompareOrdinal(a.Key, b.Key) is var byName && byName != 0 ? byName : string.CompareOrdinal(a.Value, b.Value));

        var text = new StringBuilder();
        for (var i = 0; i < sorted.Length; i++)
        {
            if (i == 0 || sorted[i].Key != sorted[i - 1].Key || sorted[i].Value != sorted[i - 1].Value)
                text.Append(sorted[i].Key).Append(sorted[i].Value);
        }

        return text.ToString();
    }

    private sealed record Segment(Part Part, string Name, byte[] Literal, BodyPointer? Pointer = null, string Root = "", AnswerHash? Answer = null, ValuePipe[]? Pipes = null);
}
