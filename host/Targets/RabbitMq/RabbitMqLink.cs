using System.Runtime.ExceptionServices;
using IntegrationHub.Host.Egress;
using RabbitMQ.Client;

namespace IntegrationHub.Host.Targets.RabbitMq;

/// <summary>Where a link leads.</summary>
internal sealed record RabbitMqAddress(string SubscriptionId, string Url, string Username, string Password);

/// <summary>
/// One subscription's connection to its broker, with one channel that confirms. Opened when something is to be published, shared by all attempts, opened anew after it broke, and
/// closed when it has been idle. Thread-safe.
/// </summary>
internal sealed class RabbitMqLink(RabbitMqAddress address, AddressPolicy policy, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(30);

    // Those who wait for the same broken broker at the same time get one answer.
    private static readonly TimeSpan FailureShared = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim opening = new(1);
    private IConnection? connection;
    private IChannel? channel;
    private Exception? failure;
    private long failedAt;
    private long usedAt = time.GetTimestamp();
    private int users;
    private bool closed;

    public RabbitMqAddress Address => address;

    public bool IsOpen => connection is { IsOpen: true };

    /// <summary>How long nobody has used it; zero while somebody does.</summary>
    public TimeSpan Idle => Volatile.Read(ref users) > 0 ? TimeSpan.Zero : time.GetElapsedTime(Volatile.Read(ref usedAt));

    /// <summary>Publishes and waits for the broker's confirmation.</summary>
    public async Task PublishAsync(string exchange, string routingKey, bool mandatory, BasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref users);
        try
        {
            var open = await OpenAsync(cancellationToken);

            // Numbers and frames are written under the channel's own lock; the confirmation is waited for outside of it, so that many are under way at once.
            await open.BasicPublishAsync(exchange, routingKey, mandatory, properties, body, cancellationToken);
        }
        finally
        {
            Volatile.Write(ref usedAt, time.GetTimestamp());
            Interlocked.Decrement(ref users);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await opening.WaitAsync(CancellationToken.None);
        try
        {
            closed = true;
            await CloseAsync();
        }
        finally
        {
            opening.Release();
        }
    }

    private async ValueTask<IChannel> OpenAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref channel) is { IsOpen: true } ready)
            return ready;

        await opening.WaitAsync(cancellationToken);
        try
        {
            if (channel is { IsOpen: true } opened)
                return opened;
            ObjectDisposedException.ThrowIf(closed, this);
            if (failure is { } recent && time.GetElapsedTime(failedAt) < FailureShared)
                ExceptionDispatchInfo.Throw(recent);

            // A refused message closes its channel and not the connection.
            if (connection is not { IsOpen: true })
            {
                await CloseAsync();
                connection = await Factory().CreateConnectionAsync(cancellationToken);
            }

            Volatile.Write(ref channel, await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancellationToken));
            failure = null;
            return channel!;
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or ObjectDisposedException))
        {
            (failure, failedAt) = (exception, time.GetTimestamp());
            throw;
        }
        finally
        {
            opening.Release();
        }
    }

    private async Task CloseAsync()
    {
        var (old, oldChannel) = (connection, channel);
        (connection, channel) = (null, null);
        if (oldChannel is not null)
            await Quietly(oldChannel.DisposeAsync().AsTask());
        if (old is not null)
        {
            if (old.IsOpen)
                await Quietly(old.CloseAsync(Constants.ReplySuccess, "idle", ConnectTimeout, abort: true));
            await Quietly(old.DisposeAsync().AsTask());
        }
    }

    // What is thrown away may already be broken.
    private static async Task Quietly(Task closing) => await closing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private ConnectionFactory Factory()
    {
        var uri = new Uri(address.Url);
        var isTls = uri.Scheme == "amqps";
        var path = uri.AbsolutePath.Trim('/');
        return new ConnectionFactory
        {
            HostName = uri.IdnHost.Trim('[', ']'),
            Port = uri.Port > 0 ? uri.Port : isTls ? 5671 : 5672,
            VirtualHost = path.Length == 0 ? "/" : Uri.UnescapeDataString(path),
            UserName = address.Username,
            Password = address.Password,
            ClientProvidedName = "integration-hub " + address.SubscriptionId,

            // The certificate must be good and name the host; nothing is accepted besides. The system picks the version.
            Ssl = new SslOption { Enabled = isTls, ServerName = uri.IdnHost, Version = System.Security.Authentication.SslProtocols.None },
            SocketFactory = family => new CheckedTcpClient(family, uri.Host, !isTls, policy),
            RequestedConnectionTimeout = ConnectTimeout,
            HandshakeContinuationTimeout = ConnectTimeout,
            ContinuationTimeout = ConnectTimeout,
            RequestedHeartbeat = Heartbeat,

            // The next attempt opens it anew: recovering in the background would keep trying for a subscription that nobody sends to.
            AutomaticRecoveryEnabled = false,
            TopologyRecoveryEnabled = false,
        };
    }
}
