using System.Text;
using System.Text.Json;

namespace IntegrationHub.Testing.Http;

/// <summary>Whether a request is one that any server could read.</summary>
internal static class WellFormed
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);
    private static readonly string[] Placeholders = ["{params.", "{config.", "{env.", "{auth.", "%7Bparams.", "%7Bconfig.", "%7Benv.", "%7Bauth."];

    /// <summary>What is wrong with the request; <see langword="null"/> when nothing is.</summary>
    /// <param name="request">The request.</param>
    /// <param name="parameters">The call's parameters: a placeholder that the caller wrote is no placeholder left over.</param>
    public static string? Problem(RecordedRequest request, string parameters)
    {
        if (!request.Address.IsAbsoluteUri || request.Address.Host.Length == 0)
            return "its address is not absolute";

        if (request.Address.UserInfo.Length > 0)
            return "its address has credentials in it (RFC 9110 §4.2.4)";

        var address = request.Address.OriginalString;
        if (!parameters.Contains("{params.", StringComparison.Ordinal) && Array.Exists(Placeholders, left => address.Contains(left, StringComparison.OrdinalIgnoreCase)))
            return "its address has a placeholder left over";

        foreach (var (name, value) in request.Headers)
            if (value.Any(c => c is < ' ' and not '\t' or > '~'))
                return $"its header {name} has characters that no header can carry (RFC 9110 §5.5), and would not be sent";

        return request.Body.Length == 0 ? null : BodyProblem(request);
    }

    /// <summary>Whether the path has a segment that servers may resolve, and so lead elsewhere.</summary>
    public static bool HasDotSegment(RecordedRequest request) => request.Address.AbsolutePath.Split('/').Any(segment => Uri.UnescapeDataString(segment) is "." or "..");

    private static string? BodyProblem(RecordedRequest request)
    {
        var mediaType = request.ContentType?.Split(';')[0].Trim().ToLowerInvariant() ?? "";
        if (mediaType is "application/json" || mediaType.EndsWith("+json", StringComparison.Ordinal))
            return IsJson(request.Body) ? null : "its body is not the JSON that its Content-Type says";

        if (mediaType is "application/x-ndjson")
            return request.BodyText.Split('\n', StringSplitOptions.RemoveEmptyEntries).All(line => IsJson(Encoding.UTF8.GetBytes(line))) ? null : "a line of its body is not JSON";

        if (mediaType is "application/x-www-form-urlencoded")
            return IsForm(request.BodyText) ? null : "its body is not the form that its Content-Type says";

        if (mediaType is "multipart/form-data")
            return request.ContentType!.Contains("boundary=", StringComparison.Ordinal) ? null : "its Content-Type has no boundary";

        return mediaType.Length == 0 ? "it has a body without Content-Type" : null;
    }

    private static bool IsJson(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 1000 });
            _ = Strict.GetString(body);
            return true;
        }
        catch (Exception fault) when (fault is JsonException or DecoderFallbackException)
        {
            return false;
        }
    }

    private static bool IsForm(string body)
    {
        for (var i = 0; i < body.Length; i++)
        {
            if (body[i] is <= ' ' or > '~')
                return false;

            if (body[i] == '%' && (i + 2 >= body.Length || !char.IsAsciiHexDigit(body[i + 1]) || !char.IsAsciiHexDigit(body[i + 2])))
                return false;
        }

        return true;
    }
}
