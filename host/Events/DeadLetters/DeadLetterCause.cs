using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace IntegrationHub.Host.Events.DeadLetters;

/// <summary>Why a delivery was given up, in a form that is the same for the same cause at the same target, whatever the ids, numbers and addresses in the words.</summary>
/// <param name="Fingerprint">16 hex digits of subscription, step, status and pattern.</param>
/// <param name="Step">One of <see cref="DeliverySteps"/>.</param>
/// <param name="Status">The target's last status, if it had one.</param>
/// <param name="Pattern">The last error with its variable parts blanked out.</param>
internal sealed partial record DeadLetterCause(string Fingerprint, string Step, int? Status, string Pattern)
{
    private const int MaxText = 1000;
    private const int MaxPattern = 300;

    public static DeadLetterCause Of(string subscriptionId, DeliveryAttempt attempt, string? reason) =>
        Of(subscriptionId, attempt.Step ?? DeliverySteps.Of(attempt.Outcome) ?? DeliverySteps.Answer, attempt.Status, attempt.Error ?? reason);

    /// <summary>For what was given up without a record of its last attempt.</summary>
    public static DeadLetterCause Of(string subscriptionId, string step, int? status, string? text)
    {
        var pattern = Normalize(text ?? "");
        var identity = string.Create(CultureInfo.InvariantCulture, $"{subscriptionId}\n{step}\n{status}\n{pattern}");
        return new(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(identity)).AsSpan(0, 8)), step, status, pattern);
    }

    /// <summary>Blanks out what differs between two occurrences of the same fault.</summary>
    public static string Normalize(string text)
    {
        // What targets say can be long, and made so that looking at it takes long.
        text = text.Length <= MaxText ? text : text[..MaxText];
        var plain = Space().Replace(Variable().Replace(text, "#"), " ").Trim();
        return plain.Length <= MaxPattern ? plain : plain[..MaxPattern];
    }

    // Quoted texts; UUIDs; the hub's and others' prefixed ids; addresses; long runs of hex or base 64 with a digit in them; numbers with their dots and colons.
    [GeneratedRegex("""
        "[^"]*" | (?<!\w)'[^']*'(?!\w)
        | \b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b
        | https?://[^\s)]+
        | \b[A-Za-z]{2,12}_[A-Za-z0-9_]*[0-9][A-Za-z0-9_]*
        | \[[0-9a-fA-F:.]*:[0-9a-fA-F:.]*\]
        | \b(?=[A-Za-z+/_-]*[0-9])[A-Za-z0-9+/_-]{12,}=*
        | [+-]?\b\d+(?:[.,:]\d+)*
        """, RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Variable();

    [GeneratedRegex(@"\s+", RegexOptions.CultureInvariant)]
    private static partial Regex Space();
}
