using System.Net;
using System.Net.Sockets;

namespace IntegrationHub.Host.Egress;

/// <summary>
/// Which addresses lie on the public internet. The ranges are those of the IANA special-purpose registries (RFC 6890 and its updates) that are not
/// globally reachable, plus the ranges that embed an IPv4 address and could carry a private one past the check.
/// </summary>
internal static class AddressRules
{
    private static readonly (IPNetwork Network, string Kind)[] V4 =
    [
        Range("0.0.0.0/8", "unspecified"), // on Linux 0.0.0.0 reaches loopback
        Range("10.0.0.0/8", "private"),
        Range("100.64.0.0/10", "carrier-grade NAT"),
        Range("127.0.0.0/8", "loopback"),
        Range("169.254.0.0/16", "link-local"), // cloud metadata services live here
        Range("172.16.0.0/12", "private"),
        Range("192.0.0.0/24", "reserved"),
        Range("192.0.2.0/24", "documentation"),
        Range("192.88.99.0/24", "6to4 relay"),
        Range("192.168.0.0/16", "private"),
        Range("198.18.0.0/15", "benchmark"),
        Range("198.51.100.0/24", "documentation"),
        Range("203.0.113.0/24", "documentation"),
        Range("224.0.0.0/4", "multicast"),
        Range("255.255.255.255/32", "broadcast"),
        Range("240.0.0.0/4", "reserved"),
    ];

    private static readonly (IPNetwork Network, string Kind)[] V6 =
    [
        Range("::/128", "unspecified"),
        Range("::1/128", "loopback"),
        Range("::/96", "IPv4-compatible"),
        Range("::ffff:0:0:0/96", "IPv4-translated"),
        Range("64:ff9b::/96", "NAT64"),
        Range("64:ff9b:1::/48", "NAT64"),
        Range("100::/64", "discard"),
        Range("100:0:0:1::/64", "dummy"),
        Range("2001::/32", "Teredo"),
        Range("2001::/23", "reserved"), // benchmarking, ORCHID and other protocol assignments
        Range("2001:db8::/32", "documentation"),
        Range("2002::/16", "6to4"),
        Range("3fff::/20", "documentation"),
        Range("5f00::/16", "segment routing"),
        Range("fc00::/7", "unique local"),
        Range("fe80::/10", "link-local"),
        Range("fec0::/10", "site-local"),
        Range("ff00::/8", "multicast"),
    ];

    // All that IANA has given out as global unicast (RFC 4291, section 2.4); what lies elsewhere and has no name above is not the internet.
    private static readonly IPNetwork V6Global = IPNetwork.Parse("2000::/3");

    /// <summary>What kind of non-public address it is; <see langword="null"/> for a public one.</summary>
    public static string? NonPublicKind(IPAddress address)
    {
        // IPNetwork compares these as IPv4, so that no IPv6 range would hold them.
        if (address.IsIPv4MappedToIPv6)
            return "IPv4-mapped";

        var bare = Unscoped(address);
        foreach (var (network, kind) in bare.AddressFamily == AddressFamily.InterNetwork ? V4 : V6)
            if (network.Contains(bare))
                return kind;

        return bare.AddressFamily == AddressFamily.InterNetwork || V6Global.Contains(bare) ? null : "reserved";
    }

    // A scope id (fe80::1%eth0) plays no part in which range an address is in.
    private static IPAddress Unscoped(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetworkV6 && address.ScopeId != 0 ? new IPAddress(address.GetAddressBytes()) : address;

    private static (IPNetwork Network, string Kind) Range(string cidr, string kind) => (IPNetwork.Parse(cidr), kind);
}
