using System.Text.Json;
using IntegrationHub.Manifests;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Abstractions.Tests.Webhooks;

public sealed class ChallengeTests
{
    private const string Address = "https://hub.example/v1/webhooks/acme/conn_1";

    private static readonly ChallengeManifest Slack = Challenge("POST", "\"{/challenge}\"", ("/type", "\"url_verification\""), ("/challenge", "true"));

    private static readonly ChallengeManifest Meta = Challenge(
        "GET", "\"{query.hub.challenge}\"", ("query.hub.mode", "\"subscribe\""), ("query.hub.verify_token", "\"{config.verifyToken}\""));

    private static readonly ChallengeManifest Microsoft = Challenge("POST", "\"{query.validationToken}\"", ("query.validationToken", "true")) with { Verified = false };

    [Fact]
    public void Slack_UrlVerification_IsAnsweredAfterVerification()
    {
        var match = Inbound.Answerer(Slack).MatchChallenge(Inbound.Request("{\"type\":\"url_verification\",\"challenge\":\"3eZbrw1a\"}"), Inbound.Connection());

        Assert.Equal((new ChallengeResponse(200, "3eZbrw1a", "text/plain"), true), match);
    }

    [Fact]
    public void Visit_VerifiedHandshake_NamesTheAddressToVisit()
    {
        var visiting = Challenge("POST", "\"ok\"", ("/Type", "\"SubscriptionConfirmation\"")) with { Visit = new VisitManifest { Url = "{/SubscribeURL}", Hosts = ["sns.*.amazonaws.com"] } };
        const string page = "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=1";
        string Body(string url) => $"{{\"Type\":\"SubscriptionConfirmation\",\"SubscribeURL\":\"{url}\"}}";

        var match = Inbound.Answerer(visiting).MatchChallenge(Inbound.Request(Body(page)), Inbound.Connection());

        Assert.Equal(new Uri(page), match!.Value.Response.Visit);
        Assert.True(match.Value.MustVerify);
        foreach (var other in new[] { "http://sns.us-east-1.amazonaws.com/", "https://sns.us-east-1.amazonaws.com.example.com/", "https://127.0.0.1/", "", "https://sns.us-east-1.amazonaws.com:444/" })
            Assert.Null(Inbound.Answerer(visiting).MatchChallenge(Inbound.Request(Body(other)), Inbound.Connection()));

        Assert.Throws<ArgumentException>(() => Inbound.Answerer(visiting with { Verified = false }));
        Assert.Throws<ArgumentException>(() => Inbound.Answerer(visiting with { Visit = new VisitManifest { Url = "{/SubscribeURL}" } }));
    }

    [Theory]
    [InlineData("{\"type\":\"event_callback\",\"challenge\":\"x\"}")]
    [InlineData("{\"type\":\"url_verification\"}")]
    [InlineData("{\"type\":\"url_verification\",\"challenge\":null}")]
    [InlineData("{\"type\":[\"url_verification\"],\"challenge\":\"x\"}")]
    [InlineData("{\"type\":\"url_verification\",\"challenge\":\"\\ud800\"}")]
    [InlineData("[1]")]
    [InlineData("{\"type\":")]
    [InlineData("")]
    public void Slack_AnythingElse_IsNoHandshake(string body) => Assert.Null(Inbound.Answerer(Slack).MatchChallenge(Inbound.Request(body), Inbound.Connection()));

    [Theory]
    [InlineData("hub.mode=subscribe&hub.verify_token=let-me-in&hub.challenge=1158201444", "1158201444")]
    [InlineData("hub.challenge=%3Cb%3E&hub.verify_token=let-me-in&hub.mode=subscribe", "<b>")]
    [InlineData("hub.mode=subscribe&hub.verify_token=wrong&hub.challenge=1", null)]
    [InlineData("hub.mode=subscribe&hub.verify_token=&hub.challenge=1", null)]
    [InlineData("hub.mode=subscribe&hub.challenge=1", null)]
    [InlineData("hub.mode=unsubscribe&hub.verify_token=let-me-in&hub.challenge=1", null)]
    [InlineData("hub.mode=subscribe&hub.verify_token=let-me-in", null)]
    [InlineData("hub.mode=subscribe&hub.verify_token=let-me-in&hub.verify_token=let-me-in&hub.challenge=1", null)]
    [InlineData("", null)]
    public void Meta_Subscription_NeedsTheToken(string query, string? answer)
    {
        var request = Inbound.Request("", "GET", $"{Address}?{query}");

        var match = Inbound.Answerer(Meta).MatchChallenge(request, Inbound.Connection(new { verifyToken = "let-me-in" }));

        Assert.Equal(answer, match?.Response.Body);
        Assert.False(match?.MustVerify ?? false);
        Assert.Null(Inbound.Answerer(Meta).MatchChallenge(request, Inbound.Connection(new { })));
    }

