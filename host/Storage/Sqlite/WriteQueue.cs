namespace IntegrationHub.Host.Storage.Sqlite;

/// <summary>The bounded queue before the writer: callers add without blocking, the writer's own thread takes whatever has gathered.</summary>
internal sealed class WriteQueue(int capacity) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Queue<WriteItem> _items = new();
    private readonly SemaphoreSlim _free = new(capacity);
    private readonly SemaphoreSlim _filled = new(0);
    private bool _closed;

    /// <returns><see langword="false"/> when the queue is full.</returns>
    /// <exception cref="StorageException">The queue is closed.</exception>
    public bool TryAdd(WriteItem item)
    {
        if (!_free.Wait(0))
            return false;

        Add(item);
        return true;
    }

    /// <summary>Adds as soon as there is room.</summary>
    /// <exception cref="StorageException">The queue is closed.</exception>
    public async Task AddAsync(WriteItem item, CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken);
        Add(item);
    }

    /// <summary>Takes what has gathered, up to a number of items and of bytes; waits for the first. Only for the writer's thread.</summary>
    /// <returns><see langword="false"/> when the queue is closed and empty.</returns>
    public bool Take(List<WriteItem> group, int maxItems, int maxBytes)
    {
        _filled.Wait();
        lock (_gate)
        {
            long bytes = 0;
            while (group.Count < maxItems && _items.TryPeek(out var item) && (group.Count == 0 || (bytes + item.Size <= maxBytes && !item.BetweenCommits)))
            {
                bytes += item.Size;
                group.Add(_items.Dequeue());
                if (item.BetweenCommits)
                    break;
            }

            // One release stands for all that is in the queue, and for its being closed.
            if (_items.Count > 0 || _closed)
                _filled.Release();
        }

        if (group.Count > 0)
            _free.Release(group.Count);

        return group.Count > 0;
    }

    /// <summary>Refuses what comes from now on; what is in it can still be taken.</summary>
    public void Close()
    {
        lock (_gate)
        {
            if (_closed)
                return;

            _closed = true;
            if (_items.Count == 0)
                _filled.Release();
        }
    }

    public void Dispose() => _filled.Dispose();

    private void Add(WriteItem item)
    {
        lock (_gate)
        {
            if (_closed)
            {
                // Whoever waits for room behind this caller must learn of it as well.
                _free.Release();
                throw new StorageException("The storage is closed: the hub is shutting down.");
            }

            _items.Enqueue(item);
            if (_items.Count == 1)
                _filled.Release();
        }
    }
}
