using System.Text.Json;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Connections.OAuth;

namespace IntegrationHub.Host.Connections;

/// <summary>A connection as the API shows it; secrets are masked.</summary>
internal sealed record ConnectionModel(
    string Id,
    string Project,
    string Provider,
    string Environment,
    string Alias,
    string? Auth,
    IReadOnlyDictionary<string, JsonElement> Config,
    ConnectionOverrides? Overrides,
    IReadOnlyList<string>? GrantedScopes,
    AuthorizationModel? Authorization,
    bool Enabled,
    string? WebhookUrl,
    IReadOnlyList<RetiredSecretModel> RetiredSecrets,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    int Version)
{
    /// <param name="connection">The connection.</param>
    /// <param name="provider">Its provider, when it is loaded.</param>
    /// <param name="publicUrl">Where providers reach the hub, without a trailing slash.</param>
    /// <param name="now">Retired secrets that ended before are left out.</param>
    /// <param name="authorization">Where its authorisation stands, when it has one.</param>
    public static ConnectionModel From(Connection connection, LoadedProvider? provider, string publicUrl, DateTimeOffset now, AuthorizationModel? authorization)
    {
        var config = new SortedDictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var field in connection.Config.EnumerateObject())

            // A newer manifest may call a field secret that was stored as plain.
            config[field.Name] = provider?.SecretFields.Contains(field.Name) == true ? SecretMask.Element("") : field.Value;

        foreach (var (name, secret) in connection.Secrets)
            config[name] = SecretMask.Element(secret.Hint);

        return new(
            connection.Id,
            connection.Project,
            connection.Provider,
            connection.Environment,
            connection.Alias,
            connection.AuthId,
            config,
            connection.BaseUrlOverride is { } url ? new ConnectionOverrides { BaseUrl = url } : null,
            authorization?.Scopes ?? connection.GrantedScopes,
            authorization,
            connection.Enabled,
            provider?.Manifest.Webhooks is null ? null : $"{publicUrl}/v1/webhooks/{connection.Provider}/{connection.Id}",
            [.. connection.RetiredSecrets.Where(retired => now < retired.ValidUntil).Select(retired => new RetiredSecretModel(retired.Field, retired.ValidUntil))],
            connection.CreatedAt,
            connection.UpdatedAt,
            connection.Version);
    }
}

/// <summary>A former secret that webhooks may still be signed with.</summary>
internal sealed record RetiredSecretModel(string Field, DateTimeOffset ValidUntil);

/// <summary>How secrets are shown.</summary>
internal static class SecretMask
{
    public const string Dots = "••••";
    private const int Shown = 4;

    /// <summary>Of shorter values four characters would be too much of the whole.</summary>
    private const int ShortestWithHint = 12;

    public static string HintOf(JsonElement value) =>
        value.ValueKind == JsonValueKind.String && value.GetString() is { Length: >= ShortestWithHint } text ? text[^Shown..] : "";

    public static JsonElement Element(string hint) => JsonSerializer.SerializeToElement(Dots + hint);

    public static bool IsMask(JsonElement value) => value.ValueKind == JsonValueKind.String && value.GetString()!.StartsWith(Dots, StringComparison.Ordinal);
}
