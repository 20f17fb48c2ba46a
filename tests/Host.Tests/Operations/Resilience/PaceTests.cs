using IntegrationHub.Adapters;
using IntegrationHub.Host.Operations.Resilience;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Operations.Resilience;

public sealed class PaceTests
{
    private readonly FakeTimeProvider time = new();
    private readonly Pace pace;

    public PaceTests() => pace = new Pace(time, TimeSpan.FromHours(24));

    private long Now => time.GetTimestamp();

    [Fact]
    public void Refused_RetryAfter_PausesSoLong()
    {
        Assert.True(pace.Refused(TimeSpan.FromSeconds(7), Now));

        Assert.Equal(TimeSpan.FromSeconds(7), pace.Paused(Now));
        Assert.Equal(TimeSpan.FromSeconds(7), Wait());
        time.Advance(TimeSpan.FromSeconds(7));
        Assert.Equal(TimeSpan.Zero, pace.Paused(Now));
    }

    [Fact]
    public void Refused_AgainAndAgainWithoutAWord_PausesLongerEachTime()
    {
        var pauses = new List<double>();
        for (var i = 0; i < 9; i++)
        {
            pace.Refused(null, Now);
            pauses.Add(pace.Paused(Now).TotalSeconds);
            time.Advance(pace.Paused(Now));
        }

        Assert.Equal([1, 2, 4, 8, 16, 32, 60, 60, 60], pauses);
        pace.Answered(null, 0, time.GetUtcNow(), Now);
        pace.Refused(null, Now);
        Assert.Equal(TimeSpan.FromSeconds(1), pace.Paused(Now));
    }

    [Fact]
    public void Refused_ManyInFlightAtOnce_IsOnePause()
    {
        Assert.True(pace.Refused(null, Now));
        Assert.All(Enumerable.Range(0, 20), _ => Assert.False(pace.Refused(null, Now)));

        Assert.InRange(pace.Paused(Now).TotalSeconds, 1, 2);
    }

    [Fact]
    public void Refused_ForAYear_PausesForTheLongestAllowed()
    {
        pace.Refused(TimeSpan.FromDays(365), Now);

        Assert.Equal(TimeSpan.FromHours(24), pace.Paused(Now));
    }

    [Fact]
    public void Take_AfterAPause_GoesOneByOne()
    {
        pace.Refused(TimeSpan.FromSeconds(3), Now);

        Assert.Equal([3.0, 3.05, 3.1], Enumerable.Range(0, 3).Select(_ => Wait().TotalSeconds));
    }

    /// <summary>Those that waited for the end of a pause wait anew when another begins, one after the other as they wake.</summary>
    [Fact]
    public void GiveBack_AnotherPauseBeganMeanwhile_NobodyGoesTogetherWithAnother()
    {
        pace.Refused(TimeSpan.FromSeconds(3), Now);
        Wait();
        var round = pace.Round;
        Assert.Equal(3.05, Wait().TotalSeconds);
        time.Advance(TimeSpan.FromSeconds(3));
        pace.Refused(TimeSpan.FromSeconds(5), Now);

        var anew = new List<double>();
        for (var i = 0; i < 3; i++)
        {
            pace.GiveBack(round, Now);
            anew.Add(Wait().TotalSeconds);
        }

        Assert.Equal([5.0, 5.05, 5.1], anew);
    }

    [Fact]
    public void GiveBack_PlaceNotUsed_IsThereForTheNext()
    {
        pace.Refused(TimeSpan.FromSeconds(3), Now);
        Wait();
        Wait();
        pace.GiveBack(pace.Round, Now);

        Assert.Equal(3.05, Wait().TotalSeconds);
    }

    [Fact]
    public void Answered_NothingLeft_PausesUntilTheReset()
    {
        Assert.True(pace.Answered(new RateLimitSignal(0, time.GetUtcNow().AddSeconds(30), 100), 3, time.GetUtcNow(), Now));

        Assert.Equal(TimeSpan.FromSeconds(30), pace.Paused(Now));
    }

    [Theory]
    [InlineData(50, 100, null)]
    [InlineData(20, 100, 0.5)]
    [InlineData(20, null, null)]
    [InlineData(10, null, 1.0)]
    [InlineData(1, 100, 1.0)]
    public void Answered_LittleLeft_SlowsDownButNeverRefuses(int remaining, int? limit, double? interval)
    {
        Assert.False(pace.Answered(new RateLimitSignal(remaining, time.GetUtcNow().AddSeconds(10), limit), 0, time.GetUtcNow(), Now));

        Assert.Equal(interval, pace.Interval(Now)?.TotalSeconds);
        Assert.InRange(Wait().TotalSeconds, 0, 1);
    }

    [Fact]
    public void Answered_NewWindow_GoesOnAsBefore()
    {
        pace.Answered(new RateLimitSignal(1, time.GetUtcNow().AddSeconds(10), 100), 0, time.GetUtcNow(), Now);
        pace.Answered(new RateLimitSignal(99, time.GetUtcNow().AddSeconds(60), 100), 0, time.GetUtcNow(), Now);

        Assert.Null(pace.Interval(Now));
        Assert.Equal(TimeSpan.Zero, Wait());
    }

    [Fact]
    public void Answered_ResetLiesBehind_SaysNothing()
    {
        Assert.False(pace.Answered(new RateLimitSignal(0, time.GetUtcNow().AddSeconds(-1), 100), 0, time.GetUtcNow(), Now));

        Assert.Equal(TimeSpan.Zero, Wait());
    }

    private TimeSpan Wait() => time.Until(pace.Take(Now), Now);
}
