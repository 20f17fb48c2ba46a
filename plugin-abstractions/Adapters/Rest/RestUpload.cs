using System.Net;

namespace IntegrationHub.Adapters.Rest;

/// <summary>Sends an operation's content stream as it is read, holding a buffer's worth. Leaves the stream open: it is the host's, and a further attempt may need it.</summary>
internal sealed class RestUpload : HttpContent
{
    private const int BufferBytes = 81920;

    private readonly OperationContent content;

    public RestUpload(OperationContent content, string? mediaType)
    {
        this.content = content;
        Headers.TryAddWithoutValidation("Content-Type", RestHeaders.Checked("Content-Type", mediaType ?? content.ContentType));
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => content.Stream.CopyToAsync(stream, BufferBytes);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        content.Stream.CopyToAsync(stream, BufferBytes, cancellationToken);

    protected override bool TryComputeLength(out long length)
    {
        length = content.Length ?? (content.Stream.CanSeek ? content.Stream.Length - content.Stream.Position : -1);
        return length >= 0;
    }
}
