using System.Globalization;
using System.Text;
using System.Text.Json;
using IntegrationHub.Manifests;
using IntegrationHub.Templates;
using Microsoft.AspNetCore.WebUtilities;

namespace IntegrationHub.Host.Connections.OAuth;

/// <summary>What a token endpoint gave.</summary>
internal sealed record TokenGrant(TokenSet Tokens, TimeSpan? Lifetime, TimeSpan? GrantLifetime, IReadOnlyList<string>? Scopes, string? AccountId);

/// <summary>
/// Reads answers of token endpoints: RFC 6749 §5.1 and §5.2, and what providers make of them: form-encoded bodies, errors under 200, tokens elsewhere, numbers as texts, scopes
/// behind commas or in arrays. Immutable. Nothing of an answer but error codes and descriptions ever leaves it, and an <c>id_token</c> is not looked at.
/// </summary>
internal sealed class TokenAnswerReader
{
    private const int MaxToken = 16 * 1024;
    private const int MaxText = 200;
    private const string Mask = "••••";

    /// <summary>Shorter values would take ordinary words out of messages.</summary>
    private const int ShortestSecret = 8;

    private static readonly TimeSpan LongestLife = TimeSpan.FromDays(3650);

    // Types whose use this version does not know (RFC 6749 §7.1). Others than Bearer are names that providers invented for bearer tokens: Slack's "bot".
    private static readonly string[] UnknownTypes = ["dpop", "mac", "pop", "n_a"];
    private static readonly string[] MeansReauthorize = ["invalid_grant", "login_required", "interaction_required", "consent_required", "account_selection_required"];

    private readonly List<JsonPointer> accessToken;
    private readonly List<JsonPointer> refreshToken;
    private readonly List<JsonPointer> expiresIn;
    private readonly List<JsonPointer> refreshExpiresIn;
    private readonly List<JsonPointer> scope;
    private readonly List<JsonPointer> error;
    private readonly List<JsonPointer> errorDescription;
    private readonly List<(string Name, JsonPointer Pointer)> values;
    private readonly JsonPointer? accountId;
    private readonly string separator;
    private readonly HashSet<string> reauthorizeOn;

    public TokenAnswerReader(AuthManifest manifest)
    {
        var answer = manifest.Answer ?? new TokenAnswerManifest();
        accessToken = Pointers(answer.AccessToken);
        refreshToken = Pointers(answer.RefreshToken);
        expiresIn = Pointers(answer.ExpiresIn);
        refreshExpiresIn = Pointers(answer.RefreshExpiresIn);
        scope = Pointers(answer.Scope);
        error = Pointers(answer.Error);
        errorDescription = Pointers(answer.ErrorDescription);
        values = [.. answer.Values.Select(pair => (pair.Key, JsonPointer.Parse(pair.Value)))];
        accountId = manifest.AccountId is { } pointer ? JsonPointer.Parse(pointer) : null;
        separator = answer.ScopeSeparator ?? manifest.ScopeSeparator;
        reauthorizeOn = MeansReauthorize.Concat(manifest.ReauthorizeOn).ToHashSet(StringComparer.Ordinal);
    }

    /// <param name="status">The HTTP status.</param>
    /// <param name="mediaType">The media type, as far as it is stated.</param>
    /// <param name="body">The body.</param>
    /// <param name="retryAfter">When to try again, as far as that is stated.</param>
    /// <param name="ofGrant">Whether it answers a refresh: then <c>invalid_grant</c> means that a person must authorise again, and else that what was sent is not good.</param>
    /// <param name="sent">The secrets that were sent: providers quote them in their errors ("Invalid refresh token: …").</param>
    /// <exception cref="OAuthException">It is an error, or no answer of a token endpoint.</exception>
    public TokenGrant Read(int status, string? mediaType, ReadOnlyMemory<byte> body, TimeSpan? retryAfter, bool ofGrant, IReadOnlyCollection<string> sent)
    {
        using var document = Parse(mediaType, body);
        var root = document?.RootElement ?? default;
        var token = First(root, accessToken);
        if (status is >= 200 and < 300 && token is { Length: > 0 })
            return Read(root, token);

        if (First(root, error) is { } code)
            throw Explain(status, Without(sent, code), First(root, errorDescription) is { } words ? Without(sent, words) : null, retryAfter, ofGrant);

        throw status switch
        {
            429 or 408 or >= 500 => new OAuthException(OAuthFaultKind.Transient, "unavailable", string.Create(CultureInfo.InvariantCulture, $"The token endpoint answered {status}."), retryAfter),
            >= 300 and < 400 => new OAuthException(OAuthFaultKind.Refused, "redirected", "The token endpoint redirects; the hub follows no redirect with credentials. The address in the manifest is not right."),
            >= 400 => new OAuthException(OAuthFaultKind.Refused, "refused", string.Create(CultureInfo.InvariantCulture, $"The token endpoint answered {status} without saying why.")),
            _ => new OAuthException(OAuthFaultKind.Transient, "invalid_answer", "The token endpoint answered something that holds no token."),
        };
    }

