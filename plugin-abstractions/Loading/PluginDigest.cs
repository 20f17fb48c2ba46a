using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace IntegrationHub.Loading;

/// <summary>
/// The SHA-256 of a whole plugin, which <c>plugins.json</c> can pin: over the SHA-256 of each of its files, with their names, so that no file can be changed, added,
/// removed or renamed unseen. Hash the copy that is loaded, never the original: between the two somebody could write.
/// </summary>
/// <remarks>For each file in ordinal order of its name: the name's length in UTF-8 bytes (32 bits, big-endian), the name, the file's SHA-256.</remarks>
internal static class PluginDigest
{
    /// <returns>64 digits, lower case.</returns>
    public static string Compute(string folder) => Compute(folder, PluginFiles.List(folder));

    public static string Compute(string folder, IEnumerable<string> files) => Of(files.Select(file => (file, HashOf(Path.Combine(folder, file)))));

    /// <summary>The digest of files whose SHA-256 (64 digits) are known, in ordinal order of their names.</summary>
    public static string Of(IEnumerable<(string Name, string Sha256)> files)
    {
        using var whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (var (file, sha256) in files)
        {
            var name = Encoding.UTF8.GetBytes(file);
            BinaryPrimitives.WriteInt32BigEndian(length, name.Length);
            whole.AppendData(length);
            whole.AppendData(name);
            whole.AppendData(Convert.FromHexString(sha256));
        }

        return Convert.ToHexStringLower(whole.GetHashAndReset());
    }

    private static string HashOf(string path)
    {
        using var stream = SharedFile.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
