using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Access;

/// <summary>Through the whole hub: for a key of one project, nothing of another exists.</summary>
public sealed class ProjectIsolationTests(RealHub hub) : IClassFixture<RealHub>
{
    /// <summary>Everything that names one thing of a project: method, path with a placeholder for its id, body.</summary>
    public static TheoryData<string, string, string?> Routes => new()
    {
        { "GET", "/api/connections/{connection}", null },
        { "PATCH", "/api/connections/{connection}", """{"enabled":false}""" },
        { "DELETE", "/api/connections/{connection}", null },
        { "POST", "/api/connections/{connection}/rotate", """{"config":{"secretKey":"x"}}""" },
        { "POST", "/api/connections/{connection}/test", null },
        { "POST", "/api/connections/{connection}/oauth/start", null },
        { "POST", "/api/connections/{connection}/oauth/revoke", null },
        { "POST", "/api/connections/{connection}/operations/retrieveBalance", """{"params":{}}""" },
        { "POST", "/api/connections/{connection}/operations/noSuchOperation", """{"params":{}}""" },
        { "GET", "/api/events/{event}", null },
        { "GET", "/api/events/{event}/raw?reason=curiosity", null },
        { "POST", "/api/events/{event}/replay", null },
        { "GET", "/api/subscriptions/{subscription}", null },
        { "PATCH", "/api/subscriptions/{subscription}", """{"enabled":false}""" },
        { "DELETE", "/api/subscriptions/{subscription}", null },
        { "POST", "/api/subscriptions/{subscription}/rotate-secret", null },
        { "POST", "/api/subscriptions/{subscription}/test", null },
        { "GET", "/api/deliveries/{delivery}", null },
        { "POST", "/api/deliveries/{delivery}/retry", null },
        { "POST", "/api/dead-letters/{delivery}/replay", null },
        { "DELETE", "/api/keys/{key}", null },
    };

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Route_ThingOfAnotherProject_Is404AndNothingChanges(string method, string path, string? body)
    {
        var (things, owner) = await MakeThingsAsync();
        using var stranger = await hub.AdminAsync("elsewhere");
        using var mine = owner;
        var before = await mine.SendAsync("GET", $"/api/connections/{things["connection"]}");
        var at = things.Aggregate(path, (text, thing) => text.Replace($"{{{thing.Key}}}", thing.Value, StringComparison.Ordinal));

        var answer = await stranger.SendAsync(method, at, body);

        Assert.Equal(404, answer.Status);
        Assert.Equal("not_found", answer["code"]);
        Assert.Equal(before.Text, (await mine.SendAsync("GET", $"/api/connections/{things["connection"]}")).Text);
        Assert.Equal("true", (await mine.SendAsync("GET", $"/api/subscriptions/{things["subscription"]}"))["enabled"]);
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Route_ThingThatIsNot_GivesTheSameAnswerAsAnothersThing(string method, string path, string? body)
    {
        var (things, owner) = await MakeThingsAsync();
        owner.Dispose();
        using var stranger = await hub.AdminAsync("elsewhere");
        var fill = (Func<string, string> id) => things.Aggregate(path, (text, thing) => text.Replace($"{{{thing.Key}}}", id(thing.Value), StringComparison.Ordinal));

        var others = await stranger.SendAsync(method, fill(id => id), body);
        var none = await stranger.SendAsync(method, fill(id => id[..^4] + "ZZZZ"), body);

        Assert.Equal(others.Status, none.Status);
        Assert.Equal(others["title"], none["title"]);
        Assert.Equal(Blank(others["detail"]!, things.Values), Blank(none["detail"]!, things.Values.Select(id => id[..^4] + "ZZZZ")));
    }

    [Theory]
    [InlineData("/api/connections")]
    [InlineData("/api/connections?project=theirs")]
    [InlineData("/api/events")]
    [InlineData("/api/events?provider=app")]
    [InlineData("/api/subscriptions")]
    [InlineData("/api/subscriptions?project=theirs")]
    [InlineData("/api/deliveries")]
    [InlineData("/api/deliveries?eventType=app.**")]
    [InlineData("/api/dead-letters")]
    public async Task List_OfAnotherProject_IsEmptyForThisKeyAndNotForItsOwn(string path)
    {
        var (_, owner) = await MakeThingsAsync();
        using var mine = owner;
        using var stranger = await hub.AdminAsync("elsewhere");

        Assert.Equal(0, (await stranger.SendAsync("GET", path)).Json.GetProperty("items").GetArrayLength());
        if (path != "/api/dead-letters")
            Assert.NotEqual(0, (await mine.SendAsync("GET", path)).Json.GetProperty("items").GetArrayLength());
    }

    [Theory]
    [InlineData("/api/connections", """{"provider":"stripe","project":"theirs","config":{}}""")]
    [InlineData("/api/events", """{"type":"order.paid","project":"theirs","data":{}}""")]
    [InlineData("/api/subscriptions", """{"pattern":"**","project":"theirs","target":{"kind":"webhook","url":"http://127.0.0.1:9/"}}""")]
    [InlineData("/api/keys", """{"name":"wider","role":"viewer","projects":["theirs"]}""")]
    [InlineData("/api/keys", """{"name":"all","role":"viewer"}""")]
    public async Task Create_InAnotherProject_Is403(string path, string body)
    {
        using var stranger = await hub.AdminAsync("elsewhere");

        var answer = await stranger.SendAsync("POST", path, body);

        Assert.Equal(403, answer.Status);
        Assert.Equal("forbidden", answer["code"]);
    }

    [Fact]
    public async Task Cursor_OfAnotherProject_ShowsNothingOfIt()
    {
        var (_, owner) = await MakeThingsAsync();
        using var mine = owner;
        await MakeThingsAsync(mine);
        using var stranger = await hub.AdminAsync("elsewhere");
        var cursor = (await mine.SendAsync("GET", "/api/connections?limit=1"))["nextCursor"];

        var answer = await stranger.SendAsync("GET", $"/api/connections?cursor={cursor}");

        Assert.Equal(200, answer.Status);
        Assert.Equal(0, answer.Json.GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task Key_Deleted_StopsAtOnce()
    {
        using var admin = await hub.AdminAsync();
        var created = await admin.SendAsync("POST", "/api/keys", """{"name":"short","role":"viewer"}""");
        using var shortLived = hub.Client(created["key"]);
        Assert.Equal(200, (await shortLived.SendAsync("GET", "/api/connections")).Status);

        Assert.Equal(204, (await admin.SendAsync("DELETE", $"/api/keys/{created["id"]}")).Status);

        Assert.Equal(401, (await shortLived.SendAsync("GET", "/api/connections")).Status);
    }

    private async Task<(Dictionary<string, string> Things, HttpClient Owner)> MakeThingsAsync()
    {
        var owner = await hub.AdminAsync("theirs");
        return (await MakeThingsAsync(owner), owner);
    }

    private static async Task<Dictionary<string, string>> MakeThingsAsync(HttpClient owner)
    {
        var alias = Guid.NewGuid().ToString("N");
        var secret = "sk_" + "test_" + new string('x', 24);
        var connection = await owner.SendAsync("POST", "/api/connections", $$$"""{"provider":"stripe","project":"theirs","alias":"{{{alias}}}","config":{"secretKey":"{{{secret}}}"}}""");
        var subscription = await owner.SendAsync(
            "POST", "/api/subscriptions", """{"pattern":"app.**","project":"theirs","target":{"kind":"webhook","url":"http://127.0.0.1:9/"}}""");
        var published = await owner.SendAsync("POST", "/api/events", """{"type":"order.paid","project":"theirs","data":{}}""");
        var deliveries = await owner.SendAsync("GET", $"/api/deliveries?event={published["id"]}");
        var key = await owner.SendAsync("POST", "/api/keys", """{"name":"theirs","role":"viewer","projects":["theirs"]}""");
        return new()
        {
            ["connection"] = connection["id"]!,
            ["subscription"] = subscription["id"]!,
            ["event"] = published["id"]!,
            ["delivery"] = deliveries.Json.GetProperty("items")[0].GetProperty("id").GetString()!,
            ["key"] = key["id"]!,
        };
    }

    private static string Blank(string text, IEnumerable<string> ids) => ids.Aggregate(text, (blanked, id) => blanked.Replace(id, "…", StringComparison.Ordinal));
}
