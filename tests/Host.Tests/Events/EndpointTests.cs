using IntegrationHub.Host.Events;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Events;

public sealed class EndpointTests
{
    private readonly FakeTimeProvider time = new();
    private readonly DeliveryOptions options = new() { CircuitFailures = 3 };
    private readonly Subscription target = SomeEvent.Subscribed("https://example.com/a").Subscription;
    private readonly Endpoint endpoint;

    public EndpointTests() => endpoint = new Endpoint(target.Id, options, time);

    [Fact]
    public void Circuit_FailuresInARow_OpensAndEachTrialThatFailsDoublesThePause()
    {
        Fail(2);
        Succeed();
        Fail(2);
        Assert.Equal((EndpointCircuit.Closed, 8), (endpoint.Circuit, endpoint.Admitted(target, 8)));
        Fail(1);
        foreach (var seconds in new[] { 30, 60, 120, 240, 300, 300 })
        {
            Assert.Equal((EndpointCircuit.Open, 0, TimeSpan.FromSeconds(seconds)), (endpoint.Circuit, endpoint.Admitted(target, 8), endpoint.Remaining));
            time.Advance(TimeSpan.FromSeconds(seconds));
            Assert.Equal((EndpointCircuit.HalfOpen, 1), (endpoint.Circuit, endpoint.Admitted(target, 8)));
            Fail(1);
        }
    }

    [Fact]
    public void Circuit_AfterATrialThatSucceeded_GivesPlacesBackOneByOne()
    {
        Fail(3);
        time.Advance(TimeSpan.FromSeconds(30));
        Succeed();
        Assert.Equal((EndpointCircuit.Closed, 1), (endpoint.Circuit, endpoint.Admitted(target, 4)));
        Succeed();
        Succeed();
        Assert.Equal(3, endpoint.Admitted(target, 4));
        Succeed();
        Succeed();
        Assert.Equal(4, endpoint.Admitted(target, 4));
        Assert.Null(endpoint.State.FailingSince);
    }

    [Fact]
    public void Circuit_FailuresOfAttemptsThatWereOnTheirWay_DoNotKeepItOpenLonger()
    {
        Fail(8);
        Assert.Equal(TimeSpan.FromSeconds(30), endpoint.Remaining);
    }

    [Fact]
    public void Circuit_TryNow_LetsOneThrough()
    {
        Fail(3);
        endpoint.TryNow();
        Assert.Equal(1, endpoint.Admitted(target, 8));
    }

    [Fact]
    public void Circuit_TheAddressChanges_IsAnotherEndpoint()
    {
        Fail(3);
        Assert.Equal(0, endpoint.Admitted(target with { Version = 2, Description = "other" }, 8));
        Assert.Equal(8, endpoint.Admitted(target with { Version = 3, Url = "https://example.com/b" }, 8));
        Assert.Null(endpoint.State.FailingSince);
    }

    [Theory]
    [InlineData(120, 120)]
    [InlineData(999_999, 3600)]
    public void RetryAfter_IsHonouredWithinBounds(int asked, int kept)
    {
        endpoint.Failed(target, "429", TimeSpan.FromSeconds(asked));
        Assert.Equal((EndpointCircuit.Paused, TimeSpan.FromSeconds(kept)), (endpoint.Circuit, endpoint.Remaining));
        Assert.Equal(0, endpoint.Admitted(target, 8));
    }

    [Fact]
    public void RetryAfter_AskedForAgainByTheTrial_IsHonouredAgainUntilItFailedTooOften()
    {
        var pauses = new List<TimeSpan>();
        for (var attempt = 0; attempt < 3; attempt++)
        {
            endpoint.Failed(target, "429", TimeSpan.FromSeconds(3));
            pauses.Add(endpoint.Remaining);
            time.Advance(endpoint.Remaining);
            Assert.Equal((EndpointCircuit.HalfOpen, 1), (endpoint.Circuit, endpoint.Admitted(target, 8)));
        }

        // The third failure in a row is one too many here: asking for patience for ever is no way to stay in the queue.
        Assert.Equal([TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(30)], pauses);
    }

