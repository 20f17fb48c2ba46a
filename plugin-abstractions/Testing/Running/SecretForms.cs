using System.Text;
using System.Text.Json;

namespace IntegrationHub.Testing.Running;

/// <summary>The ways a secret is written: as it is, percent-encoded, in base64, as JSON writes it.</summary>
internal static class SecretForms
{
    /// <summary>Shorter values occur by chance.</summary>
    public const int Shortest = 8;

    public static IReadOnlyList<string> Of(IEnumerable<string> secrets) =>
        [.. secrets.Where(secret => secret.Length >= Shortest).SelectMany(Forms).Distinct(StringComparer.Ordinal)];

    public static bool OccursIn(string text, IReadOnlyList<string> forms) => forms.Any(form => text.Contains(form, StringComparison.Ordinal));

    private static IEnumerable<string> Forms(string secret)
    {
        yield return secret;
        yield return Uri.EscapeDataString(secret);
        yield return Convert.ToBase64String(Encoding.UTF8.GetBytes(secret)).TrimEnd('=');
        yield return JsonEncodedText.Encode(secret).ToString();
    }
}
