using System.Collections.Frozen;
using System.Security.Cryptography;

namespace IntegrationHub.Host.Secrets;

/// <summary>
/// The hub's own data keys, opened once at start: the newest of a purpose encrypts, all decrypt. Complete only after <see cref="InitializeAsync"/>; thread-safe from then on.
/// </summary>
internal sealed class KeyRing(MasterKey master, Sealer sealer, IDataKeyStore store, TimeProvider time)
{
    public const string Payloads = "payloads";
    public const string Audit = "audit";
    public const string Fingerprints = "fingerprints";

    /// <summary>Bytes of a key's id; the id is their hex form.</summary>
    public const int IdSize = 8;

    private static readonly string[] Purposes = [Payloads, Audit, Fingerprints];

    private volatile State? state;

    /// <summary>Opens every stored key and makes those that are missing. Call it when the storage is open and before anything is served.</summary>
    /// <exception cref="MasterKeyException">A stored key was wrapped by another master key, or is damaged.</exception>
    public async Task InitializeAsync(CancellationToken cancellationToken)
    {
        var stored = await store.ListAsync(cancellationToken);
        var keys = stored.Select(Open).ToList();
        foreach (var purpose in Purposes)
        {
            var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdSize));
            var fresh = new DataKey(id, purpose, master.Id, sealer.NewWrappedKey(Context(purpose, id)), time.GetUtcNow());
            var current = await store.GetOrAddAsync(fresh, cancellationToken);
            if (keys.All(key => key.Id != current.Id))
                keys.Add(Open(current));
        }

        state = new State(
            Purposes.ToFrozenDictionary(purpose => purpose, purpose => keys.Where(key => key.Purpose == purpose).Reverse().ToArray()),
            keys.ToFrozenDictionary(key => key.Id));
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

    private static string Context(string purpose, string id) => $"data-key:{purpose}:{id}";

    private OpenKey Open(DataKey key)
    {
        try
        {
            return new OpenKey(key.Id, key.Purpose, sealer.Unwrap(key.Wrapped, Context(key.Purpose, key.Id)));
        }
        catch (CryptographicException fault)
        {
            throw new MasterKeyException(Explain(key), fault);
        }
    }

    private string Explain(DataKey key)
    {
        if (key.MasterKeyId == master.Id)
            return $"The data key '{key.Id}' ({key.Purpose}) in storage is damaged: the master key is the right one and does not open it. Restore the storage from a backup.";

        var source = master switch
        {
            { Created: true } => $"No master key was given and there was no key file, so a new one was made at '{master.FilePath}'; delete that file",
            { FilePath: { } path } => $"The key in '{path}' is another one",
            _ => "Hub:MasterKey (HUB_MASTER_KEY) is another one",
        };

        return $"The storage was encrypted with the master key {key.MasterKeyId}, and the hub was started with {master.Id}. {source}. " +
            $"Put the original key back: as {MasterKey.FileName} in the data folder, or in HUB_MASTER_KEY. Without it the stored secrets cannot be read.";
    }

    private sealed record State(FrozenDictionary<string, OpenKey[]> ByPurpose, FrozenDictionary<string, OpenKey> ById);
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
