using System.Security.Cryptography;

namespace IntegrationHub.Host.Http;

/// <summary>Makes ids that sort by time of creation: a prefix and a ULID (48 bits of Unix milliseconds, 80 random bits, Crockford base 32).</summary>
internal static class Ids
{
    private const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    public const string Connection = "conn";
    public const string Event = "evt";
    public const string Subscription = "sub";
    public const string Delivery = "dlv";
    public const string Attempt = "att";
    public const string ApiKey = "key";
    public const string Request = "req";
    public const string Effect = "eff";
    public const string Job = "job";
    public const string IdempotentRequest = "idr";
    public const string Replay = "rpl";
    public const string Erasure = "era";

    public static string New(string prefix, TimeProvider time) => New(prefix, time.GetUtcNow());

    public static string New(string prefix, DateTimeOffset at)
    {
        Span<byte> random = stackalloc byte[10];
        RandomNumberGenerator.Fill(random);

        Span<char> text = stackalloc char[26];
        var milliseconds = at.ToUnixTimeMilliseconds();
        for (var i = 9; i >= 0; i--)
        {
            text[i] = Alphabet[(int)(milliseconds & 31)];
            milliseconds >>= 5;
        }

        // 80 bits are exactly 16 characters of 5 bits.
        var buffer = 0;
        var bits = 0;
        var at16 = 10;
        foreach (var b in random)
        {
            buffer = (buffer << 8) | b;
            bits += 8;
            while (bits >= 5)
            {
                bits -= 5;
                text[at16++] = Alphabet[(buffer >> bits) & 31];
            }

            buffer &= (1 << bits) - 1;
        }

        return string.Concat(prefix, "_", text);
    }
}
