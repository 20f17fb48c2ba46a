using System.Collections.Concurrent;
using System.Net;
using IntegrationHub.Host.Http;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Webhooks;

/// <summary>
/// Keeps one connection, or one address, from taking all the places there are: how many webhooks of each may be in progress at once, and how many may come in a second.
/// What is refused is asked for again, never lost. Thread-safe.
/// </summary>
/// <remarks>Rates by the generic cell rate algorithm: a key may use up a second's worth at once, and gets it back evenly.</remarks>
internal sealed class WebhookGate(IOptions<WebhookOptions> options, TimeProvider time)
{
    /// <summary>How many keys are remembered before idle ones are forgotten.</summary>
    internal const int MaxKeys = 10_000;

    private readonly Table<IPAddress> addresses = new(options.Value.ConcurrencyPerAddress, options.Value.RatePerAddress, time);
    private readonly Table<string> connections = new(options.Value.ConcurrencyPerConnection, options.Value.RatePerConnection, time);

    /// <summary>Lets a request of an address in. Dispose what is returned when the request has ended.</summary>
    public Pass Enter(IPAddress? address) => addresses.Enter(AddressKey.Of(address));

    /// <summary>Lets a request to a connection in; the connection is known to exist.</summary>
    public Pass Enter(string connectionId) => connections.Enter(connectionId);

    /// <summary>A place that was given, or why none was.</summary>
    internal readonly struct Pass : IDisposable
    {
        private readonly Slot? slot;

        public Pass(Slot slot) => this.slot = slot;

        private Pass(WebhookRefusal refusal) => Refusal = refusal;

        /// <summary><see langword="null"/> when the request may go on.</summary>
        public WebhookRefusal? Refusal { get; }

        public static Pass Refused(WebhookRefusal refusal) => new(refusal);

        public void Dispose() => slot?.Leave();
    }

    /// <summary>One key's places and rate.</summary>
    internal sealed class Slot
    {
        private readonly Lock gate = new();
        private int inProgress;
        private long full;
        private bool forgotten;

        /// <returns><see langword="null"/> when the slot was forgotten meanwhile.</returns>
        public (bool Entered, TimeSpan Wait)? TryEnter(int places, double rate, TimeProvider time)
        {
            lock (gate)
            {
                if (forgotten)
                    return null;
                if (places > 0 && inProgress >= places)
                    return (false, TimeSpan.Zero);

                if (rate > 0)
                {
                    // When, at an even pace, everything let in so far would have been through; it may lie a second's worth ahead.
                    var now = time.GetTimestamp();
                    var next = Math.Max(full, now) + (long)(time.TimestampFrequency / rate);
                    var ahead = next - now - Math.Max(time.TimestampFrequency, (long)(time.TimestampFrequency / rate));
                    if (ahead > 0)
                        return (false, TimeSpan.FromSeconds((double)ahead / time.TimestampFrequency));

                    full = next;
                }

                inProgress++;
                return (true, TimeSpan.Zero);
            }
        }

        public void Leave()
        {
            lock (gate)
                inProgress--;
        }

        public bool TryForget(TimeProvider time)
        {
            lock (gate)
                return forgotten = inProgress == 0 && full <= time.GetTimestamp();
        }
    }

    private sealed class Table<TKey>(int places, double rate, TimeProvider time)
        where TKey : notnull
    {
        private readonly ConcurrentDictionary<TKey, Slot> slots = new();

        public Pass Enter(TKey key)
        {
            if (places <= 0 && rate <= 0)
                return default;

            while (true)
            {
                if (!slots.TryGetValue(key, out var slot))
                {
                    // So many keys that all are busy are an attack which this table cannot stop; it must not grow with it.
                    if (slots.Count >= MaxKeys && !Trim())
                        return Pass.Refused(WebhookRefusal.Busy);

                    slot = slots.GetOrAdd(key, static _ => new Slot());
                }

                if (slot.TryEnter(places, rate, time) is not var (entered, wait))
                    continue;

                return entered ? new Pass(slot) : Pass.Refused(wait > TimeSpan.Zero ? WebhookRefusal.TooMany(wait) : WebhookRefusal.Busy);
            }
        }

        private bool Trim()
        {
            foreach (var pair in slots)
                if (pair.Value.TryForget(time))
                    slots.TryRemove(pair);

            return slots.Count < MaxKeys;
        }
    }
}
