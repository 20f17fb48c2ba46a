using System.Security.Cryptography;
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
}
