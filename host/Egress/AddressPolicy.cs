using System.Net;

namespace IntegrationHub.Host.Egress;

/// <summary>Which addresses the hub may connect to: public ones, and what the operator allows besides. Immutable and thread-safe.</summary>
internal sealed class AddressPolicy
{
    private readonly IPNetwork[] allowedNetworks;

    public AddressPolicy(HubOptions options)
    {
        AllowPrivateTargets = options.AllowPrivateTargets;
        allowedNetworks = [.. options.AllowedNetworks.Select(Parse)];
    }

    public bool AllowPrivateTargets { get; }

    /// <summary>Whether some private address could be allowed at all.</summary>
    public bool MayAllowPrivate => AllowPrivateTargets || allowedNetworks.Length > 0;

    /// <summary>Whether the operator named a network that holds the address.</summary>
    public bool IsInAllowedNetwork(IPAddress address) => Array.Exists(allowedNetworks, network => network.Contains(address));

    /// <summary>Why the address may not be reached; <see langword="null"/> when it may.</summary>
    public string? WhyRefused(IPAddress address) =>
        AllowPrivateTargets || IsInAllowedNetwork(address) ? null : AddressRules.NonPublicKind(address);

    private static IPNetwork Parse(string cidr) =>
        IPNetwork.TryParse(cidr, out var network)
            ? network
            : throw new InvalidOperationException($"Hub:AllowedNetworks has '{cidr}', which is no network. Write it as CIDR without host bits, for example 10.20.0.0/16.");
}
