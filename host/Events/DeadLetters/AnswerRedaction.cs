using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;

namespace IntegrationHub.Host.Events.DeadLetters;

/// <summary>
/// Takes out of a target's answer, before anything of it is kept, what must not be: headers that hold credentials, and the subscription's own secrets wherever the target repeats them.
/// Thread-safe.
/// </summary>
internal sealed class AnswerRedaction(SubscriptionSecrets secrets)
{
    public const string Mask = "••••";

    /// <summary>Shorter values would take ordinary words out of answers.</summary>
    private const int MinLength = 8;

    private const int MaxHeaders = 64;
    private const int MaxHeaderValue = 1024;

    private readonly ConditionalWeakTable<Subscription, List<string>> known = [];

    private static readonly string[] Sensitive =
        ["authorization", "cookie", "authenticate", "authentication", "token", "secret", "password", "passwd", "credential", "api-key", "apikey", "signature", "session", "csrf", "xsrf", "nonce"];

    /// <summary>Whether a header's value is never kept.</summary>
    public static bool IsSensitive(string header) => Sensitive.Any(word => header.Contains(word, StringComparison.OrdinalIgnoreCase));

    public TargetAnswer Redact(TargetAnswer answer, Subscription subscription)
    {
        if (answer is { Body: null, Error: null, Headers.Count: 0 })
            return answer;

        // By instance: the router's snapshot has the same one until something of the subscription changes.
        var values = known.GetValue(subscription, ValuesOf);
        return answer with
        {
            Body = Redact(answer.Body, values),
            Error = Redact(answer.Error, values),
            Headers = answer.Headers.Count == 0 ? answer.Headers :
            [
                .. answer.Headers.Take(MaxHeaders).Select(header => KeyValuePair.Create(
                    header.Key, IsSensitive(header.Key) ? Mask : Redact(header.Value.Length <= MaxHeaderValue ? header.Value : header.Value[..MaxHeaderValue], values)!)),
            ],
        };
    }

    private static string? Redact(string? text, List<string> values)
    {
        if (text is not null)
            foreach (var value in values)
                text = text.Replace(value, Mask, StringComparison.Ordinal);

        return text;
    }

    private List<string> ValuesOf(Subscription subscription)
    {
        var values = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            // The former secret too, however long ago it was replaced.
            foreach (var secret in secrets.Open(subscription, DateTimeOffset.MinValue))
            {
                Add(secret);

                // The key within it, as a target that quotes what it computed with would show it.
                Add(secret[(secret.IndexOf('_', StringComparison.Ordinal) + 1)..]);
            }

            if (secrets.OpenSettings(subscription) is { } settings)
                Collect(settings);
        }
        catch (CryptographicException)
        {
            // Then nothing secret was sent either.
        }

        // The longer first: one may be part of another.
        return [.. values.OrderByDescending(value => value.Length)];

        void Add(string value)
        {
            if (value.Length < MinLength)
                return;

            values.Add(value);

            // However JSON escapes it.
            values.Add(JsonSerializer.Serialize(value)[1..^1]);
            values.Add(value.Replace("/", "\\/", StringComparison.Ordinal));
        }

        void Collect(JsonElement element)
        {
            switch (element.ValueKind)
            {
                case JsonValueKind.String:
                    var text = element.GetString()!;
                    Add(text);

                    // 'Bearer …', 'Basic …': the credential stands alone as well.
                    if (text.IndexOf(' ', StringComparison.Ordinal) is > 0 and var space)
                        Add(text[(space + 1)..]);

                    // A broker's address has its password inside.
                    if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.UserInfo.Split(':', 2) is [_, { Length: > 0 } password])
                        Add(Uri.UnescapeDataString(password));
                    break;
                case JsonValueKind.Object:
                    foreach (var member in element.EnumerateObject())
                        Collect(member.Value);
                    break;
                case JsonValueKind.Array:
                    foreach (var item in element.EnumerateArray())
                        Collect(item);
                    break;
            }
        }
    }
}
