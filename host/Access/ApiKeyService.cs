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
        await audit.RecordAsync(time, caller, "key.created", key.Id, ProjectOf(key), correlationId, new { key.Name, key.Role, key.Projects, key.ExpiresAt }, cancellationToken);
        return (key, text);
    }

    /// <summary>The keys the caller may know of.</summary>
    public Task<Page<ApiKey>> ListAsync(Caller caller, PageRequest page, CancellationToken cancellationToken) =>
        store.ListAsync(caller.Projects, page, cancellationToken);

    /// <summary>Gives a key a new text. The former one works until the overlap is over; one that was former already ends now.</summary>
    public async Task<(ApiKey Key, string Text)> RotateAsync(Caller caller, string correlationId, string id, TimeSpan overlap, CancellationToken cancellationToken)
    {
        var before = await FindAsync(caller, id, cancellationToken);
        var now = time.GetUtcNow();
        if (before.ExpiresAt is { } end && end <= now)
            throw Problem.Conflict("The key has expired.", "", "Make a new one.").ToException();

        var text = ApiKeySecret.New();
        var rotated = before with
        {
            Hash = ApiKeySecret.HashOf(text),
            Ending = text[^4..],
            PreviousHash = overlap > TimeSpan.Zero ? before.Hash : null,
            PreviousValidUntil = overlap > TimeSpan.Zero ? now + overlap : null,
            RotatedAt = now,
        };
        if (!await store.RotateAsync(rotated, before.Hash, cancellationToken))
            throw Problem.Conflict("The key was rotated or deleted at the same time.", "", "Read it and try again.").ToException();

        Forget(before);
        await audit.RecordAsync(
            time, caller, "key.rotated", id, ProjectOf(before), correlationId, new { before.Name, before.Role, before.Projects, rotated.PreviousValidUntil }, cancellationToken);
        return (rotated, text);
    }

    public async Task DeleteAsync(Caller caller, string correlationId, string id, CancellationToken cancellationToken)
    {
        var key = await FindAsync(caller, id, cancellationToken);
        if (!await store.DeleteAsync(id, cancellationToken))
            throw Problem.NotFound("API key", id).ToException();

        Forget(key);
        await audit.RecordAsync(time, caller, "key.deleted", id, ProjectOf(key), correlationId, new { key.Name, key.Role, key.Projects }, cancellationToken);
    }

    private async Task<ApiKey> FindAsync(Caller caller, string id, CancellationToken cancellationToken) =>
        await store.GetAsync(id, cancellationToken) is { } key && IsWithin(caller, key.Projects) ? key : throw Problem.NotFound("API key", id).ToException();

    private void Forget(ApiKey key)
    {
        cache.Forget(Convert.ToHexString(key.Hash));
        if (key.PreviousHash is { } previous)
            cache.Forget(Convert.ToHexString(previous));
    }

    // Of a key for several projects the details tell which.
    private static string? ProjectOf(ApiKey key) => key.Projects is [var only] ? only : null;

    private static bool IsWithin(Caller caller, IReadOnlyList<string> projects) => caller.Projects is null || (projects.Count > 0 && projects.All(caller.CanSee));

    private static void RefuseWider(Caller caller, IReadOnlyList<string> projects)
    {
        if (!IsWithin(caller, projects))
            throw Problem.Forbidden($"This key is limited to the projects {string.Join(", ", caller.Projects!.Order(StringComparer.Ordinal))}, and can make keys for these only.").ToException();
    }

    private static Caller CallerOf(ApiKey key) =>
        new(key.Id, key.Name, key.Role, key.Projects.Count == 0 ? null : key.Projects.ToHashSet(StringComparer.Ordinal));

    // The store has compared already, perhaps with collation rules of its own.
    private bool IsUsable(ApiKey key, ReadOnlySpan<byte> hash)
    {
        var now = time.GetUtcNow();
        var isCurrent = CryptographicOperations.FixedTimeEquals(key.Hash, hash);
        var isFormer = key.PreviousHash is { } previous && now < key.PreviousValidUntil && CryptographicOperations.FixedTimeEquals(previous, hash);
        return (isCurrent || isFormer) && (key.ExpiresAt is not { } end || now < end);
    }
}
