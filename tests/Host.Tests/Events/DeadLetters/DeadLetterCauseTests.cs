using IntegrationHub.Host.Events.DeadLetters;

namespace IntegrationHub.Host.Tests.Events.DeadLetters;

public sealed class DeadLetterCauseTests
{
    [Theory]
    [InlineData("The endpoint did not answer within 15 s.", "The endpoint did not answer within 30 s.")]
    [InlineData("No order 4711 for customer cus_9aQ1.", "No order 99 for customer cus_0000xy.")]
    [InlineData("Request 0b2f1c1e-7d0b-4f5e-9a5e-8f6f1f0a1b2c failed", "Request 11111111-2222-3333-4444-555555555555 failed")]
    [InlineData("egress denied: 10.0.0.1:443 is private", "egress denied: 10.0.0.27:8443 is private")]
    [InlineData("egress denied: [fe80::1]:443 is private", "egress denied: [fe80::abcd]:1 is private")]
    [InlineData("Trace 4bf92f3577b34da6a3ce929d0e0e4736", "Trace 00f067aa0ba902b7aaaaaaaaaaaaaaaa")]
    [InlineData("The queue \"orders.7\" is gone", "The queue \"orders.8\"  is gone")]
    [InlineData("See https://a.example/1", "See https://b.example/x?y=2")]
    public void Of_OtherIdsAndNumbers_HasTheSameFingerprint(string one, string other) => Assert.Equal(Print(one), Print(other));

    [Theory]
    [InlineData("The endpoint's host name could not be resolved.", "TLS with the endpoint failed; check its certificate.")]
    [InlineData("The endpoint answered 500.", "The endpoint closed the connection without an answer.")]
    public void Of_OtherWords_HasAnotherFingerprint(string one, string other) => Assert.NotEqual(Print(one), Print(other));

    [Fact]
    public void Of_OtherTargetStepOrStatus_HasAnotherFingerprint()
    {
        string[] prints =
        [
            DeadLetterCause.Of("sub_1", "answer", 500, "x").Fingerprint, DeadLetterCause.Of("sub_2", "answer", 500, "x").Fingerprint,
            DeadLetterCause.Of("sub_1", "send", 500, "x").Fingerprint, DeadLetterCause.Of("sub_1", "answer", 404, "x").Fingerprint,
        ];
        Assert.Equal(4, prints.Distinct().Count());
        Assert.All(prints, print => Assert.Matches("^[0-9a-f]{16}$", print));
    }

    [Fact]
    public void Normalize_LongAndHostileText_IsShortAndQuick()
    {
        Assert.InRange(DeadLetterCause.Normalize(string.Concat(Enumerable.Repeat("word 12 \"", 20_000))).Length, 1, 300);
        Assert.InRange(DeadLetterCause.Normalize(new string('a', 100_000) + "1").Length, 1, 300);
        Assert.InRange(DeadLetterCause.Normalize(string.Concat(Enumerable.Repeat("a-", 50_000))).Length, 1, 300);
        Assert.InRange(DeadLetterCause.Normalize(new string('"', 99_999)).Length, 0, 300);
    }

    private static string Print(string text) => DeadLetterCause.Of("sub_1", "answer", 500, text).Fingerprint;
}
