using System.Text.Json;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Events.DeadLetters;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Events.DeadLetters;

public sealed class AnswerRedactionTests
{
    private readonly SubscriptionSecrets secrets = new(new FakeSealer());
    private readonly Subscription subscription;
    private readonly string secret;
    private readonly string former;

    public AnswerRedactionTests()
    {
        var (made, first) = SomeEvent.Subscribed("https://example.com/hook");
        var (rotated, second) = secrets.Rotate(made, DateTimeOffset.UnixEpoch);
        var settings = JsonSerializer.SerializeToElement(new { headers = new { Authorization = "Bearer abc/def+ghi-123" }, target = new { url = "amqps://hub:p4ss%2Fword@broker/" } });
        (subscription, secret, former) = (secrets.WithSettings(rotated, settings), second, first);
    }

    [Fact]
    public void Redact_TheSubscriptionsSecrets_AreMaskedWhereverTheyStand()
    {
        string[] hidden = [secret, former, secret["whsec_".Length..], "Bearer abc/def+ghi-123", "abc/def+ghi-123", "abc\\/def+ghi-123", "abc/def\\u002Bghi-123", "p4ss/word"];

        var redacted = Redact(new TargetAnswer
        {
            Outcome = DeliveryOutcomes.Refused,
            Error = "It said " + former,
            Body = string.Join(" and ", hidden),
            Headers = [new("x-echo", "got " + secret), new("content-type", "text/plain")],
        });

        Assert.Equal("It said ••••", redacted.Error);
        Assert.All(hidden, value => Assert.DoesNotContain(value, redacted.Body!, StringComparison.Ordinal));
        Assert.Equal(["got ••••", "text/plain"], redacted.Headers.Select(header => header.Value));
    }

    [Theory]
    [InlineData("Authorization")]
    [InlineData("Set-Cookie")]
    [InlineData("WWW-Authenticate")]
    [InlineData("X-Api-Key")]
    [InlineData("x-amz-security-token")]
    [InlineData("X-CSRF")]
    [InlineData("Proxy-Authenticate")]
    [InlineData("X-Signature-256")]
    public void Redact_HeadersWithCredentials_KeepTheirNameOnly(string name) =>
        Assert.Equal(KeyValuePair.Create(name, "••••"), Assert.Single(Redact(new TargetAnswer { Outcome = "refused", Headers = [new(name, "x")] }).Headers));

    [Fact]
    public void Redact_OrdinaryAnswers_StayAsTheyAre()
    {
        var answer = new TargetAnswer { Outcome = "refused", Status = 500, Error = "The endpoint answered 500.", Body = "{\"error\":\"out of stock\"}", Headers = [new("retry-after", "7")] };
        var redacted = Redact(answer);
        Assert.Equal((answer.Body, answer.Error), (redacted.Body, redacted.Error));
        Assert.Equal(answer.Headers, redacted.Headers);
    }

    private TargetAnswer Redact(TargetAnswer answer) => new AnswerRedaction(secrets).Redact(answer, subscription);
}