    [Fact]
    public void RetryAfter_ThenAFailureWithout_OpensTheCircuit()
    {
        endpoint.Failed(target, "429", TimeSpan.FromSeconds(3));
        time.Advance(TimeSpan.FromSeconds(3));
        Fail(1);
        Assert.Equal((EndpointCircuit.Open, TimeSpan.FromSeconds(30)), (endpoint.Circuit, endpoint.Remaining));
    }

    [Fact]
    public void Failing_ForFiveDays_WarnsThriceAndThenDisables()
    {
        var told = new List<(double Hours, EndpointVerdict Verdict)>();
        for (var hours = 0; hours <= 120; hours += 6)
        {
            var verdict = endpoint.Failed(target, "no answer", null);
            if (verdict != default)
                told.Add((hours, verdict));
            time.Advance(TimeSpan.FromHours(6));
        }

        List<(double, EndpointVerdict)> expected = [(60, new(50, false, false)), (84, new(70, false, false)), (108, new(90, false, false)), (120, new(0, true, false))];
        Assert.Equal(expected, told);
    }

    [Fact]
    public void Failing_WithASuccessBetween_BeginsAnewAndTellsOfTheRecovery()
    {
        for (var hours = 0; hours < 66; hours += 6)
        {
            endpoint.Failed(target, "no answer", null);
            time.Advance(TimeSpan.FromHours(6));
        }

        Assert.True(endpoint.Succeeded(target, out _).Recovered);
        endpoint.Failed(target, "no answer", null);
        time.Advance(TimeSpan.FromHours(12));
        Assert.Equal(default(EndpointVerdict), endpoint.Failed(target, "no answer", null));
    }

    [Fact]
    public void Failing_WithNothingSentForDays_IsNoContinuousFailure()
    {
        endpoint.Failed(target, "no answer", null);
        time.Advance(TimeSpan.FromDays(30));
        Assert.Equal(default(EndpointVerdict), endpoint.Failed(target, "no answer", null));
        Assert.Equal(time.GetUtcNow(), endpoint.State.FailingSince);
    }

    [Fact]
    public void Succeeding_WhileAllGoesWell_IsWorthSavingNowAndThen()
    {
        var saves = 0;
        for (var i = 0; i < 60; i++)
        {
            endpoint.Succeeded(target, out var changed);
            saves += changed ? 1 : 0;
            time.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(4, saves);
    }

    [Fact]
    public void Restore_OfAnOpenCircuit_StaysOpenForWhatIsLeft()
    {
        Fail(3);
        time.Advance(TimeSpan.FromSeconds(10));
        var next = new Endpoint(target.Id, options, time);
        next.Restore(endpoint.State);
        Assert.Equal((EndpointCircuit.Open, TimeSpan.FromSeconds(20)), (next.Circuit, next.Remaining));

        // A clock that was far ahead when it was kept must not hold it back.
        next.Restore(endpoint.State with { OpenUntil = time.GetUtcNow().AddYears(1) });
        Assert.Equal(options.MaxRetryAfter, next.Remaining);
    }

    [Fact]
    public void Rate_FillsByTheSecond()
    {
        Assert.Equal(5, endpoint.Allowed(5, out _));
        for (var i = 0; i < 5; i++)
            endpoint.Begin(5);
        Assert.Equal(0, endpoint.Allowed(5, out var wait));
        time.Advance(wait);
        Assert.Equal(1, endpoint.Allowed(5, out _));
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(5, endpoint.Allowed(5, out _));
        Assert.Equal(1, endpoint.Allowed(0.1, out _));
        Assert.Equal(int.MaxValue, endpoint.Allowed(null, out _));
    }

    private void Fail(int times)
    {
        for (var i = 0; i < times; i++)
            endpoint.Failed(target, "The endpoint answered 500.", null);
    }

    private void Succeed() => endpoint.Succeeded(target, out _);
}
