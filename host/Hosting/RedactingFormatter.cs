using System.Globalization;
using System.Text.RegularExpressions;
using Serilog.Events;
using Serilog.Formatting;

namespace IntegrationHub.Host.Hosting;

/// <summary>
/// The last look at every log line: whatever has the shape of a credential is masked, wherever it came from (message, property, exception).
/// Code does not log secrets; this is for the day it does.
/// </summary>
internal sealed partial class RedactingFormatter(ITextFormatter inner) : ITextFormatter
{
    private const string Mask = "••••";

    public void Format(LogEvent logEvent, TextWriter output)
    {
        using var line = new StringWriter(CultureInfo.InvariantCulture);
        inner.Format(logEvent, line);
        output.Write(Redact(line.ToString()));
    }

    public static string Redact(string text)
    {
        text = PrivateKey().Replace(text, "$1" + Mask);
        text = Bearer().Replace(text, "$1" + Mask);
        text = Assignment().Replace(text, "$1" + Mask);
        text = UserInfo().Replace(text, "$1" + Mask + "@");
        return Token().Replace(text, Mask);
    }

    [GeneratedRegex("(-----BEGIN [A-Z ]*PRIVATE KEY-----)[A-Za-z0-9+/=\\s\\\\]+", RegexOptions.CultureInvariant)]
    private static partial Regex PrivateKey();

    [GeneratedRegex(@"\b((?:Bearer|Basic|ApiKey)\s+)(?=[A-Za-z0-9+/=._~-]*(?-i:[A-Z0-9=]))[A-Za-z0-9+/=._~-]{8,}", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Bearer();

    // name=value and "name": "value", also inside JSON that was escaped once more, for names that say what they hold.
    [GeneratedRegex(
        @"((?:secret(?:[_-]?(?:access[_-]?)?key)?|password|passwd|pwd|passphrase|api[_-]?key|private[_-]?key|signing[_-]?key|master[_-]?key|admin[_-]?key|access[_-]?key|(?:access|refresh|auth|id|bot|session|security)[_-]?token|signature)\\?[""']?\s*[:=]\s*\\?[""']?)[^\s""'\\&,;}]{4,}",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Assignment();

    [GeneratedRegex(@"(://[^/\s:@]*:)[^/\s@]+@", RegexOptions.CultureInvariant)]
    private static partial Regex UserInfo();

    // The prefixes vendors give their credentials so that scanners find them. Those that are also plain words need the length and the digits of a credential.
    [GeneratedRegex(
        @"\b(?:(?:whsec_|[srp]k_(?:test|live)_|xox[abeoprs]-|xapp-|SG\.|gh[opsur]_|github_pat_|glpat-|ya29\.|eyJ)[A-Za-z0-9_./+=-]{8,}|(?:AKIA|ASIA)[A-Z0-9]{16}|hub_[A-Za-z0-9_-]{43}|key-[0-9a-f]{32}|re_[A-Za-z0-9]{8}_[A-Za-z0-9]{16,}|pat-[a-z]{2}\d-[0-9a-f-]{36}|AIza[A-Za-z0-9_-]{35}|v\d[=,][A-Za-z0-9+/=]{32,})",
        RegexOptions.CultureInvariant)]
    private static partial Regex Token();
}
