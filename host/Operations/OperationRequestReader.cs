using System.Buffers;
using System.Globalization;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Http;
using IntegrationHub.Manifests;
using IntegrationHub.Schemas;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace IntegrationHub.Host.Operations;

/// <summary>What a caller sent: parameters, which page, and content that has not been read yet.</summary>
internal sealed record OperationInput(JsonElement Parameters, OperationContent? Content, string? Cursor, bool AllPages, int MaxItems)
{
    public const int DefaultMaxItems = 1000;
    public const int MostItems = 10_000;
}

/// <summary>
/// Reads the three forms of an operation's request: JSON (<c>{ "params", "page" }</c>); <c>multipart/form-data</c> with the part <c>params</c> first and the content after it;
/// or, for anything else, the body as content with <c>?params=</c> as JSON in the query. Content is never buffered.
/// </summary>
internal static class OperationRequestReader
{
    private const int MaxJsonBytes = 8 * 1024 * 1024;
    private const int UsualJsonBytes = 4096;
    private static readonly JsonElement NoParameters = JsonDocument.Parse("{}").RootElement.Clone();
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 64, AllowDuplicateProperties = false };

    public static async Task<OperationInput> ReadAsync(HttpContext context, OperationManifest operation, CancellationToken cancellationToken)
    {
        var request = context.Request;
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type))
        {
            if (request.ContentLength is null or 0 && !request.Headers.ContainsKey(HeaderNames.TransferEncoding))
                return new OperationInput(FromQuery(request), null, null, false, OperationInput.DefaultMaxItems);

            throw Problem.Invalid("A body needs a Content-Type.", new ValidationIssue("", "There is no Content-Type.", "Send application/json, or multipart/form-data with content.")).ToException();
        }

        if (type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase) && !request.Query.ContainsKey("params"))
            return Read(await ParseAsync(request.Body, cancellationToken));

        if (!operation.Stream.Request)
            throw new Problem(415, "unsupported_media_type", "Unsupported media type", "This operation takes no content: send application/json with { \"params\": {} }.").ToException();

        return type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase)
            ? await ReadMultipartAsync(request, type, cancellationToken)
            : new OperationInput(FromQuery(request), new OperationContent(request.Body, type.ToString(), request.ContentLength), null, false, OperationInput.DefaultMaxItems);
    }

    private static OperationInput Read(JsonElement body)
    {
        var issues = new List<ValidationIssue>();
        if (body.ValueKind != JsonValueKind.Object)
            throw Problem.Invalid("The body must be an object.", new ValidationIssue("", "An object is expected.", "Send { \"params\": {} }.")).ToException();

        var parameters = NoParameters;
        string? cursor = null;
        var all = false;
        var maxItems = OperationInput.DefaultMaxItems;
        foreach (var member in body.EnumerateObject())
            switch (member.Name)
            {
                case "params" when member.Value.ValueKind == JsonValueKind.Object:
                    parameters = member.Value;
                    break;
                case "params":
                    issues.Add(new("/params", "Parameters are an object."));
                    break;
                case "page" when member.Value.ValueKind == JsonValueKind.Object:
                    ReadPage(member.Value, issues, ref cursor, ref all, ref maxItems);
                    break;
                case "page":
                    issues.Add(new("/page", "The page is an object: { \"cursor\": …, \"all\": false, \"maxItems\": 1000 }."));
                    break;
                default:
                    issues.Add(new("/" + member.Name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal),
                        "Unknown member.", "Parameters of the operation go under \"params\"; paging under \"page\"."));
                    break;
            }

        return issues.Count == 0 ? new OperationInput(parameters, null, cursor, all, maxItems) : throw Problem.Invalid("The request is not well formed.", issues).ToException();
    }

    private static void ReadPage(JsonElement page, List<ValidationIssue> issues, ref string? cursor, ref bool all, ref int maxItems)
    {
        foreach (var member in page.EnumerateObject())
            switch (member.Name)
            {
                case "cursor" when member.Value.ValueKind is JsonValueKind.String or JsonValueKind.Null:
                    cursor = member.Value.GetString();
                    if (cursor?.Contains(SecretRedactor.Mask, StringComparison.Ordinal) == true)
                        issues.Add(new("/page/cursor", "A secret of the connection stands in this provider's cursors and was masked, so that the page cannot be found by it.", "Fetch all pages at once: { \"all\": true }."));

                    break;
                case "all" when member.Value.ValueKind is JsonValueKind.True or JsonValueKind.False:
                    all = member.Value.GetBoolean();
                    break;
                case "maxItems" when member.Value.ValueKind == JsonValueKind.Number && member.Value.TryGetInt32(out var most) && most is >= 1 and <= OperationInput.MostItems:
                    maxItems = most;
                    break;
                default:
                    issues.Add(new("/page/" + member.Name, "Not a member of the page, or not of its type.",
                        string.Create(CultureInfo.InvariantCulture, $"cursor: a string; all: a boolean; maxItems: 1 to {OperationInput.MostItems}.")));
                    break;
            }
    }

    private static async Task<OperationInput> ReadMultipartAsync(HttpRequest request, MediaTypeHeaderValue type, CancellationToken cancellationToken)
    {
        var boundary = HeaderUtilities.RemoveQuotes(type.Boundary).Value;
        if (string.IsNullOrEmpty(boundary))
            throw Problem.Invalid("The multipart body has no boundary.").ToException();

        var reader = new MultipartReader(boundary, request.Body);
        var parameters = FromQuery(request);
        while (await NextSectionAsync(reader, cancellationToken) is { } section)
        {
            if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition))
                continue;

            if (HeaderUtilities.RemoveQuotes(disposition.Name) == "params")
            {
                parameters = await ParseAsync(section.Body, cancellationToken);
                if (parameters.ValueKind != JsonValueKind.Object)
                    throw Problem.Invalid("The part 'params' must be a JSON object.", new ValidationIssue("/params", "An object is expected.")).ToException();

                continue;
            }

            // What follows stays on the wire until the adapter reads it; that is why params come first.
            var stated = section.Headers is { } headers && headers.TryGetValue(HeaderNames.ContentLength, out var value) ? value.ToString() : null;
            var length = long.TryParse(stated, NumberStyles.None, CultureInfo.InvariantCulture, out var known) ? known : (long?)null;
            var name = HeaderUtilities.RemoveQuotes(disposition.FileNameStar.HasValue ? disposition.FileNameStar : disposition.FileName).Value;
            return new OperationInput(parameters, new OperationContent(section.Body, section.ContentType ?? "application/octet-stream", length, name), null, false, OperationInput.DefaultMaxItems);
        }

        return new OperationInput(parameters, null, null, false, OperationInput.DefaultMaxItems);
    }

    private static async Task<MultipartSection?> NextSectionAsync(MultipartReader reader, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadNextSectionAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException && !cancellationToken.IsCancellationRequested)
        {
            throw Problem.Invalid("The multipart body is not well formed: a part is cut off, or its headers are too long.").ToException();
        }
    }

    private static JsonElement FromQuery(HttpRequest request)
    {
        var text = request.Query["params"];
        if (text.Count == 0)
            return NoParameters;

        try
        {
            using var document = JsonDocument.Parse(text.ToString(), Strict);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            // Said below, together with what is JSON but no object.
        }

        throw Problem.Invalid("The query parameter 'params' must be a JSON object.", new ValidationIssue("/params", "A JSON object is expected.")).ToException();
    }

    private static async Task<JsonElement> ParseAsync(Stream body, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(UsualJsonBytes);
        try
        {
            await using var limited = new LimitedReadStream(body, MaxJsonBytes);
            var length = 0;
            for (int read; (read = await limited.ReadAsync(buffer.AsMemory(length), cancellationToken)) > 0;)
                if ((length += read) == buffer.Length)
                    Grow(ref buffer, length);

            return JsonElement.Parse(buffer.AsSpan(0, length).StartsWith("\uFEFF"u8) ? buffer.AsSpan(3, length - 3) : buffer.AsSpan(0, length), Strict);
        }
        catch (IOException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Problem.Invalid("The body is cut off.").ToException();
        }
        catch (JsonException exception)
        {
            throw Problem.Invalid(
                "The body is not valid JSON.",
                new ValidationIssue(
                    "",
                    exception.LineNumber is { } line
                        ? string.Create(CultureInfo.InvariantCulture, $"Not valid JSON: see line {line + 1}, byte {exception.BytePositionInLine + 1}.")
                        : "A member is there twice.")).ToException();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }

    private static void Grow(ref byte[] buffer, int length)
    {
        var larger = ArrayPool<byte>.Shared.Rent(length * 2);
        buffer.AsSpan(0, length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        buffer = larger;
    }
}
