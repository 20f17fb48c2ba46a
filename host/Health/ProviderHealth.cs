using IntegrationHub.Host.Connections.Health;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Health;

/// <summary>How all connections of a provider are together. Anybody may ask, so an answer stands for a moment. Thread-safe.</summary>
internal sealed class ProviderHealth(IHealthStore store, TimeProvider time)
{
    public const string Failing = "failing";
    public static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(2);
    private const int Capacity = 1000;

    private readonly LookupCache<string> answers = new(time, AnswerTime, Capacity);

    /// <returns><c>healthy</c>, <c>degraded</c> (some do not work), <c>failing</c> (none works), or <c>unknown</c> (none has been tested).</returns>
    public async ValueTask<string> StatusAsync(string provider, CancellationToken cancellationToken) =>
        (await answers.GetAsync(provider, async (id, token) => Overall(await store.CountAsync(id, token)), cancellationToken))!;

    private static string Overall(IReadOnlyDictionary<ConnectionHealthState, int> counts)
    {
        var partly = counts.GetValueOrDefault(ConnectionHealthState.Degraded);
        var working = counts.GetValueOrDefault(ConnectionHealthState.Healthy) + partly;
        var broken = counts.GetValueOrDefault(ConnectionHealthState.Failing) + counts.GetValueOrDefault(ConnectionHealthState.NeedsReauthorization);
        return (working, broken, partly) switch
        {
            (0, 0, _) => "unknown",
            (0, _, _) => Failing,
            (_, 0, 0) => "healthy",
            _ => "degraded",
        };
    }
}
