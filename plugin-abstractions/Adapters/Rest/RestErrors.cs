using System.Globalization;
using System.Text;
using System.Text.Json;
using IntegrationHub.Manifests;
using IntegrationHub.Templates;

namespace IntegrationHub.Adapters.Rest;

/// <summary>Turns a provider's refusal into a typed error.</summary>
internal sealed class RestErrors
{
    public const int LongestMessage = 500;

    private static readonly JsonPointer[] UsualCodes = [.. new[] { "/error/code", "/error/type", "/code", "/error_code", "/errors/0/code", "/errors/0/extensions/code", "/error" }.Select(JsonPointer.Parse)];

    private static readonly JsonPointer[] UsualMessages =
        [.. new[] { "/error/message", "/error_description", "/message", "/errors/0/message", "/detail", "/errors/0/detail", "/error", "/errors/0", "/title", "/msg" }.Select(JsonPointer.Parse)];

    private readonly JsonPointer[] codes;
    private readonly JsonPointer[] messages;
    private readonly List<(ErrorCategory Category, HashSet<string> Codes)> categories;
    private readonly RestSecrets secrets;

    public RestErrors(ErrorsManifest? manifest, RestSecrets secrets, string pointer)
    {
        this.secrets = secrets;
        codes = manifest is { Code.Count: > 0 } ? [.. manifest.Code.Select(code => RestTemplates.Pointer(code, $"{pointer}/code"))] : UsualCodes;
        messages = manifest is { Message.Count: > 0 } ? [.. manifest.Message.Select(message => RestTemplates.Pointer(message, $"{pointer}/message"))] : UsualMessages;
        categories = [.. (manifest?.Categories ?? new Dictionary<ErrorCategory, IReadOnlyList<string>>()).Select(pair => (pair.Key, pair.Value.ToHashSet(StringComparer.Ordinal)))];
    }

    /// <param name="response">The answer.</param>
    /// <param name="body">Its body; undefined when there is none that can be read.</param>
    /// <param name="connection">Whose secrets are kept out of the message.</param>
    /// <param name="requestId">The provider's name for the request.</param>
    /// <param name="rateLimit">What the headers say of the rate limit.</param>
    /// <param name="now">The time.</param>
    public ProviderError Read(HttpResponseMessage response, JsonElement body, ConnectionContext connection, string? requestId, RateLimitSignal? rateLimit, DateTimeOffset now)
    {
        var status = (int)response.StatusCode;
        var found = codes.Select(pointer => Text(pointer, body)).OfType<string>().ToList();
        var category = Category(found) ?? ByStatus(status);

        var message = messages.Select(pointer => Text(pointer, body)).FirstOrDefault(text => !string.IsNullOrWhiteSpace(text))
            ?? (body.ValueKind == JsonValueKind.String && IsPlainText(response) ? JsonText.ToText(body) : null);
        var retryAfter = RestLimits.RetryAfter(response, now);
        if (retryAfter is null && category == ErrorCategory.RateLimited && rateLimit?.ResetsAt is { } reset)
            retryAfter = RestLimits.Clamp((reset - now).TotalSeconds);

        return new ProviderError
        {
            Category = category,
            Message = string.IsNullOrWhiteSpace(message) ? Fallback(status) : Clean(message, connection),
            ProviderCode = found.FirstOrDefault() is { } code ? Clean(code, connection) : null,
            ProviderStatus = status,
            ProviderRequestId = requestId,
            RetryAfter = retryAfter,

            // A gateway that got no answer in time cannot tell what became of the request (520 and 524 are Cloudflare's).
            OutcomeUnknown = status is 502 or 504 or 520 or 524,
        };
    }

    /// <summary>A provider's words made fit to show: no secrets, no control characters, not longer than needed.</summary>
    public string Clean(string text, ConnectionContext connection)
    {
        // Secrets first: of a secret with line breaks, cleaning or cutting would leave something that is no longer recognised.
        var builder = new StringBuilder();
        foreach (var c in secrets.Redact(text, connection))
            builder.Append(char.IsControl(c) || char.GetUnicodeCategory(c) is UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator || IsDirectionOverride(c) ? ' ' : c);

        var clean = builder.ToString().Trim();
        if (clean.Length <= LongestMessage)
            return clean;

        var end = LongestMessage - 1;
        return clean[..(char.IsHighSurrogate(clean[end - 1]) ? end - 1 : end)] + "…";
    }

    private static bool IsDirectionOverride(char c) => c is (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069');

    private static bool IsPlainText(HttpResponseMessage response) =>
        response.Content.Headers.ContentType?.MediaType is null or "text/plain" or "application/json" or "application/problem+json";

    private static string? Text(JsonPointer pointer, JsonElement body)
    {
        if (!pointer.TryEvaluate(body, out var value))
            return null;

        if (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0 && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String))
            return string.Join("; ", value.EnumerateArray().Select(JsonText.ToText));

        return value.ValueKind is JsonValueKind.String or JsonValueKind.Number ? JsonText.ToText(value) : null;
    }

    private ErrorCategory? Category(List<string> found)
    {
        foreach (var code in found)
            foreach (var (category, known) in categories)
                if (known.Contains(code))
                    return category;

        return null;
    }

    private static string Fallback(int status) => $"The provider answered with status {status.ToString(CultureInfo.InvariantCulture)}.";

    private static ErrorCategory ByStatus(int status) => status switch
    {
        400 or 413 or 414 or 422 or 431 => ErrorCategory.InvalidParams,
        401 => ErrorCategory.Unauthenticated,
        402 => ErrorCategory.Declined,
        403 => ErrorCategory.PermissionDenied,
        404 or 410 => ErrorCategory.NotFound,
        409 or 412 or 423 => ErrorCategory.Conflict,
        429 => ErrorCategory.RateLimited,
        408 or 504 or 524 => ErrorCategory.Timeout,
        501 or 505 => ErrorCategory.ProviderError,
        >= 500 => ErrorCategory.Unavailable,
        _ => ErrorCategory.ProviderError,
    };
}
