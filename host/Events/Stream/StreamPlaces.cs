using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Events.Stream;

/// <summary>Counts open streams. Thread-safe.</summary>
internal sealed class StreamPlaces(IOptions<StreamOptions> options)
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(30);

    private readonly Lock gate = new();
    private readonly Dictionary<string, int> byKey = new(StringComparer.Ordinal);
    private int open;

    public int Open
    {
        get
        {
            lock (gate)
                return open;
        }
    }

    /// <summary>Takes a place; dispose it when the stream ends.</summary>
    /// <exception cref="ProblemException">There is none.</exception>
    public IDisposable Take(Caller caller)
    {
        lock (gate)
        {
            var ofKey = byKey.GetValueOrDefault(caller.KeyId);
            if (ofKey >= options.Value.MaxOpenPerKey || open >= options.Value.MaxOpen)
            {
                var whose = ofKey >= options.Value.MaxOpenPerKey ? "This API key" : "This node";
                throw new Problem(StatusCodes.Status429TooManyRequests, "too_many_streams", "Too many streams", $"{whose} has as many streams open as it may. Close some, or ask again later.")
                {
                    RetryAfter = AskAgain,
                }.ToException();
            }

            byKey[caller.KeyId] = ofKey + 1;
            open++;
        }

        return new Place(this, caller.KeyId);
    }

    private void Free(string key)
    {
        lock (gate)
        {
            open--;
            if (--byKey[key] == 0)
                byKey.Remove(key);
        }
    }

    private sealed class Place(StreamPlaces places, string key) : IDisposable
    {
        private int freed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref freed, 1) == 0)
                places.Free(key);
        }
    }
}
