using System.ComponentModel;
using System.Text.Json;

namespace IntegrationHub.Host.Connections;

/// <summary>A new connection.</summary>
internal sealed record CreateConnectionRequest
{
    [Description("The id of a loaded provider.")]
    public required string Provider { get; init; }

    public string Project { get; init; } = "default";

    [Description("dev, staging or prod, as far as the provider offers them.")]
    public string Environment { get; init; } = "dev";

    [Description("Unique for project, provider and environment.")]
    public string Alias { get; init; } = "default";

    [Description("The id of one of the provider's ways to authenticate. Absent: the first that the config satisfies.")]
    public string? Auth { get; init; }

    [Description("The fields of the provider's config schema. A field that is absent and names an environment variable (x-env) takes its value now.")]
    public JsonElement Config { get; init; }

    public ConnectionOverrides? Overrides { get; init; }

    [Description("The scopes the provider granted; absent when that is not known.")]
    public IReadOnlyList<string>? GrantedScopes { get; init; }

    public bool Enabled { get; init; } = true;
}

/// <summary>What stands in for values of the manifest.</summary>
internal sealed record ConnectionOverrides
{
    [Description("An absolute http or https address instead of the provider's. Needs the option Hub:AllowBaseUrlOverride.")]
    public string? BaseUrl { get; init; }
}

/// <summary>A change. What is absent stays; a null clears what can be empty, and removes a config field.</summary>
internal sealed record UpdateConnectionRequest
{
    public JsonElement Alias { get; init; }

    public JsonElement Auth { get; init; }

    [Description("The fields to set; null removes a field. Others stay.")]
    public JsonElement Config { get; init; }

    public JsonElement Overrides { get; init; }

    public JsonElement GrantedScopes { get; init; }

    public JsonElement Enabled { get; init; }

    [Description("The version the change was made from; refused when there is a newer one. If-Match does the same.")]
    public int? Version { get; init; }

    [Description("Cannot be changed.")]
    public JsonElement Project { get; init; }

    [Description("Cannot be changed.")]
    public JsonElement Provider { get; init; }

    [Description("Cannot be changed.")]
    public JsonElement Environment { get; init; }
}

/// <summary>New values for secret fields.</summary>
internal sealed record RotateConnectionRequest
{
    [Description("The new values by field; secret fields only.")]
    public required JsonElement Config { get; init; }

    [Description("How long webhooks signed with the old values are still accepted: 24h (default), 90m, 0s … at most 30d.")]
    public string? Overlap { get; init; }
}
