using System.Collections.Concurrent;
using System.Net;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Access;

/// <summary>Counts refused keys by address and minute. Whoever shows a key the hub knows is never held up by it. Thread-safe.</summary>
internal sealed class FailedAttempts(TimeProvider time)
{
    public const int Allowed = 20;
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);
    private const int MaxAddresses = 10_000;

    private readonly ConcurrentDictionary<IPAddress, Counter> counters = new();

    /// <summary>How long the address must wait; <see langword="null"/> when it need not.</summary>
    public TimeSpan? WaitFor(IPAddress? address) =>
        counters.TryGetValue(AddressKey.Of(address), out var counter) && Volatile.Read(ref counter.Count) >= Allowed && Window - time.GetElapsedTime(counter.Since) is { Ticks: > 0 } wait
            ? wait
            : null;

    public void Add(IPAddress? address)
    {
        if (counters.Count >= MaxAddresses)
            Trim();

        var counter = counters.AddOrUpdate(
            AddressKey.Of(address),
            _ => new Counter(time.GetTimestamp()),
            (_, known) => time.GetElapsedTime(known.Since) < Window ? known : new Counter(time.GetTimestamp()));
        Interlocked.Increment(ref counter.Count);
    }

    private void Trim()
    {
        foreach (var pair in counters)
            if (time.GetElapsedTime(pair.Value.Since) >= Window)
                counters.TryRemove(pair);

        // So many addresses at once are an attack that this table cannot stop; it must not grow with it.
        if (counters.Count >= MaxAddresses)
            counters.Clear();
    }

    private sealed class Counter(long since)
    {
        public readonly long Since = since;
        public int Count;
    }
}
