using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using IntegrationHub.Templates;

namespace IntegrationHub.Adapters.Rest;

/// <summary>What a buffered answer turned out to be.</summary>
internal enum RestContentKind
{
    Empty,
    Json,
    Text,
    Binary,
    BrokenJson,
    TooLarge,
}

/// <summary>An answer's body in memory.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Value">JSON, or a JSON string of the text; undefined for the rest.</param>
internal readonly record struct RestContent(RestContentKind Kind, JsonElement Value)
{
    /// <summary>The largest answer that is held in memory. Larger ones need an operation with <c>"stream": { "response": true }</c>.</summary>
    public const int MaxBufferedBytes = 32 * 1024 * 1024;

    private const int MaxDepth = 128;

    /// <summary>Memory set aside on the word of a Content-Length alone.</summary>
    private const int MostTrusted = 1024 * 1024;

    /// <summary>Set aside for an answer that does not say how long it is.</summary>
    private const int UsualBytes = 16 * 1024;

    public static async Task<RestContent> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentLength > MaxBufferedBytes)
            return new(RestContentKind.TooLarge, default);

        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);

        // One byte more than was announced: the read that finds the end finds room as well.
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(response.Content.Headers.ContentLength ?? UsualBytes, MostTrusted) + 1);
        try
        {
            var length = 0;
            for (int read; (read = await stream.ReadAsync(buffer.AsMemory(length), cancellationToken).ConfigureAwait(false)) > 0;)
            {
                if ((length += read) > MaxBufferedBytes)
                    return new(RestContentKind.TooLarge, default);

                if (length == buffer.Length)
                    Grow(ref buffer, length);
            }

            // What comes of it is a copy.
            var type = response.Content.Headers.ContentType;
            return Interpret(buffer.AsMemory(0, length), type?.MediaType, type?.CharSet);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void Grow(ref byte[] buffer, int length)
    {
        var larger = ArrayPool<byte>.Shared.Rent(length * 2);
        buffer.AsSpan(0, length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }

    private static RestContent Interpret(Memory<byte> bytes, string? mediaType, string? charset)
    {
        var isJson = mediaType is not null && (mediaType.EndsWith("/json", StringComparison.OrdinalIgnoreCase) || mediaType.EndsWith("+json", StringComparison.OrdinalIgnoreCase));
        if (EncodingOf(charset) is { } encoding)
            bytes = Encoding.UTF8.GetBytes(encoding.GetString(bytes.Span));

        if (bytes.Span.StartsWith("\uFEFF"u8))
            bytes = bytes[3..];

        if (bytes.Span.Trim(" \t\r\n"u8).IsEmpty)
            return new(RestContentKind.Empty, JsonText.Null);

        var valid = Utf8.IsValid(bytes.Span);
        if (isJson || LooksLikeJson(bytes.Span))
        {
            if (!valid)
                bytes = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(bytes.Span));

            ReplaceLoneSurrogates(bytes.Span);
            try
            {
                return new(RestContentKind.Json, JsonElement.Parse(bytes.Span, new JsonDocumentOptions { MaxDepth = MaxDepth }));
            }
            catch (JsonException) when (!isJson)
            {
                // It only looked like JSON.
            }
            catch (JsonException)
            {
                return new(RestContentKind.BrokenJson, default);
            }
        }

        var isText = valid || mediaType?.StartsWith("text/", StringComparison.OrdinalIgnoreCase) == true;
        return isText ? new(RestContentKind.Text, JsonText.ToElement(Encoding.UTF8.GetString(bytes.Span))) : new(RestContentKind.Binary, default);
    }

    /// <summary>The encoding to convert from; <see langword="null"/> for UTF-8 and for what is unknown.</summary>
    private static Encoding? EncodingOf(string? charset)
    {
        var name = charset?.Trim('"', '\'', ' ');
        if (string.IsNullOrEmpty(name) || name.Equals("utf-8", StringComparison.OrdinalIgnoreCase) || name.Equals("utf8", StringComparison.OrdinalIgnoreCase))
            return null;

        try
        {
            return CodePagesEncodingProvider.Instance.GetEncoding(name) ?? Encoding.GetEncoding(name);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static bool LooksLikeJson(ReadOnlySpan<byte> bytes) => bytes.TrimStart(" \t\r\n"u8)[0] is (byte)'{' or (byte)'[';

    /// <summary>
    /// Texts that a provider cut in the middle of an emoji carry half a surrogate pair (<c>\ud83d</c>), on which every later reader would fail. The replacement
    /// character is as long, so it is written in place.
    /// </summary>
    internal static void ReplaceLoneSurrogates(Span<byte> json)
    {
        for (var i = json.IndexOf((byte)'\\'); i >= 0 && i + 1 < json.Length;)
        {
            var length = 2;
            if (json[i + 1] == 'u' && IsHex(json, i + 2))
            {
                length = 6;
                if (IsSurrogate(json, i, high: true) && IsSurrogate(json, i + 6, high: false))
                    length = 12;
                else if (IsSurrogate(json, i, high: true) || IsSurrogate(json, i, high: false))
                    "fffd"u8.CopyTo(json[(i + 2)..]);
            }

            var following = i + length >= json.Length ? -1 : json[(i + length)..].IndexOf((byte)'\\');
            i = following < 0 ? -1 : i + length + following;
        }
    }

    private static bool IsSurrogate(ReadOnlySpan<byte> json, int at, bool high) =>
        at + 6 <= json.Length && json[at] == '\\' && json[at + 1] == 'u' && IsHex(json, at + 2) && (json[at + 2] | 0x20) == 'd'
        && (high ? json[at + 3] is (byte)'8' or (byte)'9' || (json[at + 3] | 0x20) is 'a' or 'b' : (json[at + 3] | 0x20) is >= 'c' and <= 'f');

    private static bool IsHex(ReadOnlySpan<byte> json, int at)
    {
        if (at + 4 > json.Length)
            return false;

        foreach (var b in json.Slice(at, 4))
            if (!char.IsAsciiHexDigit((char)b))
                return false;

        return true;
    }
}
