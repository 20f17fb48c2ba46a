using System.Text;

namespace IntegrationHub.Webhooks;

internal sealed partial class RequestTemplate
{
    /// <summary>Compiles a template. <c>{{</c> and <c>}}</c> are literal braces.</summary>
    /// <param name="text">The template.</param>
    /// <param name="allowed">The placeholders that make sense where it stands.</param>
    /// <param name="where">What to call it in errors.</param>
    /// <param name="answerKey">The scheme whose secret the pipe <c>hmac</c> uses; without one there is no such pipe.</param>
    /// <exception cref="ArgumentException">A placeholder is unknown, or means nothing there.</exception>
    public static RequestTemplate Compile(string text, Part allowed, string where, AnswerKey? answerKey = null)
    {
        var segments = new List<Segment>();
        var literal = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c is '{' or '}' && i + 1 < text.Length && text[i + 1] == c)
            {
                literal.Append(c);
                i++;
            }
            else if (c == '{')
            {
                var end = text.IndexOf('}', i);
                if (end < 0)
                    throw new ArgumentException($"{where}: the placeholder at {i} has no end.");

                AddLiteral();
                segments.Add(Placeholder(text[(i + 1)..end], allowed, where, answerKey));
                i = end;
            }
            else if (c == '}')
            {
                throw new ArgumentException($"{where}: the brace at {i} closes nothing; write '}}}}' for a literal one.");
            }
            else
            {
                literal.Append(c);
            }
        }

        if (segments.Count == 0 || literal.Length > 0)
            AddLiteral(always: segments.Count == 0);

        return new RequestTemplate([.. segments]);

        void AddLiteral(bool always = false)
        {
            if (literal.Length > 0 || always)
                segments.Add(new Segment(Part.Literal, literal.ToString(), Encoding.UTF8.GetBytes(literal.ToString())));
            literal.Clear();
        }
    }

    private static Segment Placeholder(string text, Part allowed, string where, AnswerKey? answerKey)
    {
        AnswerHash? answer = null;
        ValuePipe[]? pipes = null;
        var name = text;
        if (text.IndexOf('|', StringComparison.Ordinal) is var bar and >= 0)
        {
            name = text[..bar];
            if (allowed == Part.Signed)
                pipes = [.. text[(bar + 1)..].Split('|').Select(pipe => ValuePipe.Compile(pipe, where))];
            else if (answerKey is not null)
                answer = AnswerHash.Compile(text[(bar + 1)..], answerKey, where);
            else
                throw new ArgumentException($"{where}: '{{{text}}}' has a pipe; there are none here.");
        }

        var segment = Parse(name) ?? throw new ArgumentException($"{where}: '{{{text}}}' is no placeholder that webhooks know.");
        if ((segment.Part & allowed) == 0)
            throw new ArgumentException($"{where}: '{{{text}}}' has no meaning here.");

        if (pipes is not null && segment.Part is Part.Timestamp or Part.Body)
            throw new ArgumentException($"{where}: '{{{name}}}' is signed as it came; it takes no pipe.");

        return segment with { Answer = answer, Pipes = pipes };
    }

    private static Segment? Parse(string name)
    {
        if (name.StartsWith('/'))
            return new Segment(Part.Pointer, name, [], BodyPointer.Compile(name));

        var whole = name switch
        {
            "timestamp" => Part.Timestamp,
            "id" => Part.Id,
            "secret" => Part.Secret,
            "body" => Part.Body,
            "body.sha256" => Part.BodyHash,
            "body.crc32" => Part.BodyChecksum,
            "body.canonical" => Part.CanonicalBody,
            "method" => Part.Method,
            "url" => Part.Url,
            "path" => Part.Path,
            "query" => Part.QueryString,
            "form.sorted" => Part.SortedForm,
            _ => Part.None,
        };
        if (whole != Part.None)
            return new Segment(whole, name, []);

        // The rest of the name belongs to the part, dots and all: {query.hub.challenge}.
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        if (dot <= 0 || dot == name.Length - 1)
            return null;

        var (root, rest) = (name[..dot], name[(dot + 1)..]);
        return root switch
        {
            "header" => new Segment(Part.Header, rest, []),
            "query" => new Segment(Part.Query, rest, []),
            "headers" => new Segment(Part.ListedHeaders, rest, []),
            "config" or "env" or "auth" => new Segment(Part.Connection, rest, [], BodyPointer.Compile("/" + rest.Replace('.', '/')), root),
            _ => null,
        };
    }
}
