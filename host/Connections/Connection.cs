using System.Text.Json;

namespace IntegrationHub.Host.Connections;

/// <summary>One configured account at a provider, as it is kept. Secrets are sealed under the connection's own data key.</summary>
internal sealed record Connection
{
    public required string Id { get; init; }

    public required string Project { get; init; }

    public required string Provider { get; init; }

    /// <summary><c>dev</c>, <c>staging</c> or <c>prod</c>.</summary>
    public required string Environment { get; init; }

    /// <summary>Unique per project, provider and environment; <c>default</c> when the caller names none.</summary>
    public required string Alias { get; init; }

    /// <summary>Which of the manifest's authentications it uses; <see langword="null"/> for the first that its config satisfies.</summary>
    public string? AuthId { get; init; }

    /// <summary>The fields that are no secrets: an object.</summary>
    public required JsonElement Config { get; init; }

    /// <summary>The current secret values by field.</summary>
    public required IReadOnlyDictionary<string, SealedSecret> Secrets { get; init; }

    /// <summary>Former secret values that webhooks may still be signed with.</summary>
    public IReadOnlyList<RetiredSecret> RetiredSecrets { get; init; } = [];

    /// <summary>The data key, wrapped by the master key named in <see cref="MasterKeyId"/>.</summary>
    public required byte[] WrappedKey { get; init; }

    public required string MasterKeyId { get; init; }

    /// <summary>An address that stands in for the provider's, where the operator allows it.</summary>
    public string? BaseUrlOverride { get; init; }

    /// <summary>Scopes the provider granted; <see langword="null"/> when that is not known.</summary>
    public IReadOnlyList<string>? GrantedScopes { get; init; }

    public bool Enabled { get; init; } = true;

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Counts changes; a change made from a stale copy is refused.</summary>
    public int Version { get; init; } = 1;
}

/// <summary>A secret value. The hint is its last four characters at the most, and none for short values.</summary>
internal sealed record SealedSecret(byte[] Value, string Hint);

/// <summary>A secret that was rotated out and stays valid for webhook verification until a time.</summary>
internal sealed record RetiredSecret(string Field, byte[] Value, DateTimeOffset ValidUntil);
