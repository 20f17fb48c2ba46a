using System.Buffers.Text;
using System.Security.Cryptography;

namespace IntegrationHub.Host.Secrets;

/// <summary>The key that wraps all others. It is never stored beside what it protects, except by an operator who leaves it in the data folder.</summary>
internal sealed class MasterKey
{
    public const string FileName = "master.key";
    public const int Size = 32;

    private readonly byte[] wrapping;

    private MasterKey(byte[] key, string? filePath, bool created)
    {
        FilePath = filePath;
        Created = created;
        wrapping = Derive(key, "integration-hub/wrap");
        Id = Convert.ToHexStringLower(Derive(key, "integration-hub/id").AsSpan(0, 8));
        CryptographicOperations.ZeroMemory(key);
    }

    public string Id { get; }

    /// <summary>The key file; <see langword="null"/> when the operator gave the key itself.</summary>
    public string? FilePath { get; }

    /// <summary>Whether this start made the file.</summary>
    public bool Created { get; }

    /// <summary>What wraps data keys. Derived, so that the id tells nothing about it.</summary>
    public ReadOnlySpan<byte> Wrapping => wrapping;

    /// <exception cref="MasterKeyException">The key is no key.</exception>
    public static MasterKey Load(HubOptions options)
    {
        if (!string.IsNullOrWhiteSpace(options.MasterKey))
            return new MasterKey(Decode(options.MasterKey, "The setting Hub:MasterKey (HUB_MASTER_KEY)"), null, false);

        var path = Path.GetFullPath(Path.Combine(options.Data, FileName));
        var (content, created) = PrivateFile.ReadOrCreate(path, () => Convert.ToBase64String(RandomNumberGenerator.GetBytes(Size)));
        return new MasterKey(Decode(content, $"The key file '{path}'"), path, created);
    }

    private static byte[] Decode(string text, string source)
    {
        var key = new byte[Size];
        var trimmed = text.Trim();
        if (!Base64.IsValid(trimmed, out var length))
            throw new MasterKeyException($"{source} is not base64. It must be {Size} bytes in base64; make one with: openssl rand -base64 {Size}");

        if (length != Size || !Convert.TryFromBase64String(trimmed, key, out _))
            throw new MasterKeyException($"{source} holds {length} bytes. It must be {Size} bytes in base64; make one with: openssl rand -base64 {Size}");

        return key;
    }

    private static byte[] Derive(byte[] key, string purpose) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key, Size, salt: [], info: System.Text.Encoding.ASCII.GetBytes(purpose));
}
