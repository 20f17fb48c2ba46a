using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Schemas;

namespace IntegrationHub.Plugins.S3;

/// <summary>Amazon S3 and stores that speak its API, over the AWS SDK. Thread-safe; keeps no credentials between calls.</summary>
public sealed class S3Adapter : IProviderAdapter
{
    private delegate Task<OperationResult> Run(S3Call call, CancellationToken cancellationToken);

    private static readonly Dictionary<string, Run> Operations = new(StringComparer.Ordinal)
    {
        ["putObject"] = Uploads.PutAsync,
        ["getObject"] = Objects.GetAsync,
        ["headObject"] = Objects.HeadAsync,
        ["listObjects"] = Objects.ListAsync,
        ["deleteObject"] = Objects.DeleteAsync,
        ["copyObject"] = Objects.CopyAsync,
        ["presign"] = Presigning.ShareAsync,
        ["presignUpload"] = Presigning.UploadAsync,
        ["presignDownload"] = Presigning.DownloadAsync,
    };

    private ProviderContext context = null!;

    /// <inheritdoc />
    public ValueTask InitializeAsync(ProviderContext context, CancellationToken cancellationToken)
    {
        this.context = context;
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc />
    public async ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (!Operations.TryGetValue(request.Operation, out var run))
            return Refused("", $"There is no operation '{request.Operation}'.");

        S3Call? call;
        try
        {
            call = S3Call.Open(request, context, out var refusal);
            if (call is null)
                return refusal!;
        }
        catch (Amazon.Runtime.AmazonClientException fault)
        {
            return Refused("", fault.Message, "Correct the connection's region or endpoint.");
        }

        // A download keeps its client until the caller has read it.
        var keep = false;
        try
        {
            var result = await run(call, cancellationToken).ConfigureAwait(false);
            keep = result.Content is not null;
            return result;
        }
        catch (Exception fault) when (fault is not OperationCanceledException && cancellationToken.IsCancellationRequested)
        {
            // A cancelled call can end as a broken or half-read answer.
            throw new OperationCanceledException("The call was cancelled.", fault, cancellationToken);
        }
        catch (Exception fault) when (S3Errors.Map(fault, cancellationToken) is { } error)
        {
            return OperationResult.Failure(error);
        }
        finally
        {
            if (!keep)
                call.Dispose();
        }
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    internal static OperationResult Refused(string pointer, string message, string? hint = null) =>
        OperationResult.Failure(new ProviderError { Category = ErrorCategory.InvalidParams, Message = message, Issues = [new ValidationIssue(pointer, message, hint)] });

    internal static JsonElement Json(Action<Utf8JsonWriter> write)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        return JsonElement.Parse(buffer.WrittenSpan);
    }
}
