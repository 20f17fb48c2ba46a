using System.Security.Cryptography;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Access;

/// <summary>Recognises, makes and deletes API keys. Thread-safe.</summary>
/// <remarks>A key deleted or changed on another node stops working here within <see cref="CacheTime"/>.</remarks>
internal sealed class ApiKeyService(IApiKeyStore store, BootstrapKey bootstrap, IAuditTrail audit, TimeProvider time)
{
    public static readonly TimeSpan CacheTime = TimeSpan.FromSeconds(30);
    private const int CacheCapacity = 4096;

    private readonly LookupCache<ApiKey> cache = new(time, CacheTime, CacheCapacity);

    /// <summary>Recognises a key without asking the store.</summary>
    public Caller? Recognise(ReadOnlySpan<byte> hash)
    {
        if (CryptographicOperations.FixedTimeEquals(hash, bootstrap.Hash))
            return new Caller(BootstrapKey.KeyId, "bootstrap admin key", HubRole.Admin, null);

        return cache.TryGet(Convert.ToHexString(hash), out var key) && IsUsable(key!, hash) ? CallerOf(key!) : null;
    }

    /// <summary>Recognises a key, asking the store when it is not known yet.</summary>
    public async Task<Caller?> RecogniseAsync(byte[] hash, CancellationToken cancellationToken)
    {
        var key = await cache.GetAsync(Convert.ToHexString(hash), (_, token) => store.FindByHashAsync(hash, token), cancellationToken);
        return key is not null && IsUsable(key, hash) ? CallerOf(key) : null;
    }

    /// <summary>Makes a key. The text is in the answer and nowhere else.</summary>
    public async Task<(ApiKey Key, string Text)> CreateAsync(
        Caller caller, string correlationId, string name, HubRole role, IReadOnlyList<string> projects, DateTimeOffset? expiresAt, CancellationToken cancellationToken)
    {
        RefuseWider(caller, projects);
        var text = ApiKeySecret.New();
        var key = new ApiKey
        {
            Id = Ids.New(Ids.ApiKey, time),
            Name = name,
            Role = role,
            Projects = [.. projects.Distinct(StringComparer.Ordinal)],
            Hash = ApiKeySecret.HashOf(text),
            Ending = text[^4..],
            CreatedAt = time.GetUtcNow(),
            ExpiresAt = expiresAt,
        };
        await store.AddAsync(key, cancellationToken);
        await audit.RecordAsync(time, caller, "key.created", key.Id, null, correlationId, new { key.Name, key.Role, key.Projects, key.ExpiresAt }, cancellationToken);
        return (key, text);
    }

    /// <summary>The keys the caller may know of. A page can be shorter than asked for when others stand between.</summary>
    public async Task<Page<ApiKey>> ListAsync(Caller caller, PageRequest page, CancellationToken cancellationToken)
    {
        var found = await store.ListAsync(page, cancellationToken);
        return new([.. found.Items.Where(key => IsWithin(caller, key.Projects))], found.NextCursor);
    }

    public async Task DeleteAsync(Caller caller, string correlationId, string id, CancellationToken cancellationToken)
    {
        var key = await store.GetAsync(id, cancellationToken);
        if (key is null || !IsWithin(caller, key.Projects) || !await store.DeleteAsync(id, cancellationToken))
            throw Problem.NotFound("API key", id).ToException();

        cache.Forget(Convert.ToHexString(key.Hash));
        await audit.RecordAsync(time, caller, "key.deleted", id, null, correlationId, new { key.Name, key.Role, key.Projects }, cancellationToken);
    }

    private static bool IsWithin(Caller caller, IReadOnlyList<string> projects) => caller.Projects is null || (projects.Count > 0 && projects.All(caller.CanSee));

    private static void RefuseWider(Caller caller, IReadOnlyList<string> projects)
    {
        if (!IsWithin(caller, projects))
            throw Problem.Forbidden($"This key is limited to the projects {string.Join(", ", caller.Projects!.Order(StringComparer.Ordinal))}, and can make keys for these only.").ToException();
    }

    private static Caller CallerOf(ApiKey key) =>
        new(key.Id, key.Name, key.Role, key.Projects.Count == 0 ? null : key.Projects.ToHashSet(StringComparer.Ordinal));

    // The store has compared already, perhaps with collation rules of its own.
    private bool IsUsable(ApiKey key, ReadOnlySpan<byte> hash) =>
        CryptographicOperations.FixedTimeEquals(key.Hash, hash) && (key.ExpiresAt is not { } end || time.GetUtcNow() < end);
}
