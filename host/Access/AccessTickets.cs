using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using IntegrationHub.Host.Secrets;

namespace IntegrationHub.Host.Access;

/// <summary>
/// Stand-ins for API keys where only an address can be given. A ticket names its key, sealed, and the time it ends: nothing is stored, and it ends when its key does. It opens only
/// endpoints that say so, as a viewer. Thread-safe.
/// </summary>
internal sealed class AccessTickets(IPayloadSealer sealer)
{
    public const string QueryName = "ticket";
    private const string Prefix = "hst_";
    private const string Context = "access-ticket";
    private const int MaxLength = 512;

    /// <summary>A ticket for the key of this request.</summary>
    public string Create(HttpContext context, DateTimeOffset expiresAt)
    {
        var hash = context.GetCredential().Hash;
        var content = new byte[sizeof(long) + hash.Length];
        BinaryPrimitives.WriteInt64BigEndian(content, expiresAt.ToUnixTimeMilliseconds());
        hash.CopyTo(content, sizeof(long));
        return Prefix + Base64Url.EncodeToString(sealer.Seal(content, Context));
    }

    /// <summary>The key it stands for; <see langword="null"/> when the hub did not make it. It may have expired.</summary>
    public Credential? Read(string text)
    {
        if (text.Length > MaxLength || !text.StartsWith(Prefix, StringComparison.Ordinal) || !Base64Url.IsValid(text.AsSpan(Prefix.Length)))
            return null;

        try
        {
            var content = sealer.Open(Base64Url.DecodeFromChars(text.AsSpan(Prefix.Length)), Context);
            return new Credential(content[sizeof(long)..], DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64BigEndian(content)));
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}

/// <summary>What a request was let in by.</summary>
/// <param name="Hash">The hash of the API key.</param>
/// <param name="Until">When it ends whatever becomes of the key; <see langword="null"/> for the key itself.</param>
internal sealed record Credential(byte[] Hash, DateTimeOffset? Until = null);
