using System.Net;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Access;

public sealed class FailedAttemptsTests
{
    private readonly FakeTimeProvider time = new();

    [Theory]
    [InlineData("203.0.113.7", "203.0.113.7", true)]
    [InlineData("203.0.113.7", "::ffff:203.0.113.7", true)]
    [InlineData("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", true)]
    [InlineData("203.0.113.7", "203.0.113.8", false)]
    [InlineData("2001:db8:0:1::1", "2001:db8:0:2::1", false)]
    public void WaitFor_AddressOfTheSameOwner_SharesTheCount(string guesser, string other, bool shared)
    {
        var attempts = new FailedAttempts(time);
        for (var i = 0; i < FailedAttempts.Allowed; i++)
            attempts.Add(IPAddress.Parse(guesser));

        Assert.Equal(shared, attempts.WaitFor(IPAddress.Parse(other)) is not null);
    }

    [Fact]
    public void WaitFor_AsTimePasses_Shrinks()
    {
        var attempts = new FailedAttempts(time);
        for (var i = 0; i < FailedAttempts.Allowed; i++)
            attempts.Add(null);

        time.Advance(TimeSpan.FromSeconds(45));

        Assert.Equal(TimeSpan.FromSeconds(15), attempts.WaitFor(null));
    }
}
