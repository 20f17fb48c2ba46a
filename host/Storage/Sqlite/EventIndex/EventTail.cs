using System.Runtime.InteropServices;

namespace IntegrationHub.Host.Storage.Sqlite.EventIndex;

/// <summary>The first event with an id: its number in the log, and when it was stored.</summary>
internal readonly record struct Repetition(long Number, long StoredAt);

/// <summary>An event of a subject.</summary>
internal readonly record struct SubjectEntry(ulong Subject, long Number);

/// <summary>An event as the index sees it.</summary>
/// <param name="Number">Its number in the log.</param>
/// <param name="Key">What repetitions of it are recognised by; <see langword="null"/> when they are not.</param>
/// <param name="Subject">The hash of its subject, if it has one.</param>
/// <param name="StoredAt">When it was received.</param>
/// <param name="ExpiresAt">When it need no longer be recognised.</param>
internal readonly record struct IndexedEvent(long Number, UInt128? Key, ulong? Subject, long StoredAt, long ExpiresAt);

/// <summary>The newest events, which are in no run yet. They are read again from the log at the next start.</summary>
internal sealed class EventTail
{
    private readonly Dictionary<UInt128, Repetition> repetitions = [];
    private readonly List<SubjectEntry> subjects = [];

    /// <param name="after">The number of the event before its first.</param>
    public EventTail(long after) => After = Last = after;

    public long After { get; }

    /// <summary>The number of its last event, with or without anything to find it by.</summary>
    public long Last { get; private set; }

    public long NewestStoredAt { get; private set; } = long.MinValue;

    public long ExpiresAt { get; private set; } = long.MinValue;

    public int Count { get; private set; }

    public IReadOnlyDictionary<UInt128, Repetition> Repetitions => repetitions;

    public ReadOnlySpan<SubjectEntry> Subjects => CollectionsMarshal.AsSpan(subjects);

    public void Add(in IndexedEvent one)
    {
        Last = one.Number;
        Count++;
        if (one.Subject is { } subject)
            subjects.Add(new SubjectEntry(subject, one.Number));

        if (one.Key is not { } key)
            return;

        repetitions[key] = new Repetition(one.Number, one.StoredAt);
        NewestStoredAt = Math.Max(NewestStoredAt, one.StoredAt);
        ExpiresAt = Math.Max(ExpiresAt, one.ExpiresAt);
    }

    public bool TryFind(UInt128 key, out Repetition found) => repetitions.TryGetValue(key, out found);

    public void CollectNumbers(ulong subject, List<long> numbers)
    {
        foreach (var one in Subjects)
        {
            if (one.Subject == subject)
                numbers.Add(one.Number);
        }
    }

    public bool RemoveRepetition(UInt128 key) => repetitions.Remove(key);

    public void RemoveSubject(SubjectEntry entry) => subjects.Remove(entry);
}
