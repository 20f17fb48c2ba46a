using IntegrationHub.Host.Operations.Resilience;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Operations.Resilience;

public sealed class TokenBucketTests
{
    private readonly FakeTimeProvider time = new();
    private readonly TokenBucket bucket;

    public TokenBucketTests() => bucket = new TokenBucket(time);

    private long Now => time.GetTimestamp();

    [Fact]
    public void Take_NoLimit_IsAlwaysNow()
    {
        bucket.Set(null, 1, Now);

        Assert.All(Enumerable.Range(0, 1000), _ => Assert.Equal(Now, bucket.Take(Now)));
    }

    [Fact]
    public void Take_MoreThanTheBurst_WaitsItsTurnInOrder()
    {
        bucket.Set(2, 3, Now);

        Assert.Equal([0, 0, 0, 500, 1000, 1500], Waits(6));
        time.Advance(TimeSpan.FromMilliseconds(500));
        Assert.Equal([1500], Waits(1));
    }

    [Fact]
    public void Take_InAnySecond_NeverMoreThanBurstAndRate()
    {
        bucket.Set(10, 4, Now);
        var sent = new List<double>();
        for (var i = 0; i < 400; i++)
        {
            var wait = time.Until(bucket.Take(Now), Now);
            sent.Add(time.GetElapsedTime(0, Now).TotalSeconds + wait.TotalSeconds);
            if (i % 7 == 0)
                time.Advance(TimeSpan.FromMilliseconds(370));
        }

        Assert.All(sent, from => Assert.InRange(sent.Count(at => at >= from && at < from + 1), 1, 14));
    }

    [Fact]
    public void GiveBack_TokenNotUsed_IsThereForTheNext()
    {
        bucket.Set(1, 1, Now);
        bucket.Take(Now);
        bucket.Take(Now);
        bucket.GiveBack(bucket.Round);

        Assert.Equal([1000], Waits(1));
    }

    /// <summary>What was taken before does not count any more, so it cannot be had back either.</summary>
    [Fact]
    public void GiveBack_TokenOfBeforeAReset_GivesNothing()
    {
        bucket.Set(1, 1, Now);
        bucket.Take(Now);
        var round = bucket.Round;
        bucket.Reset();
        bucket.Take(Now);
        bucket.GiveBack(round);

        Assert.Equal([1000], Waits(1));
    }

    [Fact]
    public void Tokens_AfterAPause_AreTheBurstAndNoMore()
    {
        bucket.Set(2, 3, Now);
        Waits(3);
        Assert.Equal(0, bucket.Tokens(Now), 6);
        time.Advance(TimeSpan.FromHours(1));

        Assert.Equal(3, bucket.Tokens(Now), 6);
    }

    [Fact]
    public void AtMost_ProviderSaysLess_IsBelieved()
    {
        bucket.Set(1, 10, Now);
        bucket.AtMost(2, Now);

        Assert.Equal([0, 0, 1000], Waits(3));
        bucket.AtMost(9, Now);
        Assert.Equal([2000], Waits(1));
    }

    [Fact]
    public void Set_NewRate_KeepsWhatWasTaken()
    {
        bucket.Set(1, 2, Now);
        Waits(2);
        bucket.Set(10, 4, Now);

        Assert.Equal(2, bucket.Tokens(Now), 6);
    }

    private List<double> Waits(int count) => [.. Enumerable.Range(0, count).Select(_ => Math.Round(time.Until(bucket.Take(Now), Now).TotalMilliseconds, 3))];
}
