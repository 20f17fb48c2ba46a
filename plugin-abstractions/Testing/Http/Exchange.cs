using System.Collections.Concurrent;

namespace IntegrationHub.Testing.Http;

/// <summary>How a provider answers: given the request, after it was recorded.</summary>
internal delegate Task<HttpResponseMessage> Responder(RecordedRequest request, CancellationToken cancellationToken);

/// <summary>What goes over the wire on behalf of one call. Thread-safe.</summary>
internal sealed class Exchange(Responder respond)
{
    private readonly ConcurrentQueue<RecordedRequest> requests = new();
    private readonly TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The requests in order, those that were denied included.</summary>
    public IReadOnlyList<RecordedRequest> Requests => [.. requests];

    /// <summary>Completes when the first request has come.</summary>
    public Task Asked => asked.Task;

    public void Record(RecordedRequest request)
    {
        requests.Enqueue(request);
        asked.TrySetResult();
    }

    public Task<HttpResponseMessage> RespondAsync(RecordedRequest request, CancellationToken cancellationToken) => respond(request, cancellationToken);
}
