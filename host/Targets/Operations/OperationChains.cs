using System.Text.Json;
using IntegrationHub.Host.Events;

namespace IntegrationHub.Host.Targets.Operations;

/// <summary>
/// Finds loops: an operation makes something at a provider, the provider tells of it by a webhook, and that event runs the operation again. Providers say nothing of what caused an
/// event, but they name the thing: what an operation answered is remembered for some minutes by the ids in it, and an event about one of them is taken for its consequence. The hub's own
/// events carry the correlation id of what caused them. A chain may be so many links long; then it is a loop. In memory only: a restart forgets, and the loop is found again.
/// Thread-safe.
/// </summary>
internal sealed class OperationChains(TimeProvider time)
{
    /// <summary>How many runs may follow from one event, one from the other.</summary>
    public const int MaxLinks = 5;

    /// <summary>A link that takes longer is none: at this pace a loop is twelve runs an hour, and the same thing may well be changed again by somebody.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromMinutes(5);

    private const int Capacity = 20_000;
    private const int MaxIds = 32;
    private const int MaxDepth = 4;
    private const int MinId = 6;
    private const int MaxId = 128;

    private readonly Lock gate = new();
    private readonly Dictionary<string, (int Links, long At)> known = new(StringComparer.Ordinal);
    private readonly Queue<(string Key, long At)> order = new();

    /// <summary>How many runs led to this event, as far as can be told.</summary>
    public int LinksTo(HubEvent one)
    {
        lock (gate)
        {
            Forget();

            // Once it is known it stays: what one subscription runs for an event does not make the event a consequence of it for the next.
            if (known.TryGetValue("event/" + one.Id, out var before))
                return before.Links;

            var links = 0;
            if (one.ConnectionId is { } connection)
                links = Math.Max(Find(connection, one.Subject), Find(connection, one.ProviderEventId));
            if (one.Provider is EventProviders.Hub)
                links = Math.Max(links, known.GetValueOrDefault("correlation/" + one.CorrelationId).Links);

            Remember("event/" + one.Id, links);
            return links;
        }
    }

    /// <summary>A run for an event has ended, or may have had an effect.</summary>
    /// <param name="one">The event.</param>
    /// <param name="links">How many runs led to it.</param>
    /// <param name="connectionId">What it was run on.</param>
    /// <param name="answer">What the provider answered; undefined for nothing.</param>
    public void Ran(HubEvent one, int links, string connectionId, JsonElement answer)
    {
        List<string> ids = [];
        Collect(answer, ids, 0);
        lock (gate)
        {
            Remember("correlation/" + one.CorrelationId, links + 1);
            foreach (var id in ids)
                Remember($"{connectionId}/{id}", links + 1);
        }
    }

    private int Find(string connection, string? id) => id is null ? 0 : known.GetValueOrDefault($"{connection}/{id}").Links;

    private void Remember(string key, int links)
    {
        var at = time.GetTimestamp();
        known[key] = (Math.Max(links, known.GetValueOrDefault(key).Links), at);
        order.Enqueue((key, at));
        while (order.Count > Capacity)
            Drop();
    }

    private void Forget()
    {
        while (order.TryPeek(out var oldest) && time.GetElapsedTime(oldest.At) >= Memory)
            Drop();
    }

    private void Drop()
    {
        // Remembered again since: the later entry of the queue will drop it.
        var (key, at) = order.Dequeue();
        if (known.TryGetValue(key, out var kept) && kept.At == at)
            known.Remove(key);
    }

    private static void Collect(JsonElement value, List<string> ids, int depth)
    {
        if (depth > MaxDepth || ids.Count >= MaxIds)
            return;

        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in value.EnumerateObject())
                    Collect(member.Value, ids, depth + 1);
                break;
            case JsonValueKind.Array:
                foreach (var item in value.EnumerateArray())
                    Collect(item, ids, depth + 1);
                break;
            case JsonValueKind.String when ids.Count < MaxIds && IsId(value.GetString()!) is { } id:
                ids.Add(id);
                break;
        }
    }

    // No word of prose and none that many things share: an id has a digit.
    private static string? IsId(string text) =>
        text.Length is >= MinId and <= MaxId && !text.Any(c => char.IsWhiteSpace(c) || char.IsControl(c)) && text.Any(char.IsAsciiDigit) ? text : null;
}
