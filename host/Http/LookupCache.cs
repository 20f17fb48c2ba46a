using System.Collections.Concurrent;

namespace IntegrationHub.Host.Http;

/// <summary>
/// Remembers what a store answered, for a short time and up to a number of entries. What this node changes is forgotten at once; what another node changes, when the time is
/// over. Thread-safe.
/// </summary>
internal sealed class LookupCache<TValue>(TimeProvider time, TimeSpan timeToLive, int capacity)
    where TValue : class
{
    private readonly ConcurrentDictionary<string, Entry> entries = new(StringComparer.Ordinal);
    private long generation;

    public bool TryGet(string key, out TValue? value)
    {
        if (entries.TryGetValue(key, out var entry) && time.GetElapsedTime(entry.At) < timeToLive)
        {
            value = entry.Value;
            return true;
        }

        value = null;
        return false;
    }

    /// <summary>Answers from memory, else asks the store and remembers what it found (not that it found nothing).</summary>
    public async ValueTask<TValue?> GetAsync(string key, Func<string, CancellationToken, Task<TValue?>> load, CancellationToken cancellationToken)
    {
        if (TryGet(key, out var known))
            return known;

        // A value read before a change must not be remembered after it.
        var before = Interlocked.Read(ref generation);
        var at = time.GetTimestamp();
        var value = await load(key, cancellationToken);
        if (value is null)
        {
            entries.TryRemove(key, out _);
            return null;
        }

        if (entries.Count >= capacity)
            Trim();

        var entry = new Entry(value, at);
        entries[key] = entry;
        if (Interlocked.Read(ref generation) != before)
            entries.TryRemove(new KeyValuePair<string, Entry>(key, entry));

        return value;
    }

    /// <summary>Forgets a value. Call it when the change is stored.</summary>
    public void Forget(string key)
    {
        Interlocked.Increment(ref generation);
        entries.TryRemove(key, out _);
    }

    /// <summary>Forgets every value that the condition holds for.</summary>
    public void ForgetWhere(Predicate<TValue> condition)
    {
        Interlocked.Increment(ref generation);
        foreach (var pair in entries)
            if (condition(pair.Value.Value))
                entries.TryRemove(pair);
    }

    private void Trim()
    {
        foreach (var pair in entries)
            if (time.GetElapsedTime(pair.Value.At) >= timeToLive)
                entries.TryRemove(pair);

        // Everything is fresh: which quarter goes matters less than that finding out stays cheap.
        if (entries.Count >= capacity)
            foreach (var pair in entries.Take(Math.Max(1, capacity / 4)))
                entries.TryRemove(pair);
    }

    private sealed record Entry(TValue Value, long At);
}
