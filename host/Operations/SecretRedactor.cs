using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using IntegrationHub.Adapters;

namespace IntegrationHub.Host.Operations;

/// <summary>
/// Takes a connection's own secrets out of what its provider says. Providers echo: an error that quotes the key, an answer that repeats a webhook secret.
/// A value is searched as it is and however JSON escapes it.
/// </summary>
internal sealed class SecretRedactor
{
    public const string Mask = "••••";

    /// <summary>Shorter values would take ordinary words out of answers.</summary>
    private const int MinLength = 8;

    private readonly List<string> secrets;

    // Whether some writer of JSON would escape one: PHP does so with every slash.
    private readonly bool escapable;

    private SecretRedactor(List<string> secrets) =>
        (this.secrets, escapable) = (secrets, secrets.Exists(static secret => secret.AsSpan().ContainsAnyExcept(NeverEscaped)));

    private static readonly SearchValues<char> NeverEscaped = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~");

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
            return OperationResult.Failure(
                error with
                {
                    Message = Redact(error.Message),
                    ProviderCode = RedactOrNull(error.ProviderCode),
                    ProviderRequestId = RedactOrNull(error.ProviderRequestId),
                    Issues = error.Issues.Count == 0
                        ? error.Issues
                        : [.. error.Issues.Select(issue => issue with { Pointer = Redact(issue.Pointer), Message = Redact(issue.Message), Hint = RedactOrNull(issue.Hint) })],
                },
                result.RateLimit);

        var value = Occurs(result.Value) ? Redact(result.Value) : result.Value;
        var requestId = RedactOrNull(result.ProviderRequestId);
        if (result.Content is { } content)
            return OperationResult.Stream(content, value, result.ProviderStatus, requestId);

        var items = result.Items is { } page && Occurs(page) ? Redact(page) : result.Items;
        return OperationResult.Success(value, result.ProviderStatus, requestId, RedactOrNull(result.NextCursor), items, result.RateLimit);
    }

    private string? RedactOrNull(string? text) => text is null ? null : Redact(text);

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

        return escapable && raw.Contains((byte)'\\') && OccursEscaped(raw);
    }

    private bool OccursEscaped(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = OperationAnswer.MaxDepth });
        while (reader.Read())
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
            {
                string text;
                try
                {
                    text = reader.GetString()!;
                }
                catch (InvalidOperationException)
                {
                    // Half a surrogate pair, which no text can hold.
                    continue;
                }

                if (secrets.Exists(secret => text.Contains(secret, StringComparison.Ordinal)))
                    return true;
            }

        return false;
    }

    // Written anew, value by value: a secret of digits may stand within a number, where its mask would make the answer no JSON.
    private JsonElement Redact(JsonElement value)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, OperationAnswer.Raw))
            Write(writer, value);

        return JsonElement.Parse(buffer.WrittenSpan, new JsonDocumentOptions { MaxDepth = OperationAnswer.MaxDepth });
    }

    private string TextOf<T>(T source, Func<T, string> read)
    {
        try
        {
            return Redact(read(source));
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair: what it holds cannot be searched.
            return Mask;
        }
    }

    private void Write(Utf8JsonWriter writer, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in value.EnumerateObject())
                {
                    writer.WritePropertyName(TextOf(member, static member => member.Name));
                    Write(writer, member.Value);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray())
                    Write(writer, item);

                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                writer.WriteStringValue(TextOf(value, static value => value.GetString()!));
                break;
            case JsonValueKind.Number when value.GetRawText() is var digits && Redact(digits) is var masked && masked != digits:
                writer.WriteStringValue(masked);
                break;
            default:
                writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(value), skipInputValidation: true);
                break;
        }
    }
}
