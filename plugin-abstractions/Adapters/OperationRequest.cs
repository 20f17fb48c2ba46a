using System.Text.Json;

namespace IntegrationHub.Adapters;

/// <summary>One call of one operation.</summary>
public sealed class OperationRequest
{
    /// <summary>The operation's name in the manifest.</summary>
    public required string Operation { get; init; }

    /// <summary>The validated parameters: an object.</summary>
    public required JsonElement Parameters { get; init; }

    /// <summary>The connection to use.</summary>
    public required ConnectionContext Connection { get; init; }

    /// <summary>The content stream, for operations whose manifest says <c>"stream": { "request": true }</c>. Read it once; the host disposes it.</summary>
    public OperationContent? Content { get; init; }

    /// <summary>The key under which the provider recognises a repetition of this call; the same for every attempt.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>Which page to fetch: the cursor a former <see cref="OperationResult.NextCursor"/> gave. Opaque to callers.</summary>
    public string? Cursor { get; init; }

    /// <summary>The id that ties logs, traces and records of this call together.</summary>
    public required string CorrelationId { get; init; }
}

/// <summary>Bytes that travel beside JSON parameters or results, without being held in memory as a whole.</summary>
/// <param name="Stream">The bytes; not necessarily seekable.</param>
/// <param name="ContentType">Their media type.</param>
/// <param name="Length">Their number, when it is known beforehand.</param>
/// <param name="FileName">A file name, when there is one.</param>
public sealed record OperationContent(Stream Stream, string ContentType, long? Length = null, string? FileName = null) : IAsyncDisposable
{
    /// <summary>Runs when the content is disposed, after the stream: releases what the stream depends on.</summary>
    public IDisposable? Owner { get; init; }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await Stream.DisposeAsync().ConfigureAwait(false);
        Owner?.Dispose();
    }
}
