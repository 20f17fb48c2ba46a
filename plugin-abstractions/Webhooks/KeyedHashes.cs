using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace IntegrationHub.Webhooks;

/// <summary>
/// Keyed hashes that are ready for their next message, by secret: setting up a key takes a third of the time that a webhook's hash takes. Bounded; thread-safe.
/// </summary>
internal sealed class KeyedHashes(HashAlgorithmName algorithm, SecretEncoding encoding, StarPattern? prefix)
{
    // Beyond this many secrets all idle ones are let go: what is used comes back.
    private const int MaxSecrets = 256;

    private readonly ConcurrentDictionary<string, ConcurrentBag<IncrementalHash>> idle = new(StringComparer.Ordinal);

    /// <summary>Takes a hash that nobody else uses; <see langword="null"/> when the secret is no key.</summary>
    public IncrementalHash? Rent(string secret)
    {
        if (idle.TryGetValue(secret, out var bag) && bag.TryTake(out var ready))
            return ready;
        if (!SecretKey.TryDecode(SecretKey.Strip(secret, prefix), encoding, out var key))
            return null;

        var made = IncrementalHash.CreateHMAC(algorithm, key);
        CryptographicOperations.ZeroMemory(key);
        return made;
    }

    /// <summary>Gives it back, with nothing appended since its last result.</summary>
    public void Return(string secret, IncrementalHash hash)
    {
        if (!idle.TryGetValue(secret, out var bag))
        {
            if (idle.Count >= MaxSecrets)
                Forget();
            bag = idle.GetOrAdd(secret, static _ => []);
        }

        bag.Add(hash);
    }

    private void Forget()
    {
        foreach (var (secret, _) in idle)
        {
            if (!idle.TryRemove(secret, out var bag))
                continue;
            while (bag.TryTake(out var hash))
                hash.Dispose();
        }
    }
}
