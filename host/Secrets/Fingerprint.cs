using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Secrets;

/// <summary>
/// Hashes JSON so that equal values are recognised and nobody can try values against the hash: HMAC-SHA256 of the canonical form, under a key of the hub that is never replaced.
/// Thread-safe.
/// </summary>
internal sealed class Fingerprint(KeyRing ring)
{
    public byte[] Of(JsonElement value) => HMACSHA256.HashData(ring.Current(KeyRing.Fingerprints).Key, CanonicalJson.Of(value));

    /// <summary>The same for bytes of a purpose. No canonical JSON begins as a purpose does, so the two never meet.</summary>
    public void Of(string purpose, ReadOnlySpan<byte> value, Span<byte> into)
    {
        Span<byte> whole = stackalloc byte[Encoding.UTF8.GetByteCount(purpose) + 1 + value.Length];
        var length = Encoding.UTF8.GetBytes(purpose, whole);
        whole[length] = 0;
        value.CopyTo(whole[(length + 1)..]);
        HMACSHA256.HashData(ring.Current(KeyRing.Fingerprints).Key, whole, into);
    }
}
