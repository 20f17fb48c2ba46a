using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Manifests;
using IntegrationHub.Templates;

namespace IntegrationHub.Webhooks;

/// <summary>One compiled handshake. Immutable and thread-safe.</summary>
internal sealed class ChallengeMatcher
{
    /// <summary>The longest answer in characters. Challenges are short; nobody shall use the hub as a mirror.</summary>
    private const int MaxAnswer = 16 * 1024;

    private readonly string method;
    private readonly RequestConditions when;
    private readonly AnswerTemplate? body;
    private readonly RequestTemplate? visit;
    private readonly HostPatterns? visitHosts;
    private readonly int status;
    private readonly string contentType;
    private readonly Func<string, string>? escape;

    /// <exception cref="ArgumentException">A rule is faulty.</exception>
    public ChallengeMatcher(ChallengeManifest challenge, AnswerKey? key)
    {
        method = challenge.Method.ToUpperInvariant();
        MustVerify = challenge.Verified ?? method == "POST";
        when = new RequestConditions(challenge.When, "challenge.when");
        status = challenge.Respond.Status;
        if (challenge.Visit is { } visited)
        {
            visit = RequestTemplate.Compile(visited.Url, Part.Content, "challenge.visit.url");
            visitHosts = new HostPatterns(visited.Hosts, "challenge.visit.hosts");
            if (!MustVerify || !visitHosts.Any)
                throw new ArgumentException("challenge.visit: only a verified handshake may make the hub call an address, and only on 'hosts'.");
        }

        var answer = challenge.Respond.Body is { ValueKind: not (JsonValueKind.Null or JsonValueKind.Undefined) } given ? given : (JsonElement?)null;
        body = answer is { } template ? AnswerTemplate.Compile(template, key) : null;
        contentType = challenge.Respond.ContentType ?? (answer is null or { ValueKind: JsonValueKind.String } ? "text/plain" : "application/json");

        // What a stranger sent goes back under the operator's name: it must stay data in whatever language the answer is written.
        if (answer is { ValueKind: JsonValueKind.String })
        {
            escape = contentType.Contains("json", StringComparison.OrdinalIgnoreCase) ? static text => JavaScriptEncoder.Default.Encode(text)
                : contentType.StartsWith("text/plain", StringComparison.OrdinalIgnoreCase) ? null
                : WebUtility.HtmlEncode;
        }
    }

    /// <summary>Whether the request must be verified before it is answered.</summary>
    public bool MustVerify { get; }

    /// <summary>The answer; <see langword="null"/> when the request is not this handshake.</summary>
    public ChallengeResponse? Match(RequestParts request, ConnectionContext connection)
    {
        if (request.Request.Method != method || !when.Hold(request, connection))
            return null;

        // An address that is nobody's to visit makes the request no handshake.
        Uri? address = null;
        if (visit is not null && (address = visitHosts!.Read(visit.Render(new PartValues { Request = request }))) is null)
            return null;
        if (body is null)
            return new ChallengeResponse(status, "", contentType) { Visit = address };

        var values = new PartValues { Request = request, Connection = connection, Config = connection.Config };
        return body.Render(values, escape) is { Length: <= MaxAnswer } text ? new ChallengeResponse(status, text, contentType) { Visit = address } : null;
    }
}

/// <summary>A compiled answer: text, or JSON whose strings are templates. A value that is missing makes the whole no answer.</summary>
internal abstract class AnswerTemplate
{
    public static AnswerTemplate Compile(JsonElement template, AnswerKey? key)
    {
        if (template.ValueKind == JsonValueKind.String)
            return new TextAnswer(Text(template.GetString()!, key));

        return new JsonAnswer(Node(template, key));
    }

    public abstract string? Render(in PartValues values, Func<string, string>? escape);

    private static RequestTemplate Text(string template, AnswerKey? key) => RequestTemplate.Compile(template, Part.Content, "respond.body", key);

    private static object Node(JsonElement template, AnswerKey? key) => template.ValueKind switch
    {
        JsonValueKind.Object => template.EnumerateObject().Select(property => (property.Name, Node(property.Value, key))).ToArray(),
        JsonValueKind.Array => template.EnumerateArray().Select(element => Node(element, key)).ToArray(),
        JsonValueKind.String => Text(template.GetString()!, key),
        _ => template.Clone(),
    };

    private sealed class TextAnswer(RequestTemplate template) : AnswerTemplate
    {
        public override string? Render(in PartValues values, Func<string, string>? escape) => template.Render(values, escape);
    }

    private sealed class JsonAnswer(object root) : AnswerTemplate
    {
        public override string? Render(in PartValues values, Func<string, string>? escape)
        {
            using var stream = new MemoryStream();
            using (var writer = new Utf8JsonWriter(stream))
            {
                if (!Write(writer, root, values))
                    return null;
            }

            return Encoding.UTF8.GetString(stream.ToArray());
        }

        private static bool Write(Utf8JsonWriter writer, object node, in PartValues values)
        {
            switch (node)
            {
                case (string Name, object Value)[] properties:
                    writer.WriteStartObject();
                    foreach (var (name, value) in properties)
                    {
                        writer.WritePropertyName(name);
                        if (!Write(writer, value, values))
                            return Abandon(writer);
                    }

                    writer.WriteEndObject();
                    return true;
                case object[] elements:
                    writer.WriteStartArray();
                    foreach (var element in elements)
                    {
                        if (!Write(writer, element, values))
                            return Abandon(writer);
                    }

                    writer.WriteEndArray();
                    return true;
                case RequestTemplate template:
                    return WriteText(writer, template, values);
                default:
                    ((JsonElement)node).WriteTo(writer);
                    return true;
            }
        }

        /// <summary>A single pointer keeps the type of what it points to.</summary>
        private static bool WriteText(Utf8JsonWriter writer, RequestTemplate template, in PartValues values)
        {
            if (template.SinglePointer is { } pointer)
            {
                if (!values.Request.TryGetDocument(out var document, out _) || !pointer.TryFind(document, out var value) || !JsonMembers.IsText(value))
                    return false;
                value.WriteTo(writer);
                return true;
            }

            if (template.Render(values) is not { } text)
                return false;
            writer.WriteStringValue(text);
            return true;
        }

        // The writer's buffer is half a document; it is thrown away, not flushed as an error.
        private static bool Abandon(Utf8JsonWriter writer)
        {
            writer.Reset();
            return false;
        }
    }
}
