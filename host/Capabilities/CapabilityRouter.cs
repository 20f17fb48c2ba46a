using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Connections.Health;
using IntegrationHub.Host.Http;
using IntegrationHub.Manifests;

namespace IntegrationHub.Host.Capabilities;

/// <summary>Where a capability may be looked for.</summary>
/// <param name="Project">The project.</param>
/// <param name="Environment">The environment.</param>
/// <param name="Market">The market that must be served, if any.</param>
/// <param name="Currency">The currency that must be taken, if any.</param>
/// <param name="Prefer">Providers and connections to try first.</param>
internal sealed record CapabilityScope(string Project, string Environment, string? Market, string? Currency, IReadOnlyList<string> Prefer);

/// <summary>A connection that can, with the operations of its provider that do it.</summary>
internal sealed record CapabilityCandidate(Connection Connection, LoadedProvider Provider, IReadOnlyList<string> Operations, ConnectionHealthState Health);

/// <summary>A connection that could, and is not tried.</summary>
internal sealed record CapabilityRefusal(string ConnectionId, string Provider, string Code, string Message);

/// <summary>Finds the connections that can do something, the best first. Thread-safe.</summary>
internal sealed class CapabilityRouter(IConnectionStore connections, IProviderCatalog catalog, IConnectionHealth health)
{
    /// <summary>
    /// The order: preference; health (what works before what works partly); providers made for the market before those for all; the alias <c>default</c>; age.
    /// </summary>
    public async Task<(IReadOnlyList<CapabilityCandidate> Candidates, IReadOnlyList<CapabilityRefusal> Refused)> SelectAsync(
        string capability, CapabilityScope scope, CancellationToken cancellationToken)
    {
        var candidates = new List<CapabilityCandidate>();
        var refused = new List<CapabilityRefusal>();
        foreach (var provider in catalog.All)
        {
            var operations = OperationsOf(provider.Manifest, capability);
            if (operations.Count == 0)
                continue;

            await foreach (var connection in ListAsync(provider.Id, scope, cancellationToken))
            {
                var state = health.StateOf(connection.Id);
                if (WhyNot(connection, provider.Manifest, state, scope) is { } why)
                    refused.Add(new CapabilityRefusal(connection.Id, provider.Id, why.Code, why.Message));
                else
                    candidates.Add(new CapabilityCandidate(connection, provider, operations, state));
            }
        }

        return ([.. candidates.OrderBy(candidate => Rank(candidate, scope)).ThenBy(candidate => candidate.Connection.Id, StringComparer.Ordinal)], refused);
    }

    /// <summary>The operations that implement the capability, in the manifest's order.</summary>
    public static IReadOnlyList<string> OperationsOf(ProviderManifest manifest, string capability) =>
        [.. manifest.Operations.Where(operation => operation.Value.Implements?.Capability == capability).Select(operation => operation.Key)];

    private async IAsyncEnumerable<Connection> ListAsync(
        string provider, CapabilityScope scope, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var query = new ConnectionQuery { Provider = provider, Project = scope.Project, Environment = scope.Environment };
        string? cursor = null;
        do
        {
            var page = await connections.ListAsync(query, new PageRequest(PageRequest.MaxLimit, cursor), cancellationToken);
            foreach (var connection in page.Items)
                yield return connection;

            cursor = page.NextCursor;
        }
        while (cursor is not null);
    }

    private static (string Code, string Message)? WhyNot(Connection connection, ProviderManifest manifest, ConnectionHealthState state, CapabilityScope scope)
    {
        if (!connection.Enabled)
            return ("disabled", "The connection is disabled.");

        if (scope.Market is { } market && !Serves(manifest.Markets, market))
            return ("market", $"{manifest.Name} does not serve the market {market}.");

        if (scope.Currency is { } currency && !Serves(manifest.Currencies, currency))
            return ("currency", $"{manifest.Name} does not take {currency}.");

        return state switch
        {
            ConnectionHealthState.Failing => ("failing", "The connection is failing."),
            ConnectionHealthState.NeedsReauthorization => ("needs_reauthorization", "The connection must be authorised again."),
            _ => null,
        };
    }

    // A provider that states none says nothing about it: those that do come first.
    private static bool Serves(IReadOnlyList<string> stated, string wanted) => stated.Count == 0 || stated.Any(one => one == "*" || string.Equals(one, wanted, StringComparison.OrdinalIgnoreCase));

    private static (int Preference, int Health, int Fit, int Alias) Rank(CapabilityCandidate candidate, CapabilityScope scope)
    {
        var preference = scope.Prefer.Count;
        for (var i = 0; i < scope.Prefer.Count && preference == scope.Prefer.Count; i++)
            if (scope.Prefer[i] == candidate.Connection.Id || scope.Prefer[i] == candidate.Provider.Id)
                preference = i;

        return (
            preference,
            candidate.Health == ConnectionHealthState.Degraded ? 1 : 0,
            Fit(candidate.Provider.Manifest.Markets, scope.Market) + Fit(candidate.Provider.Manifest.Currencies, scope.Currency),
            candidate.Connection.Alias == "default" ? 0 : 1);
    }

    private static int Fit(IReadOnlyList<string> stated, string? wanted) => wanted is null ? 0 : stated.Contains(wanted, StringComparer.OrdinalIgnoreCase) ? 0 : stated.Count > 0 ? 1 : 2;
}
