using IntegrationHub.Host.Events;

namespace IntegrationHub.Host.Tests.Events;

public sealed class EventPatternTests
{
    [Theory]
    [InlineData("stripe.payment_intent.succeeded", "stripe.payment_intent.succeeded", true)]
    [InlineData("stripe.payment_intent.succeeded", "stripe.payment_intent.failed", false)]
    [InlineData("stripe.payment_intent.succeeded", "Stripe.payment_intent.succeeded", false)]
    [InlineData("stripe.payment_intent.succeeded", "stripe.payment_intent", false)]
    [InlineData("stripe.payment_intent", "stripe.payment_intent.succeeded", false)]
    [InlineData("stripe.payment_intent.*", "stripe.payment_intent.succeeded", true)]
    [InlineData("stripe.payment_intent.*", "stripe.payment_intent", false)]
    [InlineData("stripe.payment_intent.*", "stripe.payment_intent.a.b", false)]
    [InlineData("stripe.*", "stripe.charge", true)]
    [InlineData("stripe.*", "stripe", false)]
    [InlineData("stripe.*", "stripeish.charge", false)]
    [InlineData("*", "stripe", true)]
    [InlineData("*", "stripe.charge", false)]
    [InlineData("*.message", "slack.message", true)]
    [InlineData("*.message", "slack.channel.message", false)]
    [InlineData("*.*", "slack.message", true)]
    [InlineData("*.*", "slack", false)]
    [InlineData("**", "slack", true)]
    [InlineData("**", "slack.message.sent.today", true)]
    [InlineData("slack.**", "slack", true)]
    [InlineData("slack.**", "slack.a", true)]
    [InlineData("slack.**", "slack.a.b.c", true)]
    [InlineData("slack.**", "slacker.a", false)]
    [InlineData("**.failed", "failed", true)]
    [InlineData("**.failed", "stripe.payment_intent.failed", true)]
    [InlineData("**.failed", "stripe.payment_intent.failed.twice", false)]
    [InlineData("stripe.**.failed", "stripe.failed", true)]
    [InlineData("stripe.**.failed", "stripe.a.b.failed", true)]
    [InlineData("stripe.**.failed", "stripe.failed.a", false)]
    [InlineData("stripe.**.failed", "stripe.failed.a.failed", true)]
    [InlineData("**.a.**.b", "a.b", true)]
    [InlineData("**.a.**.b", "x.a.y.a.z.b", true)]
    [InlineData("**.a.**.b", "x.a.y.b.z", false)]
    [InlineData("**.*", "a", true)]
    [InlineData("**.*.*", "a", false)]
    [InlineData("*.**.*", "a.b", true)]
    [InlineData("**.**", "a", true)]
    [InlineData("a.**.*.b", "a.b", false)]
    [InlineData("a.**.*.b", "a.x.b", true)]
    [InlineData("a.**.*.b", "a.b.b", true)]
    [InlineData("stripe.*", "stripe.", true)]
    [InlineData("stripe.a", "stripe..a", false)]
    public void Matches_PatternAndType_AsDocumented(string pattern, string type, bool expected) =>
        Assert.Equal(expected, EventPattern.Parse(pattern).Matches(type));

    [Fact]
    public void Matches_ManyDoubleStars_AgreesWithTheDefinition()
    {
        var random = new Random(7);
        string[] alphabet = ["a", "b", "*", "**"];
        for (var round = 0; round < 5000; round++)
        {
            string[] pattern = [.. Enumerable.Range(0, random.Next(1, 7)).Select(_ => alphabet[random.Next(4)])];
            string[] type = [.. Enumerable.Range(0, random.Next(1, 8)).Select(_ => alphabet[random.Next(2)])];
            var expected = Defined(pattern, type);
            Assert.True(
                expected == EventPattern.Parse(string.Join('.', pattern)).Matches(string.Join('.', type)),
                $"{string.Join('.', pattern)} and {string.Join('.', type)} should {(expected ? "" : "not ")}match");
        }

        // The definition, as slow as it may be.
        static bool Defined(ReadOnlySpan<string> pattern, ReadOnlySpan<string> type) =>
            pattern.IsEmpty ? type.IsEmpty
            : pattern[0] == "**" ? Defined(pattern[1..], type) || (!type.IsEmpty && Defined(pattern, type[1..]))
            : !type.IsEmpty && (pattern[0] == "*" || pattern[0] == type[0]) && Defined(pattern[1..], type[1..]);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("stripe.")]
    [InlineData(".stripe")]
    [InlineData("stripe..charge")]
    [InlineData("stripe.pay*")]
    [InlineData("stripe.***")]
    [InlineData("*stripe")]
    [InlineData("stripe charge")]
    [InlineData("stripe.chárge")]
    [InlineData("stripe/charge")]
    [InlineData("stripe.charge\n")]
    [InlineData("stripe.[a-z]")]
    [InlineData("stripe.?")]
    public void TryParse_FaultyPattern_SaysWhatToDo(string? text)
    {
        Assert.False(EventPattern.TryParse(text, out var pattern, out var error));
        Assert.Null(pattern);
        Assert.NotEmpty(error.Message);
        Assert.NotEmpty(error.Hint);
    }

    [Fact]
    public void TryParse_TooLong_IsRefused()
    {
        Assert.False(EventPattern.TryParse(new string('a', EventPattern.MaxLength + 1), out _, out _));
        Assert.False(EventPattern.TryParse(string.Join('.', Enumerable.Repeat("a", EventPattern.MaxSegments + 1)), out _, out _));
        Assert.True(EventPattern.TryParse(string.Join('.', Enumerable.Repeat("a", EventPattern.MaxSegments)), out _, out _));
    }

    [Theory]
    [InlineData("stripe.*", "stripe")]
    [InlineData("stripe.charge.**.failed", "stripe.charge")]
    [InlineData("stripe.charge.refunded", "stripe.charge.refunded")]
    [InlineData("*.failed", "")]
    [InlineData("**", "")]
    public void LiteralPrefix_IsTheIndexKey(string pattern, string expected) => Assert.Equal(expected, EventPattern.Parse(pattern).LiteralPrefix);
}
