using System.Text;
using System.Text.Json;
using IntegrationHub.Templates;

namespace IntegrationHub.Adapters.Rest;

/// <summary>Keeps a connection's secrets out of what a provider says: some providers quote the key they refuse.</summary>
internal sealed class RestSecrets
{
    /// <summary>Shorter values would blank out ordinary words.</summary>
    private const int ShortestSecret = 6;

    private const string Mask = "••••";

    private readonly List<string[]> paths = [];

    /// <param name="config">The schema of a connection's fields; those with <c>x-secret</c> are secrets.</param>
    public RestSecrets(JsonElement? config)
    {
        if (config is { } schema)
            Collect(schema, []);
    }

    /// <summary>The current values of the connection's secret fields, in the schema's order.</summary>
    public IEnumerable<string> ConfiguredValues(ConnectionContext connection) => Values(connection.Config);

    /// <summary>The text without any secret of the connection, as it is or encoded.</summary>
    public string Redact(string text, ConnectionContext connection)
    {
        var secrets = connection.PreviousConfigs.SelectMany(Values).Concat(Values(connection.Config)).Concat(Tokens(connection.Auth)).Where(value => value.Length >= ShortestSecret);
        foreach (var secret in secrets.SelectMany(Forms).Distinct(StringComparer.Ordinal).OrderByDescending(form => form.Length))
            text = text.Replace(secret, Mask, StringComparison.Ordinal);

        return text;
    }

    /// <summary>What is known of an authorisation and no secret: an error that names a scope must stay readable.</summary>
    private static readonly HashSet<string> Public = new(StringComparer.Ordinal) { "tokenType", "scopes", "accountId", "expiresAt" };

    private static IEnumerable<string> Tokens(JsonElement auth) =>
        auth.ValueKind == JsonValueKind.Object ? auth.EnumerateObject().Where(member => !Public.Contains(member.Name)).SelectMany(member => Strings(member.Value)).Where(text => !Uri.IsWellFormedUriString(text, UriKind.Absolute)) : [];

    private static IEnumerable<string> Forms(string secret)
    {
        yield return secret;
        yield return Uri.EscapeDataString(secret);
        yield return Convert.ToBase64String(Encoding.UTF8.GetBytes(secret));
        yield return JsonText.Compact(JsonText.ToElement(secret))[1..^1];
    }

    private static IEnumerable<string> Strings(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => [JsonText.ToText(element)!],
        JsonValueKind.Object => element.EnumerateObject().SelectMany(property => Strings(property.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Strings),
        _ => [],
    };

    private IEnumerable<string> Values(JsonElement config)
    {
        foreach (var path in paths)
        {
            var value = config;
            if (path.All(name => value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out value)))
                foreach (var text in Strings(value))
                    yield return text;
        }
    }

    private void Collect(JsonElement schema, string[] path)
    {
        if (schema.ValueKind != JsonValueKind.Object || !schema.TryGetProperty("properties", out var properties) || properties.ValueKind != JsonValueKind.Object)
            return;

        foreach (var property in properties.EnumerateObject())
        {
            string[] inner = [.. path, property.Name];
            if (property.Value.ValueKind == JsonValueKind.Object && property.Value.TryGetProperty("x-secret", out var secret) && secret.ValueKind == JsonValueKind.True)
                paths.Add(inner);
            else
                Collect(property.Value, inner);
        }
    }
}
