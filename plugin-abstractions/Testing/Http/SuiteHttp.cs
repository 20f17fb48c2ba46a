using System.Collections.Concurrent;
using System.Net;
using IntegrationHub.Adapters;
using IntegrationHub.Loading;
using IntegrationHub.Manifests;

namespace IntegrationHub.Testing.Http;

/// <summary>
/// The HTTP that plugins get: no socket, every request recorded under the connection it is made for, and <c>network.allow</c> enforced as the hub does. Thread-safe.
/// </summary>
internal sealed class SuiteHttp(NetworkManifest network) : IProviderHttp
{
    private readonly EgressAllowList allowList = new(network);
    private readonly ConcurrentDictionary<string, Exchange> exchanges = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<RecordedRequest> strays = new();

    /// <summary>Requests for connections whose calls have ended.</summary>
    public IReadOnlyCollection<RecordedRequest> Strays => strays;

    public void Open(ConnectionContext connection, Exchange exchange) => exchanges[connection.Id] = exchange;

    public void Close(ConnectionContext connection) => exchanges.TryRemove(connection.Id, out _);

    public HttpClient CreateClient(ConnectionContext connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return new HttpClient(new Handler(this, connection.Id, allowList.For(connection)), disposeHandler: true) { Timeout = Timeout.InfiniteTimeSpan };
    }

    private sealed class Handler(SuiteHttp http, string connection, ConnectionEgress egress) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            // As sockets do: what is cancelled already never leaves.
            cancellationToken.ThrowIfCancellationRequested();
            var denied = egress.WhyDenied(request.RequestUri, out _);
            var recorded = await RecordedRequest.ReadAsync(request, denied, cancellationToken).ConfigureAwait(false);
            if (!http.exchanges.TryGetValue(connection, out var exchange))
            {
                http.strays.Enqueue(recorded);
                throw new HttpRequestException("The call this request belongs to has ended.", null, HttpStatusCode.ServiceUnavailable);
            }

            exchange.Record(recorded);
            if (denied is not null)
                throw new HttpRequestException("egress denied: " + denied);

            cancellationToken.ThrowIfCancellationRequested();
            var response = await exchange.RespondAsync(recorded, cancellationToken).ConfigureAwait(false);
            response.RequestMessage = request;
            return response;
        }

        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) =>
            throw new NotSupportedException("Use the asynchronous methods.");
    }
}
