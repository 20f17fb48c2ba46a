using IntegrationHub.Host.Health;
using IntegrationHub.Host.Operations;

namespace IntegrationHub.Host.Tests.Health;

public sealed class TestVerdictTests
{
    /// <summary>Results as words: <c>ok</c>, or the code of the error.</summary>
    [Theory]
    [InlineData("ok", 0, null, null)]
    [InlineData("", 0, null, null)]
    [InlineData("unauthenticated", 1, "NeedsReauthorization", "unauthenticated")]
    [InlineData("ok unavailable unauthenticated", 1, "NeedsReauthorization", "unauthenticated")]
    [InlineData("unavailable", 1, "Degraded", "unavailable")]
    [InlineData("unavailable", 2, "Failing", "unavailable")]
    [InlineData("rate_limited", 1, "Degraded", "rate_limited")]
    [InlineData("rate_limited timeout", 1, "Degraded", "timeout")]
    [InlineData("ok unavailable", 9, "Degraded", "unavailable")]
    [InlineData("permission_denied", 1, "Failing", "permission_denied")]
    [InlineData("ok missing_scope", 1, "Degraded", "missing_scope")]
    [InlineData("provider_error", 1, "Degraded", "provider_error")]
    [InlineData("provider_error", 2, "Failing", "provider_error")]
    public void Of_Round_GivesFinding(string results, int failedRounds, string? state, string? code)
    {
        var tests = results.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select((word, index) => new ConnectionTestResult($"test-{index}", word == "ok", 1, word == "ok" ? null : new ConnectionTestError(word, "It said so.", null, null)))
            .ToList();

        var finding = TestVerdict.Of(tests, failedRounds, roundsToFail: 2, "Acme");

        Assert.Equal((state, code), (finding?.State.ToString(), finding?.Code));
        if (finding is not null)
        {
            Assert.Contains("It said so.", finding.Reason, StringComparison.Ordinal);
            Assert.EndsWith(".", finding.Repair, StringComparison.Ordinal);
        }
    }
}
