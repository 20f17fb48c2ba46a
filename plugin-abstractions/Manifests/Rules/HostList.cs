using System.Globalization;
using System.Text.RegularExpressions;

namespace IntegrationHub.Manifests.Rules;

/// <summary>What <c>network.allow</c> lists, as far as that can be said without a connection.</summary>
internal sealed partial class HostList(Place allow)
{
    private readonly List<string> entries = allow.Items().Select(item => item.Text).OfType<string>().ToList();

    public bool HasTemplates => entries.Any(entry => entry.Contains('{', StringComparison.Ordinal));

    /// <summary>Whether an address, with placeholders or without, can lead to an allowed host.</summary>
    public bool CanReach(string address)
    {
        if (address.StartsWith('{'))
            return HasTemplates;

        if (!Uri.TryCreate(WithoutPlaceholders(address), UriKind.Absolute, out var uri))
            return false;

        // A host that a placeholder chooses among the listed ones is checked at each call.
        return entries.Any(entry => Fits(entry, uri)) || (entries.Count > 0 && address.Split('/', 4) is [_, _, var host, ..] && host.Contains('{', StringComparison.Ordinal));
    }

    /// <summary>Plain HTTP is for loopback alone.</summary>
    public static bool IsPlainHttp(string address) =>
        address.StartsWith("http://", StringComparison.OrdinalIgnoreCase) && !(Uri.TryCreate(WithoutPlaceholders(address), UriKind.Absolute, out var uri) && uri.IsLoopback);

    /// <summary>An address with something harmless in the place of each placeholder, so that its form can be looked at.</summary>
    public static string WithoutPlaceholders(string address) => Placeholder().Replace(address, "1");

    private static bool Fits(string entry, Uri uri)
    {
        if (entry.Contains('{', StringComparison.Ordinal))
            return false;

        var colon = entry.LastIndexOf(':');
        var (host, port) = colon > 0 && !entry.EndsWith(']') ? (entry[..colon], entry[(colon + 1)..]) : (entry, "");
        if (port.Length > 0 ? port != uri.Port.ToString(CultureInfo.InvariantCulture) : !uri.IsDefaultPort && !uri.IsLoopback)
            return false;

        return host.StartsWith("*.", StringComparison.Ordinal)
            ? uri.Host.EndsWith(host[1..], StringComparison.OrdinalIgnoreCase)
            : uri.Host.Equals(host, StringComparison.OrdinalIgnoreCase);
    }

    [GeneratedRegex(@"\{[^{}]*\}", RegexOptions.CultureInvariant)]
    private static partial Regex Placeholder();
}
