using System.Globalization;
using Amazon.S3;
using Amazon.S3.Model;
using IntegrationHub.Adapters;

namespace IntegrationHub.Plugins.S3;

/// <summary>Addresses that let somebody without credentials read or write one object for a while. Made without asking the store.</summary>
internal static class Presigning
{
    private const int DefaultSeconds = 15 * 60;

    public static Task<OperationResult> ShareAsync(S3Call call, CancellationToken cancellationToken) => PresignAsync(call, call.Text("method") == "PUT" ? HttpVerb.PUT : HttpVerb.GET);

    public static Task<OperationResult> UploadAsync(S3Call call, CancellationToken cancellationToken) => PresignAsync(call, HttpVerb.PUT);

    public static Task<OperationResult> DownloadAsync(S3Call call, CancellationToken cancellationToken) => PresignAsync(call, HttpVerb.GET);

    private static async Task<OperationResult> PresignAsync(S3Call call, HttpVerb verb)
    {
        var expires = call.Time.GetUtcNow().AddSeconds(call.Number("expiresIn") ?? DefaultSeconds);
        var wanted = new GetPreSignedUrlRequest
        {
            BucketName = call.Bucket,
            Key = call.Key,
            Verb = verb,
            Expires = expires.UtcDateTime,
            Protocol = call.UsesTls ? Protocol.HTTPS : Protocol.HTTP,
        };

        var contentType = verb == HttpVerb.PUT ? call.Text("contentType") : null;
        if (contentType is not null)
            wanted.ContentType = contentType;

        if (verb == HttpVerb.GET && call.Text("fileName") is { } fileName)
            wanted.ResponseHeaderOverrides.ContentDisposition = $"attachment; filename*=UTF-8''{Uri.EscapeDataString(fileName)}";

        var url = await call.Client.GetPreSignedURLAsync(wanted).ConfigureAwait(false);
        return OperationResult.Success(S3Adapter.Json(json =>
        {
            json.WriteString("url", url);
            json.WriteString("method", verb == HttpVerb.PUT ? "PUT" : "GET");
            json.WriteStartObject("headers");
            Objects.WriteText(json, "Content-Type", contentType);
            json.WriteEndObject();
            json.WriteString("expiresAt", expires.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        }));
    }
}
