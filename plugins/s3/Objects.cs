using System.Globalization;
using System.Text.Json;
using Amazon.S3.Model;
using IntegrationHub.Adapters;

namespace IntegrationHub.Plugins.S3;

/// <summary>Reading, listing, copying and deleting.</summary>
internal static class Objects
{
    public static async Task<OperationResult> GetAsync(S3Call call, CancellationToken cancellationToken)
    {
        var wanted = new GetObjectRequest { BucketName = call.Bucket, Key = call.Key, VersionId = call.Text("versionId") };
        if (call.Text("range") is { } range)
            wanted.ByteRange = new ByteRange(range);

        var found = await call.Client.GetObjectAsync(wanted, cancellationToken).ConfigureAwait(false);
        var description = S3Adapter.Json(json =>
        {
            json.WriteString("bucket", call.Bucket);
            json.WriteString("key", call.Key);
            json.WriteNumber("size", found.ContentLength);
            WriteText(json, "contentType", found.Headers.ContentType);
            WriteText(json, "contentEncoding", found.Headers.ContentEncoding);
            WriteText(json, "contentRange", found.ContentRange);
            WriteText(json, "etag", Unquoted(found.ETag));
            WriteText(json, "versionId", found.VersionId);
            WriteTime(json, "modifiedAt", found.LastModified);
            WriteMetadata(json, found.Metadata);
        });
        var content = new OperationContent(found.ResponseStream, found.Headers.ContentType ?? "application/octet-stream", found.ContentLength, FileName(call.Key))
        {
            Owner = new Owners(found, call),
        };
        return OperationResult.Stream(content, description, (int)found.HttpStatusCode, found.ResponseMetadata?.RequestId);
    }

    public static async Task<OperationResult> HeadAsync(S3Call call, CancellationToken cancellationToken)
    {
        var wanted = new GetObjectMetadataRequest { BucketName = call.Bucket, Key = call.Key, VersionId = call.Text("versionId") };
        var found = await call.Client.GetObjectMetadataAsync(wanted, cancellationToken).ConfigureAwait(false);
        var description = S3Adapter.Json(json =>
        {
            json.WriteString("bucket", call.Bucket);
            json.WriteString("key", call.Key);
            json.WriteNumber("size", found.ContentLength);
            WriteText(json, "contentType", found.Headers.ContentType);
            WriteText(json, "contentEncoding", found.Headers.ContentEncoding);
            WriteText(json, "etag", Unquoted(found.ETag));
            WriteText(json, "versionId", found.VersionId);
            WriteTime(json, "modifiedAt", found.LastModified);
            WriteMetadata(json, found.Metadata);
        });
        return OperationResult.Success(description, (int)found.HttpStatusCode, found.ResponseMetadata?.RequestId);
    }

    public static async Task<OperationResult> ListAsync(S3Call call, CancellationToken cancellationToken)
    {
        var wanted = new ListObjectsV2Request
        {
            BucketName = call.Bucket,
            Prefix = call.Text("prefix"),
            Delimiter = call.Text("delimiter"),
            StartAfter = call.Text("startAfter"),
            MaxKeys = call.Number("limit") ?? 100,
            ContinuationToken = call.Cursor,
        };
        var found = await call.Client.ListObjectsV2Async(wanted, cancellationToken).ConfigureAwait(false);
        var next = found.IsTruncated == true ? found.NextContinuationToken : null;
        var page = S3Adapter.Json(json =>
        {
            json.WriteString("bucket", call.Bucket);
            json.WriteStartArray("objects");
            foreach (var item in found.S3Objects ?? [])
            {
                json.WriteStartObject();
                json.WriteString("key", item.Key);
                json.WriteNumber("size", item.Size ?? 0);
                WriteText(json, "etag", Unquoted(item.ETag));
                WriteTime(json, "modifiedAt", item.LastModified);
                WriteText(json, "storageClass", item.StorageClass?.Value);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("prefixes");
            foreach (var prefix in found.CommonPrefixes ?? [])
                json.WriteStringValue(prefix);

            json.WriteEndArray();
            WriteText(json, "nextCursor", next);
        });
        return OperationResult.Success(page, (int)found.HttpStatusCode, found.ResponseMetadata?.RequestId, next, page.GetProperty("objects"));
    }

    public static async Task<OperationResult> DeleteAsync(S3Call call, CancellationToken cancellationToken)
    {
        var wanted = new DeleteObjectRequest { BucketName = call.Bucket, Key = call.Key, VersionId = call.Text("versionId") };
        var gone = await call.Client.DeleteObjectAsync(wanted, cancellationToken).ConfigureAwait(false);
        var description = S3Adapter.Json(json =>
        {
            json.WriteString("bucket", call.Bucket);
            json.WriteString("key", call.Key);
            json.WriteBoolean("deleted", true);
            WriteText(json, "versionId", gone.VersionId);
        });
        return OperationResult.Success(description, (int)gone.HttpStatusCode, gone.ResponseMetadata?.RequestId);
    }

    public static async Task<OperationResult> CopyAsync(S3Call call, CancellationToken cancellationToken)
    {
        var wanted = new CopyObjectRequest
        {
            SourceBucket = call.Text("sourceBucket") ?? call.Bucket,
            SourceKey = call.Text("sourceKey"),
            DestinationBucket = call.Bucket,
            DestinationKey = call.Key,
        };
        var copied = await call.Client.CopyObjectAsync(wanted, cancellationToken).ConfigureAwait(false);
        var description = S3Adapter.Json(json =>
        {
            json.WriteString("bucket", call.Bucket);
            json.WriteString("key", call.Key);
            WriteText(json, "etag", Unquoted(copied.ETag));
        });
        return OperationResult.Success(description, (int)copied.HttpStatusCode, copied.ResponseMetadata?.RequestId);
    }

    public static void WriteText(Utf8JsonWriter json, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
            json.WriteString(name, value);
    }

    public static string? Unquoted(string? etag) => etag?.Trim('"');

    private static void WriteTime(Utf8JsonWriter json, string name, DateTime? value)
    {
        if (value is { } time)
            json.WriteString(name, time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
    }

    private static void WriteMetadata(Utf8JsonWriter json, MetadataCollection metadata)
    {
        json.WriteStartObject("metadata");
        foreach (var key in metadata.Keys)
            json.WriteString(key.StartsWith("x-amz-meta-", StringComparison.OrdinalIgnoreCase) ? key["x-amz-meta-".Length..] : key, metadata[key]);

        json.WriteEndObject();
    }

    private static string FileName(string key) => key[(key.LastIndexOf('/') + 1)..];

    private sealed class Owners(IDisposable first, IDisposable second) : IDisposable
    {
        public void Dispose()
        {
            first.Dispose();
            second.Dispose();
        }
    }
}
