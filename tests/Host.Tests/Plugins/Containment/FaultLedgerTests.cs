using IntegrationHub.Host.Plugins;
using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Schemas;
using Microsoft.Extensions.Logging.Abstractions;

namespace IntegrationHub.Host.Tests.Plugins.Containment;

public sealed class FaultLedgerTests
{
    private readonly FakeTimeProvider time = new();
    private readonly QuarantineRequests requests = new();
    private readonly FaultLedger ledger;

    public FaultLedgerTests() => ledger = new FaultLedger("acme", new QuarantineOptions(), requests, time, NullLogger.Instance);

    [Fact]
    public async Task Record_FiveInARow_ClosesAndAsksForQuarantineOnce()
    {
        Record(FaultKind.Exception, 4);
        Assert.False(ledger.IsClosed);
        Record(FaultKind.Garbage, 3);

        Assert.True(ledger.IsClosed);
        var reason = Assert.Single(await RequestsAsync());
        Assert.Equal("ExecuteAsync of 'run' threw System.Exception. That was fault number 5 in a row.", reason.Message);
        Assert.Contains("/api/plugins/acme/enable", reason.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Record_SuccessBetween_IsNotInARow()
    {
        for (var i = 0; i < 9; i++)
        {
            Record(FaultKind.Exception, 2);
            ledger.Succeeded();
        }

        Assert.False(ledger.IsClosed);
        Record(FaultKind.Exception, 2);
        Assert.True(ledger.IsClosed);
    }

    [Fact]
    public void Record_OlderThanTheWindow_NoLongerCounts()
    {
        for (var i = 0; i < 40; i++)
        {
            Record(FaultKind.Exception, 1);
            ledger.Succeeded();
            time.Advance(TimeSpan.FromSeconds(20));
        }

        Assert.False(ledger.IsClosed);
    }

    [Theory]
    [InlineData(3, "calls hung")]
    public async Task Record_HungCalls_CloseSooner(int calls, string why)
    {
        Record(FaultKind.Hung, calls - 1);
        ledger.Succeeded();
        Assert.False(ledger.IsClosed);
        Record(FaultKind.Hung, 1);

        Assert.Contains(why, Assert.Single(await RequestsAsync()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Record_CallsThatNeverReturn_CountHoweverOldTheyAre()
    {
        for (var i = 0; i < 8; i++)
        {
            Assert.False(ledger.IsClosed);
            Record(FaultKind.Hung, 1);
            ledger.Succeeded();
            time.Advance(TimeSpan.FromMinutes(10));
        }

        Assert.Equal(8, ledger.Stuck);
        Assert.Contains("8 of its calls hang", Assert.Single(await RequestsAsync()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Record_CallsThatReturnAfterAll_AreNotStuck()
    {
        for (var i = 0; i < 20; i++)
        {
            Record(FaultKind.Hung, 1);
            ledger.Returned();
            ledger.Succeeded();
            time.Advance(TimeSpan.FromMinutes(10));
        }

        Assert.False(ledger.IsClosed);
    }

    [Theory]
    [InlineData(FaultKind.Network)]
    [InlineData(FaultKind.Verifier)]
    [InlineData(FaultKind.Dispose)]
    [InlineData(FaultKind.Unobserved)]
    public void Record_WhatIsNotThePluginsDoingOrDisturbsNobody_NeverCloses(object kind)
    {
        Record((FaultKind)kind, 1000);

        Assert.False(ledger.IsClosed);
    }

    [Theory]
    [InlineData(FaultKind.Stray, 3)]
    [InlineData(FaultKind.LogFlood, 6)]
    public void Record_StraysAndFloods_HaveLimitsOfTheirOwn(object kind, int limit)
    {
        Record((FaultKind)kind, limit - 1);
        Assert.False(ledger.IsClosed);
        Record((FaultKind)kind, 1);

        Assert.True(ledger.IsClosed);
    }

    [Fact]
    public async Task Record_Retired_IsNoReasonToQuarantineTheSuccessor()
    {
        ledger.Retire();
        Record(FaultKind.Stray, 50);

        Assert.Empty(await RequestsAsync());
    }

    private void Record(FaultKind kind, int times)
    {
        for (var i = 0; i < times; i++)
            ledger.Record(new PluginFault(kind, "ExecuteAsync of 'run'", "threw System.Exception"));
    }

    private async Task<List<ValidationIssue>> RequestsAsync()
    {
        List<ValidationIssue> all = [];
        using var now = new CancellationTokenSource();
        await using var waiting = requests.TakeAsync(now.Token).GetAsyncEnumerator(CancellationToken.None);
        while (true)
        {
            var next = waiting.MoveNextAsync().AsTask();
            if (!next.IsCompleted)
            {
                // Nothing more has been requested.
                await now.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
                return all;
            }

            all.Add(waiting.Current.Reason);
        }
    }
}
