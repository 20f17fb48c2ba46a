using IntegrationHub.Templates;

namespace IntegrationHub.Adapters.Rest;

/// <summary>Header templates, compiled; later sets replace earlier ones of the same name.</summary>
internal sealed class RestHeaders
{
    // Framing belongs to the HTTP stack, and Host would lead around the check of the allowed hosts.
    private static readonly HashSet<string> Reserved = new(StringComparer.OrdinalIgnoreCase)
    {
        "Host", "Content-Length", "Transfer-Encoding", "Connection", "Upgrade", "Trailer", "TE", "Proxy-Authorization", "Proxy-Connection", "Keep-Alive",
    };

    private static readonly HashSet<string> OfContent = new(StringComparer.OrdinalIgnoreCase)
    {
        "Allow", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Location", "Content-MD5", "Content-Range", "Content-Type", "Expires", "Last-Modified",
    };

    private readonly List<(string Name, Template Template)> headers = [];

    public RestHeaders(IReadOnlyDictionary<string, string> templates, string pointer)
    {
        foreach (var (name, text) in templates)
        {
            var place = $"{pointer}/{JsonPointer.Escape(name)}";
            if (Reserved.Contains(name))
                throw new InvalidOperationException($"{place}: the header \"{name}\" is set by the HTTP stack and cannot be set here.");

            if (name.Length == 0 || !name.All(IsTokenCharacter))
                throw new InvalidOperationException($"{place}: \"{name}\" is no header name (RFC 9110 §5.1).");

            headers.Add((name, RestTemplates.Compile(text, place)));
        }
    }

    public IEnumerable<Template> Templates => headers.Select(header => header.Template);

    public void Render(ITemplateScope scope, Dictionary<string, string> into)
    {
        foreach (var (name, template) in headers)
            if (template.RenderText(scope, (text, placeholder) => text is null ? null : Checked(name, text, placeholder)) is { } value)
                into[name] = value;
    }

    /// <summary>Puts headers where they belong: on the request or on its content.</summary>
    public static void Apply(Dictionary<string, string> headers, HttpRequestMessage message)
    {
        foreach (var (name, value) in headers)
        {
            if (!OfContent.Contains(name))
            {
                message.Headers.TryAddWithoutValidation(name, value);
            }
            else if (message.Content is { } content && !(name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase) && content is MultipartContent))
            {
                // The multipart type carries the boundary, so a template cannot replace it.
                content.Headers.Remove(name);
                content.Headers.TryAddWithoutValidation(name, value);
            }
        }
    }

    /// <summary>Refuses what would end the header or cannot be sent in one (RFC 9110 §5.5).</summary>
    public static string Checked(string name, string value, string? pointer = null)
    {
        foreach (var c in value)
        {
            if (c is '\r' or '\n' or '\0')
                throw RestRequestException.InvalidParams($"The header \"{name}\" cannot contain a line break.", pointer);

            if (c is (< ' ' and not '\t') or > '~')
                throw RestRequestException.InvalidParams($"The header \"{name}\" can only contain printable ASCII characters.", pointer);
        }

        return value;
    }

    private static string Checked(string name, string value, TemplatePlaceholder placeholder) =>
        Checked(name, value, RestTemplates.ParameterPointer(placeholder.Reference));

    private static bool IsTokenCharacter(char c) => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal);
}