    [Fact]
    public void Microsoft_ValidationToken_IsEchoedAsPlainText()
    {
        var request = Inbound.Request("", url: Address + "?validationToken=%3Cscript%3Ealert(1)%3C%2Fscript%3E");

        var match = Inbound.Answerer(Slack, Microsoft).MatchChallenge(request, Inbound.Connection());

        Assert.Equal((new ChallengeResponse(200, "<script>alert(1)</script>", "text/plain"), false), match);
    }

    [Theory]
    [InlineData("text/html", "&lt;b&gt;&quot;")]
    [InlineData("application/xml", "&lt;b&gt;&quot;")]
    [InlineData("application/json", "\\u003Cb\\u003E\\u0022")]
    [InlineData("text/plain; charset=utf-8", "<b>\"")]
    public void TextAnswer_OfAnotherType_IsEscapedForIt(string contentType, string expected)
    {
        var challenge = Microsoft with { Respond = new RespondManifest { Body = Inbound.Json("\"{query.validationToken}\""), ContentType = contentType } };

        var match = Inbound.Answerer(challenge).MatchChallenge(Inbound.Request("", url: Address + "?validationToken=%3Cb%3E%22"), Inbound.Connection());

        Assert.Equal(expected, match!.Value.Response.Body);
        Assert.Equal(contentType, match.Value.Response.ContentType);
    }

    [Fact]
    public void JsonAnswer_KeepsTypesAndEscapes()
    {
        var challenge = Challenge("POST", "{\"challenge\":\"{/challenge}\",\"n\":\"{/n}\",\"echo\":[\"<{/challenge}>\",1,true]}", ("/challenge", "true"));

        var match = Inbound.Answerer(challenge).MatchChallenge(Inbound.Request("{\"challenge\":\"a\\\"b\",\"n\":7}"), Inbound.Connection());
        var answer = Inbound.Json(match!.Value.Response.Body);

        Assert.Equal("application/json", match.Value.Response.ContentType);
        Assert.Equal("a\"b", answer.GetProperty("challenge").GetString());
        Assert.Equal(7, answer.GetProperty("n").GetInt32());
        Assert.Equal("<a\"b>", answer.GetProperty("echo")[0].GetString());
        Assert.Null(Inbound.Answerer(challenge).MatchChallenge(Inbound.Request("{\"challenge\":\"a\"}"), Inbound.Connection()));
    }

    [Fact]
    public void HashedAnswer_UsesTheWebhookSecret()
    {
        var challenge = Challenge("POST", "{\"plainToken\":\"{/plainToken}\",\"encryptedToken\":\"{/plainToken|hmac:hex}\"}", ("/plainToken", "true"));

        var match = Inbound.Answerer(challenge).MatchChallenge(Inbound.Request("{\"plainToken\":\"abc\"}"), Inbound.Connection());

        Assert.Equal(Inbound.Hex(Inbound.Hmac("abc")), Inbound.Json(match!.Value.Response.Body).GetProperty("encryptedToken").GetString());
        Assert.Null(Inbound.Answerer(challenge).MatchChallenge(Inbound.Request("{\"plainToken\":\"abc\"}"), Inbound.Connection(new { })));
    }

    [Fact]
    public void LongAnswer_IsNone() =>
        Assert.Null(Inbound.Answerer(Microsoft).MatchChallenge(Inbound.Request("", url: Address + "?validationToken=" + new string('a', 20_000)), Inbound.Connection()));

    private static ChallengeManifest Challenge(string method, string body, params (string Key, string Value)[] when) => new()
    {
        Method = method, When = when.ToDictionary(pair => pair.Key, pair => Inbound.Json(pair.Value)), Respond = new RespondManifest { Body = Inbound.Json(body) },
    };
}
