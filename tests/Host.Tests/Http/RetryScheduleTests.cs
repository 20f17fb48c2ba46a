using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Tests.Http;

public sealed class RetryScheduleTests
{
    [Fact]
    public void Next_WithoutJitter_IsTheStandardSchedule()
    {
        var schedule = new RetrySchedule(RetrySchedule.StandardDelays, 0, new Random(1));
        TimeSpan?[] delays = [.. Enumerable.Range(1, 8).Select(schedule.Next)];
        Assert.Equal(
            [
                TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2), TimeSpan.FromHours(5), TimeSpan.FromHours(10),
                TimeSpan.FromHours(10), null,
            ],
            delays);
        Assert.Equal(8, schedule.MaxAttempts);
    }

    [Fact]
    public void Next_WithJitter_SpreadsOverTheWholeRangeAndNoFurther()
    {
        var schedule = new RetrySchedule([TimeSpan.FromSeconds(100)], 0.2, new Random(42));
        double[] seconds = [.. Enumerable.Range(0, 1000).Select(_ => schedule.Next(1)!.Value.TotalSeconds)];
        Assert.All(seconds, second => Assert.InRange(second, 80, 120));
        Assert.InRange(seconds.Min(), 80, 82);
        Assert.InRange(seconds.Max(), 118, 120);
        Assert.InRange(seconds.Average(), 98, 102);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void Next_WithoutAFailure_Throws(int failedAttempts) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new RetrySchedule(RetrySchedule.StandardDelays, 0, new Random(1)).Next(failedAttempts));
}
