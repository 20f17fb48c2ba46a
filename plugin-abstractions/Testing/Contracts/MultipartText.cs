using System.Text;

namespace IntegrationHub.Testing.Contracts;

/// <summary>One part of a <c>multipart/form-data</c> body (RFC 7578).</summary>
internal sealed record MultipartPart(string Name, string? FileName, string? ContentType, ReadOnlyMemory<byte> Content);

/// <summary>Takes a multipart body apart (RFC 2046 §5.1), strictly: what a lenient server forgives, another refuses.</summary>
internal static class MultipartText
{
    /// <summary>The parts; <see langword="null"/> and what is wrong when the body is malformed.</summary>
    public static List<MultipartPart>? Read(ReadOnlyMemory<byte> body, string? contentType, out string? why)
    {
        why = null;
        if (Parameter(contentType ?? "", "boundary") is not { Length: > 0 and <= 70 } boundary)
        {
            why = "The content type has no boundary.";
            return null;
        }

        var delimiter = Encoding.ASCII.GetBytes("--" + boundary);
        var parts = new List<MultipartPart>();
        var at = body.Span.IndexOf(delimiter);
        while (at >= 0)
        {
            at += delimiter.Length;
            if (body.Span[at..].StartsWith("--"u8))
                return parts;

            var rest = body[at..];
            var end = rest.Span.IndexOf((ReadOnlySpan<byte>)[.. "\r\n"u8, .. delimiter]);
            var split = rest.Span.IndexOf("\r\n\r\n"u8);
            if (!rest.Span.StartsWith("\r\n"u8) || end < 0 || split < 0 || split > end)
                break;

            if (Part(Encoding.UTF8.GetString(rest.Span[2..Math.Max(2, split)]), rest[(split + 4)..Math.Max(split + 4, end)]) is not { } part)
            {
                why = "A part has no name.";
                return null;
            }

            parts.Add(part);
            at += end + 2;
        }

        why = "The body does not end with its boundary.";
        return null;
    }

    private static MultipartPart? Part(string headers, ReadOnlyMemory<byte> content)
    {
        var (disposition, type) = ("", (string?)null);
        foreach (var line in headers.Split("\r\n"))
        {
            var split = line.IndexOf(':', StringComparison.Ordinal);
            if (split < 0)
                continue;

            var value = line[(split + 1)..].Trim();
            if (line[..split].Equals("Content-Disposition", StringComparison.OrdinalIgnoreCase))
                disposition = value;
            else if (line[..split].Equals("Content-Type", StringComparison.OrdinalIgnoreCase))
                type = value;
        }

        return Parameter(disposition, "name") is { } name ? new MultipartPart(name, Parameter(disposition, "filename") ?? Parameter(disposition, "filename*"), type, content) : null;
    }

    /// <summary>A parameter of a header's value, quoted or not.</summary>
    private static string? Parameter(string header, string name)
    {
        for (var at = header.IndexOf(';', StringComparison.Ordinal); at >= 0 && at < header.Length;)
        {
            at++;
            while (at < header.Length && header[at] == ' ')
                at++;

            var equals = header.IndexOf('=', at);
            if (equals < 0)
                return null;

            var key = header[at..equals].Trim();
            var value = new StringBuilder();
            at = equals + 1;
            if (at < header.Length && header[at] == '"')
            {
                for (at++; at < header.Length && header[at] != '"'; at++)
                    value.Append(header[at] == '\\' && at + 1 < header.Length ? header[++at] : header[at]);

                at = header.IndexOf(';', Math.Min(at, header.Length - 1));
            }
            else
            {
                var end = header.IndexOf(';', at);
                value.Append(header[at..(end < 0 ? header.Length : end)].Trim());
                at = end;
            }

            if (key.Equals(name, StringComparison.OrdinalIgnoreCase))
                return value.ToString();
        }

        return null;
    }
}
