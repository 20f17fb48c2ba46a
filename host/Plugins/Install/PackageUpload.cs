using IntegrationHub.Host.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace IntegrationHub.Host.Plugins.Install;

/// <summary>Takes the package out of a request: the body itself, or the first file of a form. Nothing of it is held in memory.</summary>
internal static class PackageUpload
{
    private const int BufferBytes = 81_920;
    private const int FormOverhead = 64 * 1024;
    private const int LongestBoundary = 200;
    private static readonly string[] ZipTypes = ["application/zip", "application/x-zip-compressed", "application/octet-stream"];

    /// <exception cref="ProblemException">It is too large, cut off, or no package at all.</exception>
    public static async Task ReceiveAsync(HttpContext context, long limit, Stream target, CancellationToken cancellationToken)
    {
        await using var package = new LimitedReadStream(await OpenAsync(context, limit, cancellationToken), limit);
        var buffer = new byte[BufferBytes];
        while (await ReadAsync(package, buffer, cancellationToken) is > 0 and var count)
            await target.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
    }

    private static async ValueTask<int> ReadAsync(Stream package, byte[] buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await package.ReadAsync(buffer, cancellationToken);
        }
        catch (IOException fault) when (fault is not BadHttpRequestException)
        {
            throw Invalid("The form is damaged or cut off.");
        }
    }

    private static async Task<Stream> OpenAsync(HttpContext context, long limit, CancellationToken cancellationToken)
    {
        var request = context.Request;
        var most = limit + FormOverhead;
        if (request.ContentLength > most)
            throw TooLarge(limit);

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } server)
            server.MaxRequestBodySize = most;

        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type))
            throw Unsupported();

        if (type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase))
            return await FileOfFormAsync(request, type, cancellationToken);

        return ZipTypes.Any(known => type.MediaType.Equals(known, StringComparison.OrdinalIgnoreCase)) ? request.Body : throw Unsupported();
    }

    private static async Task<Stream> FileOfFormAsync(HttpRequest request, MediaTypeHeaderValue type, CancellationToken cancellationToken)
    {
        var boundary = HeaderUtilities.RemoveQuotes(type.Boundary).Value;
        if (string.IsNullOrEmpty(boundary) || boundary.Length > LongestBoundary)
            throw Invalid("The form has no boundary.");

        try
        {
            var reader = new MultipartReader(boundary, request.Body);
            while (await reader.ReadNextSectionAsync(cancellationToken) is { } section)
                if (ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition) && disposition.IsFileDisposition())
                    return section.Body;
        }
        catch (Exception fault) when (fault is InvalidDataException or IOException and not BadHttpRequestException)
        {
            throw Invalid("The form is damaged or cut off.");
        }

        throw Invalid("The form has no file.");
    }

    private static ProblemException Invalid(string message) => Problem.Invalid(message, new Schemas.ValidationIssue("", message, "Send the package as the body: curl -H 'Content-Type: application/zip' --data-binary @plugin.zip")).ToException();

    private static ProblemException TooLarge(long limit) =>
        new Problem(StatusCodes.Status413PayloadTooLarge, "body_too_large", "The body is too large", $"A package has at most {limit} bytes here (Hub:Plugins:MaxPackageBytes).").ToException();

    private static ProblemException Unsupported() =>
        new Problem(StatusCodes.Status415UnsupportedMediaType, "unsupported_media_type", "Unsupported media type", "Send the package as the body with 'Content-Type: application/zip', or as the file of a multipart/form-data form.").ToException();
}
