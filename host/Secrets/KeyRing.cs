using System.Collections.Frozen;
using System.Security.Cryptography;

namespace IntegrationHub.Host.Secrets;

/// <summary>
/// The hub's own data keys, opened once at start: the newest of a purpose encrypts, all decrypt. Complete only after <see cref="InitializeAsync"/>; thread-safe from then on.
/// </summary>
/// <remarks>Made at the first start and opened at each: they are also what proves that a master key is the right one, before anything is served.</remarks>
internal sealed class KeyRing(MasterKeyRing masters, Sealer sealer, IDataKeyStore store, TimeProvider time)
{
    public const string Payloads = "payloads";
    public const string Audit = "audit";
    public const string Fingerprints = "fingerprints";

    /// <summary>Bytes of a key's id; the id is their hex form.</summary>
    public const int IdSize = 8;

    private static readonly string[] Purposes = [Payloads, Audit, Fingerprints];

    // Not what is compared with what was made under an earlier key.
    private static readonly string[] Renewed = [Payloads, Audit];

    private volatile State? state;

    /// <summary>Opens every stored key and makes those that are missing. Call it when the storage is open and before anything is served.</summary>
    /// <exception cref="MasterKeyException">A stored key was wrapped by another master key, or is damaged.</exception>
    public async Task InitializeAsync(CancellationToken cancellationToken)
    {
        var stored = await store.ListAsync(cancellationToken);
        var keys = stored.Select(Open).ToList();
        foreach (var purpose in Purposes)
        {
            var current = await store.GetOrAddAsync(New(purpose), cancellationToken);
            if (keys.All(key => key.Id != current.Id))
                keys.Add(Open(current));
        }

        state = StateOf(keys);
    }

    /// <summary>Makes new keys: what comes from now on is encrypted with them. One at a time.</summary>
    public async Task RenewAsync(CancellationToken cancellationToken)
    {
        var stored = await store.ListAsync(cancellationToken);
        foreach (var purpose in Renewed)
        {
            // The newest by its time, also where the clock went back. Stored before it is used: what it encrypts must open after a crash.
            var fresh = New(purpose);
            var last = stored.Where(key => key.Purpose == purpose).Select(key => key.CreatedAt).DefaultIfEmpty().Max();
            if (fresh.CreatedAt <= last)
                fresh = fresh with { CreatedAt = last.AddTicks(1) };

            await store.AddAsync(fresh, cancellationToken);
            state = StateOf([.. Opened.InOrder, Open(fresh)]);
        }
    }

    /// <summary>The key that encrypts for a purpose.</summary>
    public OpenKey Current(string purpose) => All(purpose)[0];

    /// <summary>The keys of a purpose, newest first.</summary>
    public IReadOnlyList<OpenKey> All(string purpose) => Opened.ByPurpose[purpose];

    /// <summary>The key with the id, when it serves the purpose.</summary>
    public OpenKey? Find(string purpose, ReadOnlySpan<byte> id) =>
        Opened.ById.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(Hex(id, stackalloc char[IdSize * 2]), out var key) && key.Purpose == purpose ? key : null;

    private State Opened => state ?? throw new InvalidOperationException("The key ring has not been initialised.");

    private static ReadOnlySpan<char> Hex(ReadOnlySpan<byte> id, Span<char> text) =>
        Convert.TryToHexStringLower(id, text, out var written) ? text[..written] : [];

    private DataKey New(string purpose)
    {
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdSize));
        var wrapped = sealer.NewWrappedKey(KeyContexts.DataKey(purpose, id));
        return new DataKey(id, purpose, sealer.MasterKeyIdOf(wrapped), wrapped, time.GetUtcNow());
    }

    private OpenKey Open(DataKey key)
    {
        try
        {
            return new OpenKey(key.Id, key.Purpose, sealer.Unwrap(key.Wrapped, KeyContexts.DataKey(key.Purpose, key.Id)));
        }
        catch (CryptographicException fault)
        {
            throw new MasterKeyException(
                masters.Find(key.MasterKeyId) is null
                    ? $"The storage was encrypted with the master key {key.MasterKeyId}, and the hub was started with {string.Join(", ", masters.All.Select(master => master.Id))}. " +
                        $"Put the original key back: as {KeyFileSource.FileName} in the data folder, or in HUB_MASTER_KEY. Without it the stored secrets cannot be read."
                    : $"The data key '{key.Id}' ({key.Purpose}) in storage is damaged: the master key is the right one and does not open it. Restore the storage from a backup.",
                fault);
        }
    }

    private static State StateOf(List<OpenKey> keys) => new(
        keys,
        Purposes.ToFrozenDictionary(purpose => purpose, purpose => keys.Where(key => key.Purpose == purpose).Reverse().ToArray()),
        keys.ToFrozenDictionary(key => key.Id));

    /// <param name="InOrder">Oldest first.</param>
    /// <param name="ByPurpose">Newest first.</param>
    /// <param name="ById">All.</param>
    private sealed record State(List<OpenKey> InOrder, FrozenDictionary<string, OpenKey[]> ByPurpose, FrozenDictionary<string, OpenKey> ById);
}

/// <summary>An opened data key of the hub. Never log, store or return it.</summary>
internal sealed class OpenKey(string id, string purpose, byte[] key)
{
    public string Id { get; } = id;

    public string Purpose { get; } = purpose;

    public ReadOnlySpan<byte> Key => key;

    /// <summary>The id as it stands in sealed payloads.</summary>
    public byte[] IdBytes { get; } = Convert.FromHexString(id);
}
