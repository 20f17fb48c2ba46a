using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using IntegrationHub.Manifests;
using IntegrationHub.Simulation;

namespace IntegrationHub.Testing.Http;

/// <summary>Answers of a provider.</summary>
internal static class Answers
{
    /// <param name="answer">The answer.</param>
    /// <param name="parameters">What was sent, for the answers that repeat it.</param>
    public static HttpResponseMessage Of(SimulatorAnswer answer, JsonElement? parameters = null)
    {
        var response = Of(answer.Status, parameters is { } sent ? ProviderSimulator.Body(answer, sent) : ProviderSimulator.Body(answer), answer.Body is null ? null : answer.ContentType);
        foreach (var (name, value) in answer.Headers)
            if (!response.Headers.TryAddWithoutValidation(name, value))
            {
                response.Content.Headers.Remove(name);
                response.Content.Headers.TryAddWithoutValidation(name, value);
            }

        return response;
    }

    public static HttpResponseMessage Of(int status, byte[] body, string? contentType)
    {
        var response = new HttpResponseMessage((HttpStatusCode)status) { Content = new ByteArrayContent(body) };
        if (contentType is not null)
            response.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);

        return response;
    }

    /// <summary>One answer to everything.</summary>
    public static Responder Always(Func<HttpResponseMessage> make) => (_, _) => Task.FromResult(make());

    /// <summary>A failure in place of an answer.</summary>
    public static Responder Throws(Func<Exception> make) => (_, _) => Task.FromException<HttpResponseMessage>(make());

    /// <summary>No answer until the call is cancelled.</summary>
    public static Responder Never { get; } = async (_, cancellationToken) =>
    {
        await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(false);
        throw new OperationCanceledException(cancellationToken);
    };

    /// <summary>An answer whose body comes from a stream.</summary>
    public static HttpResponseMessage Streamed(Stream body, string contentType)
    {
        var response = new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(body) };
        response.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        return response;
    }
}

/// <summary>A body that breaks off, or goes on for long, as connections and providers do.</summary>
internal sealed class RoughStream(byte[] start, long length, Func<CancellationToken, Task<int>> end, ManualResetEventSlim? release = null) : Stream
{
    private static readonly byte[] Filler = [.. Enumerable.Repeat((byte)'x', 64 * 1024)];
    private long position;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => position; set => throw new NotSupportedException(); }

    /// <summary>The connection is reset after some bytes.</summary>
    public static RoughStream Broken(byte[] start) => new(start, start.Length, _ => Task.FromException<int>(new IOException("The connection was reset.")));

    /// <summary>Nothing more comes after some bytes. Who reads without waiting asynchronously is held until <paramref name="release"/>, as a socket would hold it.</summary>
    public static RoughStream Stalled(byte[] start, ManualResetEventSlim release) => new(
        start,
        start.Length,
        async cancellationToken =>
        {
            await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(false);
            return 0;
        },
        release);

    /// <summary>So many bytes of JSON text.</summary>
    public static RoughStream Huge(long length) => new("\""u8.ToArray(), length, _ => Task.FromResult(0));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (position >= length)
            return await end(cancellationToken).ConfigureAwait(false);

        var from = position < start.Length ? start.AsMemory((int)position) : Filler;
        var count = (int)Math.Min(Math.Min(buffer.Length, from.Length), length - position);
        from[..count].CopyTo(buffer);
        position += count;
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count)
    {
        if (position >= length && release is not null)
        {
            release.Wait();
            return 0;
        }

        // What is there is given at once, and what ends the stream without waiting throws or is 0.
        var read = ReadAsync(buffer.AsMemory(offset, count), CancellationToken.None);
        return read.IsCompleted ? read.GetAwaiter().GetResult() : 0;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
