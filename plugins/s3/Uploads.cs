using System.Text;
using Amazon.S3;
using Amazon.S3.Model;
using IntegrationHub.Adapters;

namespace IntegrationHub.Plugins.S3;

/// <summary>Writing objects. No content is held in memory as a whole: of known length it flows through, of unknown length it goes part by part.</summary>
internal static class Uploads
{
    /// <summary>S3 takes parts from 5 MiB (the last may be smaller), 10,000 of them, and 5 GiB in one request: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html.</summary>
    private const int PartBytes = 5 * 1024 * 1024;
    private const int MostParts = 10_000;
    private const long MostBytesAtOnce = 5L * 1024 * 1024 * 1024;

    private static readonly TimeSpan AbortTimeout = TimeSpan.FromSeconds(10);

    public static async Task<OperationResult> PutAsync(S3Call call, CancellationToken cancellationToken)
    {
        if (call.Content is { } content)
        {
            return content.Length is { } length and <= MostBytesAtOnce
                ? await PutAtOnceAsync(call, content.Stream, length, cancellationToken).ConfigureAwait(false)
                : await PutInPartsAsync(call, content, cancellationToken).ConfigureAwait(false);
        }

        byte[] bytes;
        if (call.Text("base64") is { } base64)
        {
            var buffer = new byte[base64.Length];
            if (!Convert.TryFromBase64String(base64, buffer, out var written))
                return S3Adapter.Refused("/base64", "The value is not base64.", "Use the standard alphabet with padding.");

            bytes = buffer[..written];
        }
        else if (call.Text("text") is { } text)
        {
            bytes = Encoding.UTF8.GetBytes(text);
        }
        else
        {
            return S3Adapter.Refused("", "There is no content.", "Send the content as a stream, or give 'text' or 'base64'.");
        }

        using var stream = new MemoryStream(bytes);
        return await PutAtOnceAsync(call, stream, bytes.Length, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<OperationResult> PutAtOnceAsync(S3Call call, Stream stream, long length, CancellationToken cancellationToken)
    {
        var wanted = new PutObjectRequest
        {
            BucketName = call.Bucket,
            Key = call.Key,
            InputStream = stream,
            AutoCloseStream = false,
            AutoResetStreamPosition = false,
        };
        if (!call.Flag("overwrite", otherwise: true))
            wanted.IfNoneMatch = "*";

        wanted.Headers.ContentLength = length;
        Describe(call, wanted.Headers, wanted.Metadata);
        if (call.Text("storageClass") is { } storageClass)
            wanted.StorageClass = new S3StorageClass(storageClass);

        var put = await call.Client.PutObjectAsync(wanted, cancellationToken).ConfigureAwait(false);
        return Done(call, length, put.ETag, put.VersionId, (int)put.HttpStatusCode, put.ResponseMetadata?.RequestId);
    }

    private static async Task<OperationResult> PutInPartsAsync(S3Call call, OperationContent content, CancellationToken cancellationToken)
    {
        var buffer = new byte[PartBytes];
        var filled = await FillAsync(content.Stream, buffer, cancellationToken).ConfigureAwait(false);
        if (filled < buffer.Length)
        {
            using var whole = new MemoryStream(buffer, 0, filled, writable: false);
            return await PutAtOnceAsync(call, whole, filled, cancellationToken).ConfigureAwait(false);
        }

        var start = new InitiateMultipartUploadRequest { BucketName = call.Bucket, Key = call.Key };
        Describe(call, start.Headers, start.Metadata);
        if (call.Text("storageClass") is { } storageClass)
            start.StorageClass = new S3StorageClass(storageClass);

        var upload = await call.Client.InitiateMultipartUploadAsync(start, cancellationToken).ConfigureAwait(false);
        try
        {
            List<PartETag> parts = [];
            var total = 0L;
            for (; filled > 0; filled = await FillAsync(content.Stream, buffer, cancellationToken).ConfigureAwait(false))
            {
                if (parts.Count == MostParts)
                {
                    await AbortAsync(call, upload.UploadId).ConfigureAwait(false);
                    return S3Adapter.Refused("", $"Content that is sent in parts is limited to {MostParts} of {PartBytes / (1024 * 1024)} MiB.", "Split it.");
                }

                using var part = new MemoryStream(buffer, 0, filled, writable: false);
                var sent = await call.Client.UploadPartAsync(
                    new UploadPartRequest
                    {
                        BucketName = call.Bucket,
                        Key = call.Key,
                        UploadId = upload.UploadId,
                        PartNumber = parts.Count + 1,
                        PartSize = filled,
                        InputStream = part,
                    },
                    cancellationToken).ConfigureAwait(false);
                parts.Add(new PartETag(parts.Count + 1, sent.ETag));
                total += filled;
            }

            var complete = new CompleteMultipartUploadRequest { BucketName = call.Bucket, Key = call.Key, UploadId = upload.UploadId, PartETags = parts };
            if (!call.Flag("overwrite", otherwise: true))
                complete.IfNoneMatch = "*";

            var done = await call.Client.CompleteMultipartUploadAsync(complete, cancellationToken).ConfigureAwait(false);
            return Done(call, total, done.ETag, done.VersionId, (int)done.HttpStatusCode, done.ResponseMetadata?.RequestId);
        }
        catch
        {
            await AbortAsync(call, upload.UploadId).ConfigureAwait(false);
            throw;
        }
    }

    // Parts of an unfinished upload are stored, and charged, until it is aborted. The call may be cancelled already: this needs a deadline of its own.
    private static async Task AbortAsync(S3Call call, string uploadId)
    {
        using var deadline = new CancellationTokenSource(AbortTimeout, call.Time);
        try
        {
            var abort = new AbortMultipartUploadRequest { BucketName = call.Bucket, Key = call.Key, UploadId = uploadId };
            await call.Client.AbortMultipartUploadAsync(abort, deadline.Token).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The first failure is the one to report; a lifecycle rule of the bucket removes what stays behind.
        }
    }

    private static async Task<int> FillAsync(Stream stream, byte[] buffer, CancellationToken cancellationToken) =>
        await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);

    private static void Describe(S3Call call, HeadersCollection headers, MetadataCollection metadata)
    {
        headers.ContentType = call.Text("contentType") ?? call.Content?.ContentType ?? (call.Text("text") is null ? "application/octet-stream" : "text/plain; charset=utf-8");
        if (call.Text("cacheControl") is { } cacheControl)
            headers.CacheControl = cacheControl;

        if (call.Text("contentDisposition") is { } disposition)
            headers.ContentDisposition = disposition;

        if (call.Text("contentEncoding") is { } encoding)
            headers.ContentEncoding = encoding;

        foreach (var (name, value) in call.Pairs("metadata"))
            metadata[name] = value;
    }

    private static OperationResult Done(S3Call call, long size, string? etag, string? versionId, int status, string? requestId) =>
        OperationResult.Success(
            S3Adapter.Json(json =>
            {
                json.WriteString("bucket", call.Bucket);
                json.WriteString("key", call.Key);
                json.WriteNumber("size", size);
                Objects.WriteText(json, "etag", Objects.Unquoted(etag));
                Objects.WriteText(json, "versionId", versionId);
            }),
            status,
            requestId);
}
