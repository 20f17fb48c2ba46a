using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Connections.OAuth;

namespace IntegrationHub.Host.Tests.Fakes;

/// <summary>Records go with their connection, as the port promises.</summary>
internal sealed class InMemoryTokenStore(IConnectionStore connections) : ITokenStore
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, TokenRecord> records = new(StringComparer.Ordinal);

    /// <summary>How many of the next saves fail.</summary>
    public int FailingSaves { get; set; }

    public int Reads { get; private set; }

    public async Task<TokenRecord?> GetAsync(string connectionId, CancellationToken cancellationToken)
    {
        var there = await connections.GetAsync(connectionId, cancellationToken) is not null;
        lock (gate)
        {
            Reads++;
            return there ? records.GetValueOrDefault(connectionId) : null;
        }
    }

    public Task<IReadOnlyList<TokenRecord>> ListAsync(IReadOnlyCollection<string> connectionIds, CancellationToken cancellationToken)
    {
        lock (gate)
            return Task.FromResult<IReadOnlyList<TokenRecord>>([.. connectionIds.Select(id => records.GetValueOrDefault(id)).OfType<TokenRecord>()]);
    }

    public async Task<bool> TrySaveAsync(TokenRecord record, CancellationToken cancellationToken)
    {
        var there = await connections.GetAsync(record.ConnectionId, cancellationToken) is not null;
        lock (gate)
        {
            if (FailingSaves > 0)
            {
                FailingSaves--;
                throw new IOException("The disk is full.");
            }

            if (!there || record.Version != (records.GetValueOrDefault(record.ConnectionId)?.Version ?? 0) + 1)
                return false;

            records[record.ConnectionId] = record;
            return true;
        }
    }

    public Task<bool> DeleteAsync(string connectionId, CancellationToken cancellationToken)
    {
        lock (gate)
            return Task.FromResult(records.Remove(connectionId));
    }

    public Task<IReadOnlyList<TokenRecord>> ListDueAsync(DateTimeOffset now, IReadOnlyCollection<string> except, int limit, CancellationToken cancellationToken)
    {
        lock (gate)
            return Task.FromResult<IReadOnlyList<TokenRecord>>(
            [
                .. records.Values.Where(record => record.ByPerson && record.State == TokenState.Authorized && record.RefreshAt <= now && !(record.RetryAt > now) && !except.Contains(record.ConnectionId))
                    .OrderBy(record => record.RetryAt > record.RefreshAt ? record.RetryAt : record.RefreshAt).ThenBy(record => record.ConnectionId, StringComparer.Ordinal).Take(limit),
            ]);
    }
}

internal sealed class InMemoryPendingAuthorizationStore : IPendingAuthorizationStore
{
    private readonly Lock gate = new();
    private readonly List<(PendingAuthorization Flow, byte[]? StateHash)> flows = [];

    /// <summary>What goes wrong when a state is taken.</summary>
    public Exception? Fault { get; set; }

    public int Count
    {
        get
        {
            lock (gate)
                return flows.Count;
        }
    }

    public Task AddAsync(PendingAuthorization pending, CancellationToken cancellationToken)
    {
        lock (gate)
            flows.Add((pending, null));

        return Task.CompletedTask;
    }

    public Task<PendingAuthorization?> FindByHandleAsync(byte[] handleHash, CancellationToken cancellationToken)
    {
        lock (gate)
            return Task.FromResult(flows.Find(one => one.Flow.HandleHash.SequenceEqual(handleHash) && one.Flow.SessionHash is null).Flow)!;
    }

    public Task<bool> TryOpenAsync(
        byte[] handleHash, byte[] stateHash, byte[] sessionHash, byte[]? sealedVerifier, string? issuer, bool issuerRequired, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            var at = flows.FindIndex(one => one.Flow.HandleHash.SequenceEqual(handleHash) && one.Flow.SessionHash is null);
            if (at < 0)
                return Task.FromResult(false);

            flows[at] = (flows[at].Flow with { SessionHash = sessionHash, SealedVerifier = sealedVerifier, Issuer = issuer, IssuerRequired = issuerRequired }, stateHash);
            return Task.FromResult(true);
        }
    }

    public Task<PendingAuthorization?> TakeAsync(byte[] stateHash, CancellationToken cancellationToken)
    {
        if (Fault is { } fault)
            return Task.FromException<PendingAuthorization?>(fault);

        lock (gate)
        {
            var found = flows.Find(one => one.StateHash is { } hash && hash.SequenceEqual(stateHash));
            flows.Remove(found);
            return Task.FromResult(found.Flow)!;
        }
    }

    public Task<int> PurgeAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        lock (gate)
            return Task.FromResult(flows.RemoveAll(one => one.Flow.ExpiresAt <= before));
    }
}
