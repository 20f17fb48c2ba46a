namespace IntegrationHub.Host.Secrets;

/// <summary>
/// The master keys at hand: the current one wraps, all unwrap. Former ones stay until nothing needs them: copies of rows that are still in memory name them. Thread-safe.
/// </summary>
internal sealed class MasterKeyRing
{
    private readonly Lock changing = new();
    private volatile State? state;

    public MasterKeyRing()
    {
    }

    /// <summary>A ring with these keys.</summary>
    public MasterKeyRing(MasterKey current, params IEnumerable<MasterKey> former) => Open(current, former);

    /// <summary>The key that wraps.</summary>
    public MasterKey Current => Opened.Keys[0];

    /// <summary>The ids of the keys that only unwrap.</summary>
    public IReadOnlyList<string> FormerIds => [.. Opened.Keys.Skip(1).Select(key => key.Id)];

    /// <summary>The keys, the current one first.</summary>
    public IReadOnlyList<MasterKey> All => Opened.Keys;

    private State Opened => state ?? throw new InvalidOperationException("The master keys have not been opened.");

    public MasterKey? Find(string id)
    {
        foreach (var key in Opened.Keys)
            if (key.Id == id)
                return key;

        return null;
    }

    /// <summary>Fills the ring at the start.</summary>
    public void Open(MasterKey current, IEnumerable<MasterKey> former)
    {
        lock (changing)
        {
            if (state is not null)
                throw new InvalidOperationException("The master keys are open already.");

            state = new State([.. new[] { current }.Concat(former).DistinctBy(key => key.Id)]);
        }
    }

    /// <summary>Makes a key the current one; those before it go on to unwrap.</summary>
    public void Promote(MasterKey key)
    {
        lock (changing)
            state = new State([key, .. Opened.Keys.Where(known => known.Id != key.Id)]);
    }

    /// <summary>Removes former keys and clears them.</summary>
    public void Forget(IReadOnlyCollection<string> ids)
    {
        lock (changing)
        {
            var gone = Opened.Keys.Skip(1).Where(key => ids.Contains(key.Id)).ToList();
            state = new State([.. Opened.Keys.Except(gone)]);
            foreach (var key in gone)
                key.Forget();
        }
    }

    private sealed record State(MasterKey[] Keys);
}
