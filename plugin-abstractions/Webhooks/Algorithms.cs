using System.Security.Cryptography;

namespace IntegrationHub.Webhooks;

/// <summary>The names of hash algorithms in manifests.</summary>
internal static class Algorithms
{
    /// <summary>The largest hash in bytes.</summary>
    public const int MaxHashSize = 64;

    public static HashAlgorithmName Hash(string name) => name switch
    {
        "sha1" => HashAlgorithmName.SHA1,
        "sha256" => HashAlgorithmName.SHA256,
        "sha384" => HashAlgorithmName.SHA384,
        "sha512" => HashAlgorithmName.SHA512,
        _ => throw new ArgumentException($"The hash algorithm '{name}' is unknown; use sha1, sha256, sha384 or sha512."),
    };

    public static int Size(HashAlgorithmName name) => name.Name switch
    {
        "SHA1" => 20,
        "SHA256" => 32,
        "SHA384" => 48,
        _ => 64,
    };
}
