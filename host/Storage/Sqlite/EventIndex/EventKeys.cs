using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace IntegrationHub.Host.Storage.Sqlite.EventIndex;

/// <summary>What events are found by. The forms are kept on disk and never change.</summary>
internal static class EventKeys
{
    private const int StackBytes = 512;

    /// <summary>
    /// 128 bits of SHA-256 over the scope (connection, or project where there is none), a zero byte, and the provider's id of the event. Equal keys are taken for equal ids: nobody can
    /// make two ids with one key, so no event is ever taken for another.
    /// </summary>
    public static UInt128 OfRepetition(string? connectionId, string project, string providerEventId)
    {
        var most = Encoding.UTF8.GetMaxByteCount((connectionId ?? project).Length + providerEventId.Length) + ProjectScope.Length + 1;
        var rented = most > StackBytes ? ArrayPool<byte>.Shared.Rent(most) : null;
        var text = rented ?? stackalloc byte[StackBytes];
        var length = 0;
        if (connectionId is null)
        {
            ProjectScope.CopyTo(text);
            length = ProjectScope.Length;
        }

        length += Encoding.UTF8.GetBytes(connectionId ?? project, text[length..]);
        text[length++] = 0;
        length += Encoding.UTF8.GetBytes(providerEventId, text[length..]);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text[..length], hash);
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);

        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }

    /// <summary>64 bits of a subject (FNV-1a, its bits mixed). Several subjects may have the same: whoever looks compares the subjects themselves.</summary>
    public static ulong OfSubject(string subject)
    {
        var most = Encoding.UTF8.GetMaxByteCount(subject.Length);
        var rented = most > StackBytes ? ArrayPool<byte>.Shared.Rent(most) : null;
        var text = rented ?? stackalloc byte[StackBytes];
        var hash = 14695981039346656037UL;
        foreach (var one in text[..Encoding.UTF8.GetBytes(subject, text)])
            hash = (hash ^ one) * 1099511628211UL;

        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);

        // FNV leaves the high bits of short texts alike, and those choose the chunk (MurmurHash3's finaliser).
        hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdUL;
        hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53UL;
        return hash ^ (hash >> 33);
    }

    private static ReadOnlySpan<byte> ProjectScope => "project/"u8;
}
