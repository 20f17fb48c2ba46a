using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace IntegrationHub.Host.Access;

/// <summary>The form of an API key: <c>hub_</c> and 256 random bits in base64url (43 characters).</summary>
internal static class ApiKeySecret
{
    public const string Prefix = "hub_";
    private const int RandomBytes = 32;
    private const int Length = 47;

    public static string New() => Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(RandomBytes));

    public static byte[] HashOf(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    /// <summary>Whether it can be a key that the hub made: what cannot is refused without a look into the store.</summary>
    public static bool IsWellFormed(string key) =>
        key.Length == Length && key.StartsWith(Prefix, StringComparison.Ordinal) && key.AsSpan(Prefix.Length).IndexOfAnyExcept(Alphabet) < 0;

    private static readonly System.Buffers.SearchValues<char> Alphabet =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
}
