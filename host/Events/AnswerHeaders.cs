using System.Net.Http.Headers;

namespace IntegrationHub.Host.Events;

/// <summary>Reads of an answer's headers what is kept of it, and what it asks for.</summary>
internal static class AnswerHeaders
{
    public const string Redacted = "[redacted]";

    private const int MaxHeaders = 32;
    private const int MaxName = 64;
    private const int MaxValue = 256;

    /// <summary>What every answer has, and nobody looks for.</summary>
    private static readonly string[] Plain = ["Date", "Content-Length", "Connection", "Keep-Alive", "Transfer-Encoding"];

    /// <summary>What in a header's name tells that its value is a secret.</summary>
    private static readonly string[] SecretWords = ["cookie", "auth", "token", "secret", "key", "session", "signature", "password", "credential"];

    /// <summary>The headers as they are kept: the first ones, cut, printable, and without secrets.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Kept(HttpResponseMessage response)
    {
        var kept = new List<KeyValuePair<string, string>>();
        foreach (var (name, values) in response.Headers.NonValidated)
            Keep(kept, name, values);
        foreach (var (name, values) in response.Content.Headers.NonValidated)
            Keep(kept, name, values);
        return kept;
    }

    /// <summary><c>Retry-After</c> in seconds or as a date (RFC 9110 §10.2.3); <see langword="null"/> when there is none that says something.</summary>
    public static TimeSpan? RetryAfter(HttpResponseHeaders headers, DateTimeOffset now) => headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date > now ? date - now : TimeSpan.Zero,
        _ => null,
    };

    private static void Keep(List<KeyValuePair<string, string>> kept, string name, HeaderStringValues values)
    {
        if (kept.Count == MaxHeaders || Plain.Contains(name, StringComparer.OrdinalIgnoreCase))
            return;

        var secret = Array.Exists(SecretWords, word => name.Contains(word, StringComparison.OrdinalIgnoreCase));
        kept.Add(KeyValuePair.Create(Cut(name, MaxName), secret ? Redacted : Cut(values.ToString(), MaxValue)));
    }

    private static string Cut(string text, int most)
    {
        var cut = text.Length > most ? text[..most] : text;
        return cut.Any(char.IsControl) ? string.Concat(cut.Where(c => !char.IsControl(c))) : cut;
    }
}
