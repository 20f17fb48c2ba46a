using System.Collections.Concurrent;

namespace IntegrationHub.Host.Connections.OAuth;

/// <summary>One refresh at a time per connection, on every node that shares the storage. Whoever gets the lock reads the token again before doing anything. Thread-safe.</summary>
internal interface IRefreshLock
{
    /// <summary>Waits for the lock; dispose what it returns to let go.</summary>
    Task<IAsyncDisposable> AcquireAsync(string connectionId, CancellationToken cancellationToken);
}

/// <summary>For one process. An engine that several nodes share brings its own.</summary>
internal sealed class InProcessRefreshLock : IRefreshLock
{
    private readonly ConcurrentDictionary<string, Entry> entries = new(StringComparer.Ordinal);

    public async Task<IAsyncDisposable> AcquireAsync(string connectionId, CancellationToken cancellationToken)
    {
        var entry = Enter(connectionId);
        try
        {
            await entry.Gate.WaitAsync(cancellationToken);
            return new Holder(this, connectionId, entry);
        }
        catch
        {
            Leave(connectionId, entry);
            throw;
        }
    }

    // An entry that nobody waits for is taken out, and never used again.
    private Entry Enter(string connectionId)
    {
        while (true)
        {
            var entry = entries.GetOrAdd(connectionId, static _ => new Entry());
            lock (entry)
            {
                if (entry.Users < 0)
                    continue;

                entry.Users++;
                return entry;
            }
        }
    }

    private void Leave(string connectionId, Entry entry)
    {
        lock (entry)
        {
            if (--entry.Users > 0)
                return;

            entry.Users = -1;
            entries.TryRemove(new KeyValuePair<string, Entry>(connectionId, entry));
        }
    }

    private sealed class Entry
    {
        public SemaphoreSlim Gate { get; } = new(1, 1);

        public int Users { get; set; }
    }

    private sealed class Holder(InProcessRefreshLock owner, string connectionId, Entry entry) : IAsyncDisposable
    {
        private int released;

        public ValueTask DisposeAsync()
        {
            if (Interlocked.Exchange(ref released, 1) == 0)
            {
                entry.Gate.Release();
                owner.Leave(connectionId, entry);
            }

            return ValueTask.CompletedTask;
        }
    }
}
