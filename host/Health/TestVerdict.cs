using IntegrationHub.Host.Connections.Health;
using IntegrationHub.Host.Operations;

namespace IntegrationHub.Host.Health;

/// <summary>What a round of connection tests says about a connection.</summary>
internal static class TestVerdict
{
    /// <param name="tests">The round's results.</param>
    /// <param name="failedRounds">Rounds in a row that failed, this one included.</param>
    /// <param name="roundsToFail">How many make a connection failing.</param>
    /// <param name="provider">The provider's name, for people.</param>
    /// <returns><see langword="null"/> when every test succeeded.</returns>
    public static HealthFinding? Of(IReadOnlyList<ConnectionTestResult> tests, int failedRounds, int roundsToFail, string provider)
    {
        var failed = tests.Where(test => !test.Ok).ToList();
        if (failed.Count == 0)
            return null;

        // A test that says more weighs more: refused credentials explain whatever else failed.
        var worst = failed.MaxBy(test => Weight(test.Error!.Code))!;
        var (code, repair, lasting) = Explain(worst.Error!.Code, provider);
        var state = code switch
        {
            "unauthenticated" => ConnectionHealthState.NeedsReauthorization,
            _ when failed.Count < tests.Count => ConnectionHealthState.Degraded,
            _ when lasting || failedRounds >= roundsToFail => ConnectionHealthState.Failing,
            _ => ConnectionHealthState.Degraded,
        };
        return new HealthFinding(state, code, $"The test '{worst.TestId}' failed: {worst.Error.Message}", repair);
    }

    private static int Weight(string code) => code switch
    {
        "unauthenticated" => 3,
        "permission_denied" or "missing_scope" => 2,
        "rate_limited" or "circuit_open" => 0,
        _ => 1,
    };

    private static (string Code, string Repair, bool Lasting) Explain(string code, string provider) => code switch
    {
        "unauthenticated" => (code, $"Give the connection credentials that {provider} accepts, or authorise it again.", true),
        "permission_denied" or "missing_scope" => (code, $"Grant the connection's credentials the permission at {provider}, then test it again.", true),
        "rate_limited" => (code, "Wait until the provider's limit is over; lower the rate if it comes back.", false),
        "timeout" or "unavailable" or "circuit_open" => (code, $"Look at the status page of {provider}, and whether the hub may reach it; the hub tries again by itself.", false),
        _ => (code, "Look at the test's message, correct the connection's configuration, then test it again.", false),
    };
}