    /// <summary>A provider's text, as far as it can be shown: printable, short, and without line breaks.</summary>
    public static string Printable(string text)
    {
        var clean = new StringBuilder(Math.Min(text.Length, MaxText));
        foreach (var rune in text.EnumerateRunes())
        {
            if (clean.Length >= MaxText)
                return clean.Append('…').ToString();

            var category = Rune.GetUnicodeCategory(rune);
            clean.Append(Rune.IsControl(rune) || category is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse ? " " : rune.ToString());
        }

        return clean.ToString();
    }

    private TokenGrant Read(JsonElement root, string token)
    {
        if (!IsUsable(token))
            throw new OAuthException(OAuthFaultKind.Transient, "invalid_answer", "The token endpoint answered a token that no header can carry.");

        var type = root.TryGetProperty("token_type", out var named) && named.ValueKind == JsonValueKind.String ? named.GetString()! : "Bearer";
        if (UnknownTypes.Contains(type, StringComparer.OrdinalIgnoreCase))
            throw new OAuthException(OAuthFaultKind.Refused, "unsupported_token_type", $"The provider issues tokens of the type '{Printable(type)}', which the hub cannot use. Let it issue bearer tokens.");

        var kept = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, pointer) in values)
            if (pointer.TryEvaluate(root, out var value) && TextOf(value) is { } text)
                kept[name] = text;

        var refresh = First(root, refreshToken);
        return new TokenGrant(
            new TokenSet { AccessToken = token, TokenType = type, RefreshToken = refresh is { Length: > 0 and <= MaxToken } ? refresh : null, Values = kept },
            Seconds(root, expiresIn),
            Seconds(root, refreshExpiresIn),
            ScopesOf(root),
            accountId is not null && accountId.TryEvaluate(root, out var account) ? TextOf(account) : null);
    }

    // Before anything is cut off: half a token is too much as well.
    private static string Without(IReadOnlyCollection<string> secrets, string text) =>
        secrets.Where(secret => secret.Length >= ShortestSecret).OrderByDescending(secret => secret.Length).Aggregate(text, static (rest, secret) => rest.Replace(secret, Mask, StringComparison.Ordinal));

    private OAuthException Explain(int status, string code, string? description, TimeSpan? retryAfter, bool ofGrant)
    {
        code = Printable(code);
        var words = string.IsNullOrWhiteSpace(description) ? "" : $": {Printable(description).Trim().TrimEnd('.')}";
        if (ofGrant && reauthorizeOn.Contains(code))
            return new OAuthException(OAuthFaultKind.Reauthorize, code, $"The provider no longer accepts what it granted ({code}{words}).");

        return code is "temporarily_unavailable" or "server_error" or "slow_down" || status == 429 || status >= 500
            ? new OAuthException(OAuthFaultKind.Transient, code, $"The token endpoint is not available ({code}{words}).", retryAfter)
            : new OAuthException(OAuthFaultKind.Refused, code, $"The token endpoint refused the request ({code}{words}).");
    }

    private static JsonDocument? Parse(string? mediaType, ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 32 });
        }
        catch (JsonException)
        {
            // GitHub answers a form unless it is asked for JSON; older servers call it plain text.
            return mediaType is null || mediaType.Contains("form", StringComparison.OrdinalIgnoreCase) || mediaType.StartsWith("text/plain", StringComparison.OrdinalIgnoreCase)
                ? ParseForm(Encoding.UTF8.GetString(body.Span))
                : null;
        }
    }

    private static JsonDocument? ParseForm(string text)
    {
        if (text.Length > MaxToken * 4 || text.Any(char.IsControl) || !text.Contains('=', StringComparison.Ordinal))
            return null;

        var fields = QueryHelpers.ParseQuery(text).ToDictionary(pair => pair.Key, pair => pair.Value.FirstOrDefault() ?? "", StringComparer.Ordinal);
        return JsonSerializer.SerializeToDocument(fields);
    }

    private IReadOnlyList<string>? ScopesOf(JsonElement root)
    {
        foreach (var pointer in scope)
            if (pointer.TryEvaluate(root, out var value))
                switch (value.ValueKind)
                {
                    case JsonValueKind.Array:
                        return [.. value.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!).Where(item => item.Length > 0).Distinct(StringComparer.Ordinal)];
                    case JsonValueKind.String:
                        return [.. value.GetString()!.Split([separator, "\n", "\t"], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Distinct(StringComparer.Ordinal)];
                }

        return null;
    }

    private static TimeSpan? Seconds(JsonElement root, List<JsonPointer> pointers)
    {
        foreach (var pointer in pointers)
            if (pointer.TryEvaluate(root, out var value) && TextOf(value) is { } text
                && double.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var seconds)
                && seconds >= 1)
                return seconds >= LongestLife.TotalSeconds ? null : TimeSpan.FromSeconds(seconds);

        // None, zero or less: providers that mean "no end", or do not say.
        return null;
    }

    private static string? First(JsonElement root, List<JsonPointer> pointers)
    {
        foreach (var pointer in pointers)
            if (pointer.TryEvaluate(root, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text)
                return text;

        return null;
    }

    private static string? TextOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
        _ => null,
    };

    private static bool IsUsable(string token) => token.Length <= MaxToken && !token.Any(c => c is <= ' ' or >= '\u007f');

    private static List<JsonPointer> Pointers(IReadOnlyList<string> texts) => [.. texts.Select(JsonPointer.Parse)];
}
