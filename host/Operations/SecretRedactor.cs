using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using IntegrationHub.Adapters;

namespace IntegrationHub.Host.Operations;

/// <summary>
/// Takes a connection's own secrets out of what its provider says. Providers echo: an error that quotes the key, an answer that repeats a webhook secret.
/// A value is searched as it is and as JSON writes it.
/// </summary>
internal sealed class SecretRedactor
{
    public const string Mask = "••••";

    /// <summary>Shorter values would take ordinary words out of answers.</summary>
    private const int MinLength = 8;

    private readonly List<string> secrets;

    private SecretRedactor(List<string> secrets) => this.secrets = secrets;

    /// <summary>What is known of an authorisation and no secret.</summary>
    private static readonly HashSet<string> Public = new(StringComparer.Ordinal) { "tokenType", "scopes", "accountId", "expiresAt" };

    /// <summary>For the secrets of a connection; <paramref name="fields"/> are the config fields that are secret, <paramref name="auth"/> is what was obtained for it.</summary>
    public static SecretRedactor For(JsonElement config, IReadOnlySet<string> fields, JsonElement auth = default)
    {
        var values = new List<string>();
        foreach (var field in fields)
            if (config.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: >= MinLength } text)
                values.Add(text);

        // An address that came with the token is shown all over the provider's answers, and opens nothing.
        if (auth.ValueKind == JsonValueKind.Object)
            foreach (var member in auth.EnumerateObject())
                if (!Public.Contains(member.Name) && member.Value.ValueKind == JsonValueKind.String && member.Value.GetString() is { Length: >= MinLength } text
                    && !Uri.IsWellFormedUriString(text, UriKind.Absolute))
                    values.Add(text);

        return new SecretRedactor(values);
    }

    public OperationResult Redact(OperationResult result)
    {
        if (secrets.Count == 0)
            return result;

        if (result.Error is { } error)
            return OperationResult.Failure(error with { Message = Redact(error.Message), ProviderCode = error.ProviderCode is { } code ? Redact(code) : null }, result.RateLimit);

        if (result.Content is not null || !Occurs(result.Value))
            return result;

        var items = result.Items is { } page ? Redact(page) : (JsonElement?)null;
        return OperationResult.Success(Redact(result.Value), result.ProviderStatus, result.ProviderRequestId, result.NextCursor, items, result.RateLimit);
    }

    public string Redact(string text)
    {
        foreach (var secret in secrets)
            text = text.Replace(secret, Mask, StringComparison.Ordinal);

        return text;
    }

    private bool Occurs(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Undefined)
            return false;

        var raw = JsonMarshal.GetRawUtf8Value(value);
        foreach (var secret in secrets)
            if (raw.IndexOf(Encoding.UTF8.GetBytes(secret)) >= 0 || raw.IndexOf(JsonEncodedText.Encode(secret).EncodedUtf8Bytes) >= 0)
                return true;

        return false;
    }

    private JsonElement Redact(JsonElement value)
    {
        var text = value.GetRawText();
        foreach (var secret in secrets)
            text = text.Replace(secret, Mask, StringComparison.Ordinal).Replace(JsonEncodedText.Encode(secret).ToString(), Mask, StringComparison.Ordinal);

        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }
}
