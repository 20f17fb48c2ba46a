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
        text = Bearer().Replace(text, "$1" + Mask);
        text = Assignment().Replace(text, "$1" + Mask);
        text = UserInfo().Replace(text, "$1" + Mask + "@");
        return Token().Replace(text, Mask);
    }

    [GeneratedRegex(@"\b((?:Bearer|Basic|ApiKey)\s+)[A-Za-z0-9+/=._~-]{8,}", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Bearer();

    // name=value and "name": "value", for names that say what they hold.
    [GeneratedRegex(@"((?:secret|password|passwd|api[_-]?key|access[_-]?token|refresh[_-]?token|auth[_-]?token|client[_-]?secret|signature)[""']?\s*[:=]\s*[""']?)[^\s""'&,;}]{4,}",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Assignment();

    [GeneratedRegex(@"(://[^/\s:@]*:)[^/\s@]+@", RegexOptions.CultureInvariant)]
    private static partial Regex UserInfo();

    // The prefixes vendors give their credentials so that scanners find them.
    [GeneratedRegex(@"\b(?:hub_|whsec_|sk_(?:test|live)_|rk_(?:test|live)_|xox[abeoprs]-|xapp-|SG\.|gh[opsur]_|github_pat_|glpat-|AKIA|ASIA|key-|re_|pat-|ya29\.|eyJ)[A-Za-z0-9_./+=-]{8,}",
        RegexOptions.CultureInvariant)]
    private static partial Regex Token();
}
