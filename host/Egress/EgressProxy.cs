using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace IntegrationHub.Host.Egress;

/// <summary>
/// The operator's outgoing proxy. The hub resolves and checks a name as it does without one, and asks for a tunnel (<c>CONNECT</c>, RFC 9110 §9.3.6) to the address that it checked:
/// so the proxy cannot be led where the hub itself would not go. TLS is end to end through the tunnel. Immutable and thread-safe.
/// </summary>
internal sealed class EgressProxy
{
    private const int MaxAnswer = 8192;
    private readonly string host;
    private readonly int port;
    private readonly string? authorization;

    private EgressProxy(Uri address, bool resolvesNames)
    {
        (host, port) = (address.IdnHost, address.Port);
        if (address.UserInfo.Length > 0)
            authorization = Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(address.UserInfo)));
        ResolvesNames = resolvesNames;
    }

    /// <summary>Whether the proxy is given names instead of addresses, for networks in which the hub cannot resolve them. Then it is the proxy that must refuse what is not public.</summary>
    public bool ResolvesNames { get; }

    public static EgressProxy? Of(HubOptions options)
    {
        if (string.IsNullOrWhiteSpace(options.OutgoingProxy))
            return null;

        return Uri.TryCreate(options.OutgoingProxy, UriKind.Absolute, out var address) && address.Scheme == Uri.UriSchemeHttp && address.Host.Length > 0 && address.PathAndQuery == "/"
            ? new EgressProxy(address, options.OutgoingProxyResolvesNames)
            : throw new InvalidOperationException("Hub:OutgoingProxy is no proxy's address. Write it as http://proxy.example:3128, with user:password@ before the host if it wants them.");
    }

    /// <summary>A connection to the target through the proxy.</summary>
    /// <exception cref="HttpRequestException">The proxy refused.</exception>
    public async ValueTask<Stream> ConnectAsync(string targetHost, int targetPort, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(host, port, cancellationToken);
            var authority = string.Create(CultureInfo.InvariantCulture, $"{(targetHost.Contains(':', StringComparison.Ordinal) ? $"[{targetHost}]" : targetHost)}:{targetPort}");
            var request = $"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n{(authorization is null ? "" : $"Proxy-Authorization: Basic {authorization}\r\n")}\r\n";
            await socket.SendAsync(Encoding.ASCII.GetBytes(request), cancellationToken);
            var status = await ReadStatusAsync(socket, cancellationToken);
            if (status is < 200 or > 299)
                throw new HttpRequestException(HttpRequestError.ProxyTunnelError, $"The outgoing proxy refused the connection ({status}).");

            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task<int> ReadStatusAsync(Socket socket, CancellationToken cancellationToken)
    {
        var buffer = new byte[MaxAnswer];
        for (var length = 0; length < buffer.Length;)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(length), cancellationToken);
            if (read == 0)
                break;

            length += read;
            var end = buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8);
            if (end < 0)
                continue;

            // Nobody behind the proxy speaks before the hub does.
            var text = Encoding.ASCII.GetString(buffer, 0, end);
            if (end + 4 == length && text.StartsWith("HTTP/1.", StringComparison.Ordinal) && text.Length >= 12
                && int.TryParse(text.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var status))
            {
                return status;
            }

            break;
        }

        throw new HttpRequestException(HttpRequestError.ProxyTunnelError, "The outgoing proxy did not answer as a proxy does.");
    }
}
