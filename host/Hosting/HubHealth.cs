using IntegrationHub.Host.Storage;

namespace IntegrationHub.Host.Hosting;

/// <summary>Whether the hub can do its work. Thread-safe.</summary>
/// <remarks>Anybody may ask, and asking the storage costs a write: it is asked once at a time, and its answer stands for <see cref="AnswerTime"/>.</remarks>
internal sealed class HubHealth(IHubStorage storage, TimeProvider time)
{
    public static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(1);

    private readonly Lock asking = new();
    private volatile bool started;
    private volatile bool stopping;
    private Task<bool> answer = Task.FromResult(false);
    private long? askedAt;

    public void MarkStarted() => started = true;

    public void MarkStopping() => stopping = true;

    public async Task<bool> IsReadyAsync(CancellationToken cancellationToken) =>
        started && !stopping && await AskStorage().WaitAsync(cancellationToken);

    private Task<bool> AskStorage()
    {
        lock (asking)
        {
            var isFresh = askedAt is { } at && time.GetElapsedTime(at) < AnswerTime;
            if (!answer.IsCompleted || (isFresh && answer.IsCompletedSuccessfully))
                return answer;

            askedAt = time.GetTimestamp();
            return answer = storage.IsHealthyAsync(CancellationToken.None);
        }
    }
}
