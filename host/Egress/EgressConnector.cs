using System.Net;
using System.Net.Sockets;

namespace IntegrationHub.Host.Egress;

/// <summary>
/// Opens the TCP connections of every handler. It resolves the name itself, checks each address, and connects to an address that it has checked:
/// a name that answers differently the second time (DNS rebinding) gains nothing.
/// </summary>
internal sealed class EgressConnector(AddressPolicy policy, EgressConnector.Resolve resolve, EgressProxy? proxy = null)
{
    /// <summary>Set on a request without TLS to a host that a user typed in: then only networks that the operator named are reached.</summary>
    public static readonly HttpRequestOptionsKey<bool> PlainTextToAllowedNetworksOnly = new("hub.plain-text-to-allowed-networks-only");

    // When more addresses follow, one that does not answer must not use up the whole connect timeout.
    private static readonly TimeSpan AddressTimeout = TimeSpan.FromSeconds(2);

    public delegate Task<IPAddress[]> Resolve(string host, CancellationToken cancellationToken);

    public static Resolve SystemResolver { get; } = Dns.GetHostAddressesAsync;

    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var networksOnly = context.InitialRequestMessage.Options.TryGetValue(PlainTextToAllowedNetworksOnly, out var only) && only;
        var host = context.DnsEndPoint.Host;
        if (proxy is { ResolvesNames: true } && !networksOnly && !IPAddress.TryParse(host.Trim('[', ']'), out _))
            return await proxy.ConnectAsync(host, context.DnsEndPoint.Port, cancellationToken);

        var addresses = await ResolveAllowedAsync(host, networksOnly, cancellationToken);

        for (var i = 0; ; i++)
        {
            var isLast = i == addresses.Count - 1;
            try
            {
                return await ConnectAsync(new IPEndPoint(addresses[i], context.DnsEndPoint.Port), isLast, cancellationToken);
            }
            catch (Exception fault) when (!isLast && fault is SocketException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                // The next address may answer.
            }
        }
    }

    /// <summary>The addresses of a host that may be reached: at least one.</summary>
    /// <exception cref="EgressDeniedException">None may.</exception>
    internal async Task<IReadOnlyList<IPAddress>> ResolveAllowedAsync(string host, bool networksOnly, CancellationToken cancellationToken)
    {
        var bare = host.Trim('[', ']');
        IPAddress[] found = IPAddress.TryParse(bare, out var literal) ? [literal] : await resolve(bare, cancellationToken);
        if (found.Length == 0)
            throw new SocketException((int)SocketError.HostNotFound);

        List<IPAddress> allowed = [];
        string? why = null;
        foreach (var address in found)
        {
            var refusal = policy.WhyRefused(address);
            if (refusal is not null)
                why = $"'{host}' resolves to {address}, a {refusal} address. An operator can allow its network in Hub:AllowedNetworks.";
            else if (networksOnly && !policy.IsInAllowedNetwork(address))
                why = $"'{host}' is called without TLS and {address} is in no network of Hub:AllowedNetworks. Use https.";
            else
                allowed.Add(address);
        }

        return allowed.Count > 0 ? allowed : throw new EgressDeniedException(why!);
    }

    private async ValueTask<Stream> ConnectAsync(IPEndPoint target, bool isLast, CancellationToken cancellationToken)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (!isLast)
            limited.CancelAfter(AddressTimeout);

        // What the operator allows besides the internet is near: no proxy leads there.
        if (proxy is not null && !policy.IsInAllowedNetwork(target.Address) && AddressRules.NonPublicKind(target.Address) is null)
            return await proxy.ConnectAsync(target.Address.ToString(), target.Port, limited.Token);

        var socket = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(target, limited.Token);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
