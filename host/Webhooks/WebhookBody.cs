using System.Buffers;

namespace IntegrationHub.Host.Webhooks;

/// <summary>A request's raw bytes in pooled memory, which goes back to the pool on disposal.</summary>
internal sealed class WebhookBody : IDisposable
{
    // What is rented follows what arrives, not what a header promises.
    private const int FirstRent = 16 * 1024;
    private const int LargestFirstRent = 64 * 1024;

    private byte[] buffer;
    private int length;

    private WebhookBody(byte[] buffer) => this.buffer = buffer;

    public ReadOnlyMemory<byte> Bytes => buffer.AsMemory(0, length);

    /// <returns><see langword="null"/> when the body is larger than the limit.</returns>
    public static async ValueTask<WebhookBody?> ReadAsync(HttpRequest request, int limit, CancellationToken cancellationToken)
    {
        if (request.ContentLength > limit)
            return null;

        var first = request.ContentLength is { } known ? (int)Math.Min(known + 1, LargestFirstRent) : FirstRent;
        var body = new WebhookBody(ArrayPool<byte>.Shared.Rent(first));
        try
        {
            while (true)
            {
                if (body.length == body.buffer.Length)
                    body.Grow();

                var read = await request.Body.ReadAsync(body.buffer.AsMemory(body.length), cancellationToken);
                if (read == 0)
                    return body;

                body.length += read;
                if (body.length > limit)
                {
                    body.Dispose();
                    return null;
                }
            }
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        var rented = Interlocked.Exchange(ref buffer, []);
        length = 0;
        if (rented.Length > 0)
            ArrayPool<byte>.Shared.Return(rented);
    }

    private void Grow()
    {
        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.AsSpan(0, length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }
}
