using System.Net;
using System.Net.Sockets;
using IntegrationHub.Host.Egress;
using RabbitMQ.Client;

namespace IntegrationHub.Host.Targets.RabbitMq;

/// <summary>
/// The TCP connection of a broker. The client library resolves the name and hands over the address it connects to; that very address is checked, so that a name that answers
/// differently the second time gains nothing.
/// </summary>
internal sealed class CheckedTcpClient(AddressFamily family, string host, bool isPlainText, AddressPolicy policy) : ITcpClient
{
    private readonly Socket socket = new(family, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private NetworkStream? stream;

    public bool Connected => socket.Connected;

    public TimeSpan ReceiveTimeout
    {
        get => TimeSpan.FromMilliseconds(socket.ReceiveTimeout);
        set => socket.ReceiveTimeout = (int)value.TotalMilliseconds;
    }

    public Socket Client => socket;

    /// <exception cref="EgressDeniedException">The address may not be reached.</exception>
    public async Task ConnectAsync(IPAddress address, int port, CancellationToken cancellationToken)
    {
        if (policy.WhyRefused(address) is { } kind)
            throw new EgressDeniedException($"'{host}' resolves to {address}, a {kind} address. An operator can allow its network in Hub:AllowedNetworks.");
        if (isPlainText && !policy.AllowPrivateTargets && !policy.IsInAllowedNetwork(address))
            throw new EgressDeniedException($"'{host}' is called without TLS and {address} is in no network of Hub:AllowedNetworks. Use amqps.");

        await socket.ConnectAsync(new IPEndPoint(address, port), cancellationToken);
    }

    public NetworkStream GetStream() => stream ??= new NetworkStream(socket, ownsSocket: false);

    public void Close() => Dispose();

    public void Dispose()
    {
        stream?.Dispose();
        socket.Dispose();
    }
}
