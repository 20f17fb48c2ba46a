using System.Net;
using System.Net.Sockets;

namespace IntegrationHub.Host.Http;

/// <summary>What counts as one address when requests are counted.</summary>
internal static class AddressKey
{
    /// <summary>IPv4 as it is, also when it comes mapped; IPv6 as its /64, the smallest thing handed out, so that nobody owns a single one (RFC 6177).</summary>
    public static IPAddress Of(IPAddress? address)
    {
        if (address is null)
            return IPAddress.None;
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return address;

        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }
}
