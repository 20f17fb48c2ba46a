using System.Buffers;
using System.Text;

namespace IntegrationHub.Webhooks;

/// <summary>Reads <c>application/x-www-form-urlencoded</c> text as the WHATWG URL standard (§5.1) does: leniently, <c>+</c> as a space, UTF-8, faulty escapes taken as they stand.</summary>
internal static class FormPairs
{
    /// <summary>More pairs than this are no form but an attack on whoever sorts them.</summary>
    public const int MaxPairs = 4096;

    /// <summary>Reads the pairs in order; <see langword="null"/> when there are too many.</summary>
    public static List<KeyValuePair<string, string>>? Read(ReadOnlySpan<byte> text)
    {
        var pairs = new List<KeyValuePair<string, string>>();
        foreach (var range in text.Split((byte)'&'))
        {
            var pair = text[range];
            if (pair.IsEmpty)
                continue;
            if (pairs.Count == MaxPairs)
                return null;

            var equals = pair.IndexOf((byte)'=');
            pairs.Add(equals < 0
                ? new(Decode(pair), "")
                : new(Decode(pair[..equals]), Decode(pair[(equals + 1)..])));
        }

        return pairs;
    }

    /// <summary>Reads a query with or without its leading <c>?</c>.</summary>
    public static List<KeyValuePair<string, string>>? ReadQuery(string query) =>
        Read(Encoding.UTF8.GetBytes(query.StartsWith('?') ? query[1..] : query));

    private static string Decode(ReadOnlySpan<byte> encoded)
    {
        if (!encoded.ContainsAny((byte)'%', (byte)'+'))
            return Encoding.UTF8.GetString(encoded);

        var buffer = ArrayPool<byte>.Shared.Rent(encoded.Length);
        var length = 0;
        for (var i = 0; i < encoded.Length; i++)
        {
            var b = encoded[i];
            if (b == '%' && i + 2 < encoded.Length && char.IsAsciiHexDigit((char)encoded[i + 1]) && char.IsAsciiHexDigit((char)encoded[i + 2]))
            {
                b = (byte)((HexValue(encoded[i + 1]) << 4) | HexValue(encoded[i + 2]));
                i += 2;
            }
            else if (b == '+')
            {
                b = (byte)' ';
            }

            buffer[length++] = b;
        }

        var text = Encoding.UTF8.GetString(buffer, 0, length);
        ArrayPool<byte>.Shared.Return(buffer);
        return text;
    }

    private static int HexValue(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}
