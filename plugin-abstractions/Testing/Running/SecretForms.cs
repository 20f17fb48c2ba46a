using System.Text;
using System.Text.Json;

namespace IntegrationHub.Testing.Running;

/// <summary>The ways a secret is written: as it is, percent-encoded, in base64 (also behind something else), as JSON writes it.</summary>
internal static class SecretForms
{
    /// <summary>Shorter values occur by chance.</summary>
    public const int Shortest = 8;

    public static IReadOnlyList<string> Of(IEnumerable<string> secrets) =>
        [.. secrets.Where(secret => secret.Length >= Shortest).SelectMany(Forms).Distinct(StringComparer.Ordinal)];

    public static bool OccursIn(string text, IReadOnlyList<string> forms) => forms.Any(form => text.Contains(form, StringComparison.Ordinal));

    /// <summary>The characters that a secret becomes in base64 behind so many other bytes, as a password behind its user name: those that depend on it alone.</summary>
    private static string Base64(string secret, int before)
    {
        var bytes = new byte[before].Concat(Encoding.UTF8.GetBytes(secret)).ToArray();
        var (first, end) = (((before * 8) + 5) / 6, bytes.Length * 8 / 6);
        return Convert.ToBase64String(bytes)[first..end];
    }

    private static IEnumerable<string> Forms(string secret)
    {
        yield return secret;
        yield return Uri.EscapeDataString(secret);
        for (var before = 0; before < 3; before++)
            yield return Base64(secret, before);

        yield return JsonEncodedText.Encode(secret).ToString();
    }
}
