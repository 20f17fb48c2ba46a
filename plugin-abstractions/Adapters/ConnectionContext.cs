using System.Text.Json;

namespace IntegrationHub.Adapters;

/// <summary>
/// A connection as one call sees it: an immutable snapshot with decrypted configuration. It lives as long as the call; never keep, log or return it.
/// </summary>
public sealed class ConnectionContext
{
    /// <summary>The connection's id (<c>conn_…</c>).</summary>
    public required string Id { get; init; }

    /// <summary>The project it belongs to.</summary>
    public required string Project { get; init; }

    /// <summary>The provider's id.</summary>
    public required string Provider { get; init; }

    /// <summary><c>dev</c>, <c>staging</c> or <c>prod</c>.</summary>
    public required string Environment { get; init; }

    /// <summary>The name that tells several connections of a provider apart.</summary>
    public required string Alias { get; init; }

    /// <summary>The fields of the manifest's config schema, defaults filled in: an object.</summary>
    public required JsonElement Config { get; init; }

    /// <summary>Configurations with earlier secret values that are still valid for webhook verification, newest first.</summary>
    public IReadOnlyList<JsonElement> PreviousConfigs { get; init; } = [];

    /// <summary>The base address for this connection, resolved from environment and overrides, without a trailing slash. Empty when the provider has none.</summary>
    public string BaseUrl { get; init; } = "";

    /// <summary>Whether <see cref="BaseUrl"/> is the operator's override; its host is then reachable besides <c>network.allow</c>.</summary>
    public bool BaseUrlOverridden { get; init; }

    /// <summary>The environment's values for templates (<c>{env.…}</c>): <c>name</c>, <c>baseUrl</c> and what the manifest adds. An object.</summary>
    public JsonElement EnvironmentValues { get; init; }

    /// <summary>The name of the manifest's authentication this connection uses.</summary>
    public string? AuthId { get; init; }

    /// <summary>What the host's authentication obtained (<c>{auth.accessToken}</c>); an object, or undefined when there is nothing.</summary>
    public JsonElement Auth { get; init; }

    /// <summary>Scopes the provider granted; <see langword="null"/> when that is not known.</summary>
    public IReadOnlyList<string>? GrantedScopes { get; init; }

    /// <summary>Never the configuration.</summary>
    public override string ToString() => $"{Provider}/{Id}";
}
