using System.Text;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Events.DeadLetters;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Http;

public sealed class RequestBodyTests
{
    private const string Secret = "very-secret-value";

    [Theory]
    [InlineData("", "", "empty")]
    [InlineData("{", "", "line 1")]
    [InlineData("{\n\"name\": very-secret-value }", "", "line 2")]
    [InlineData("""{ "name": "n", } """, "", "not valid JSON")]
    [InlineData("""{ "name": "n" } x""", "", "not valid JSON")]
    [InlineData("[]", "", "object")]
    [InlineData("null", "", "object")]
    [InlineData("\"very-secret-value\"", "", "object")]
    [InlineData("""{ "name": "n", "role": "viewer", "nmae": "very-secret-value" }""", "/nmae", "no member 'nmae'")]
    [InlineData("""{ "name": "n", "role": "viewer", "a/b~": 1 }""", "/a~1b~0", "no member")]
    [InlineData("""{ "Name": "n", "name": "m", "role": "viewer" }""", "/name", "twice")]
    [InlineData("""{ "name": "n", "name": "very-secret-value", "role": "viewer" }""", "/name", "twice")]
    [InlineData("""{ "name": null, "role": "viewer" }""", "/name", "null")]
    [InlineData("""{ "name": 5, "role": "viewer" }""", "/name", "a string")]
    [InlineData("""{ "name": "n", "role": "very-secret-value" }""", "/role", "viewer, developer, operator, admin")]
    [InlineData("""{ "name": "n", "role": "viewer", "projects": "very-secret-value" }""", "/projects", "an array")]
    [InlineData("""{ "name": "n", "role": "viewer", "projects": [{}] }""", "/projects/0", "a string")]
    [InlineData("""{ "name": "n", "role": "viewer", "expiresAt": "very-secret-value" }""", "/expiresAt", "ISO 8601")]
    [InlineData("""{ "name": "a\ud800b", "role": "viewer" }""", "/name", "Unicode")]
    [InlineData("""{ "name": "a\u0000b", "role": "viewer" }""", "/name", "U+0000")]
    [InlineData("""{ "name": "n", "role": "viewer", "projects": ["ok", "\udc00"] }""", "/projects/1", "Unicode")]
    public void Parse_Hostile_PointsAtItWithoutRepeatingValues(string body, string pointer, string says)
    {
        var problem = Assert.Throws<ProblemException>(() => RequestBody.Parse<CreateKeyRequest>(Encoding.UTF8.GetBytes(body))).Problem;

        var issue = Assert.Single(problem.Errors!);
        Assert.Equal(400, problem.Status);
        Assert.Equal(pointer, issue.Pointer, ignoreCase: true);
        Assert.Contains(says, issue.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, problem.Detail + issue.Message + issue.Hint, StringComparison.Ordinal);
    }

    // Members of records with parameters: the serializer names the record instead of the member.
    [Theory]
    [InlineData("""{ "limit": "very-secret-value" }""", "/limit", "an integer")]
    [InlineData("""{ "limit": 1.5 }""", "/limit", "an integer")]
    [InlineData("""{ "limit": 99999999999999999999 }""", "/limit", "an integer")]
    [InlineData("""{ "project": 5 }""", "/project", "a string")]
    [InlineData("""{ "filter": "very-secret-value" }""", "/filter", "an object")]
    [InlineData("""{ "filter": { "step": true } }""", "/filter/step", "a string")]
    [InlineData("""{ "filter": { "from": "very-secret-value" } }""", "/filter/from", "ISO 8601")]
    public void Parse_WrongType_SaysWhatTheMemberMustBe(string body, string pointer, string says) => AssertSays<BulkReplayRequest>(body, pointer, says);

    [Theory]
    [InlineData("""{ "pattern": 5 }""", "/pattern", "a string")]
    [InlineData("""{ "enabled": "very-secret-value" }""", "/enabled", "true or false")]
    [InlineData("""{ "delivery": { "rate": "very-secret-value" } }""", "/delivery/rate", "a number")]
    [InlineData("""{ "delivery": [] }""", "/delivery", "an object")]
    [InlineData("""{ "headers": { "X-A": 5 } }""", "/headers/X-A", "a string")]
    public void Parse_WrongTypeOfASubscription_SaysWhatTheMemberMustBe(string body, string pointer, string says) => AssertSays<SubscriptionRequest>(body, pointer, says);

    private static void AssertSays<T>(string body, string pointer, string says)
        where T : class
    {
        var issue = Assert.Single(Assert.Throws<ProblemException>(() => RequestBody.Parse<T>(Encoding.UTF8.GetBytes(body))).Problem.Errors!);
        Assert.Equal((pointer, true), (issue.Pointer, issue.Message.Contains(says, StringComparison.Ordinal)));
        Assert.DoesNotContain(Secret, issue.Message + issue.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_SeveralMissing_NamesAll()
    {
        var problem = Assert.Throws<ProblemException>(() => RequestBody.Parse<CreateKeyRequest>("{}"u8.ToArray())).Problem;

        Assert.Equal(["/name", "/role"], problem.Errors!.Select(issue => issue.Pointer));
    }

    [Fact]
    public void Parse_NestedTooDeeply_IsRefused() =>
        Assert.Throws<ProblemException>(() => RequestBody.Parse<CreateKeyRequest>(Encoding.UTF8.GetBytes(new string('[', 100_000))));

    [Fact]
    public void Parse_NotUtf8_IsRefused()
    {
        byte[] body = [.. "{ \"name\": \""u8, 0xff, .. "\" }"u8];

        Assert.Contains("UTF-8", Assert.Throws<ProblemException>(() => RequestBody.Parse<CreateKeyRequest>(body)).Problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_UnknownMember_SuggestsTheNearest()
    {
        var problem = Assert.Throws<ProblemException>(() => RequestBody.Parse<CreateKeyRequest>("""{ "name": "n", "role": "viewer", "project": [] }"""u8.ToArray())).Problem;

        Assert.Contains("'projects'", problem.Errors![0].Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_TooLongOrNoJson_IsRefused()
    {
        await using var hub = await FeatureHub.StartAsync();
        using var admin = hub.Admin();
        using var form = new FormUrlEncodedContent(new Dictionary<string, string> { ["name"] = "n" });

        var tooLong = await admin.SendAsync("POST", "/api/keys", $$"""{ "name": "{{new string('n', RequestBody.MaxBytes)}}", "role": "viewer" }""");
        using var noJson = await admin.PostAsync(new Uri("/api/keys", UriKind.Relative), form);

        Assert.Equal(413, tooLong.Status);
        Assert.Equal(415, (int)noJson.StatusCode);
        Assert.Contains("application/json", await noJson.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }
}
