using System.Globalization;

namespace IntegrationHub.Manifests.Rules;

/// <summary>What a plugin may reach is said host by host.</summary>
internal sealed class NetworkRule : IManifestRule
{
    public void Check(ManifestDraft draft, ManifestFindings findings)
    {
        foreach (var entry in draft.Root["network"]["allow"].Items())
        {
            if (entry.Text is not { Length: > 0 } text)
                continue;

            if (text.Contains('{', StringComparison.Ordinal) && !text.Contains("://", StringComparison.Ordinal) && !text.Contains('*', StringComparison.Ordinal))
                continue;

            if (text is "*" or "*.*" || text.StartsWith("*.", StringComparison.Ordinal) && !text[2..].Contains('.', StringComparison.Ordinal))
                findings.Error(entry.Pointer, "This would allow almost every host.", "Name the hosts, or the sub-domains of one domain: *.example.com.");
            else if (text.Contains("://", StringComparison.Ordinal))
                findings.Error(entry.Pointer, "A host has no scheme.", $"Write only the host: {text[(text.IndexOf("://", StringComparison.Ordinal) + 3)..].Split('/')[0]}.");
            else if (!IsHost(text))
                findings.Error(entry.Pointer, "This is not a host name.", "Write api.example.com, *.example.com or api.example.com:8443, without a path.");
        }
    }

    private static bool IsHost(string text)
    {
        if (text.Length > 260)
            return false;

        var name = text.StartsWith("*.", StringComparison.Ordinal) ? text[2..] : text;
        var colon = name.LastIndexOf(':');
        if (colon >= 0 && !name.EndsWith(']'))
        {
            if (!ushort.TryParse(name.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port == 0)
                return false;

            name = name[..colon];
        }

        return Uri.CheckHostName(name) is UriHostNameType.Dns or UriHostNameType.IPv4 or UriHostNameType.IPv6 && !name.Contains('*', StringComparison.Ordinal);
    }
}
