using System.Text.Json;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Connections;

public sealed class ConnectionCreateTests
{
    private static readonly string Valid = $$"""{ "provider": "cards", "config": { "secretKey": "{{SomeProvider.TestKey}}", "region": "eu" } }""";

    [Fact]
    public async Task Create_Valid_AnswersTheWholeResourceMasked()
    {
        await using var hub = await FeatureHub.StartAsync(options => options.PublicUrl = "https://hub.example/");
        using var admin = hub.Admin();

        var created = await admin.SendAsync("POST", "/api/connections", Valid);
        var read = await admin.SendAsync("GET", "/api/connections/" + created["id"]);

        Assert.Equal(201, created.Status);
        Assert.StartsWith("conn_", created["id"], StringComparison.Ordinal);
        Assert.Equal("/api/connections/" + created["id"], created.Headers.Location!.ToString());
        Assert.Equal("\"1\"", created.Headers.ETag!.Tag);
        Assert.Equal("https://hub.example/v1/webhooks/cards/" + created["id"], created["webhookUrl"]);
        Assert.Equal(("default", "dev", "default"), (created["project"], created["environment"], created["alias"]));
        Assert.Equal("""{"region":"eu","secretKey":"••••1234"}""", created["config"]);
        Assert.Equal(created.Text, read.Text);
    }

    [Fact]
    public async Task Create_NoPublicUrl_WebhookUrlIsWhereTheRequestWent()
    {
        await using var hub = await FeatureHub.StartAsync();
        using var admin = hub.Admin();

        var created = await admin.SendAsync("POST", "/api/connections", Valid);

        Assert.Equal($"{admin.BaseAddress}v1/webhooks/cards/{created["id"]}", created["webhookUrl"]);
    }

    [Fact]
    public async Task Create_ProviderWithoutWebhooks_HasNoWebhookUrl()
    {
        await using var hub = await FeatureHub.StartAsync();
        using var admin = hub.Admin();

        var created = await admin.SendAsync("POST", "/api/connections", """{ "provider": "index", "config": { "url": "http://127.0.0.1:9200", "token": "short" } }""");

        Assert.Equal("null", created["webhookUrl"]);
        Assert.Equal("••••", created.Json.GetProperty("config").GetProperty("token").GetString());
    }

    [Theory]
    [InlineData("""{ "provider": "card", "config": {} }""", "/provider")]
    [InlineData("""{ "config": {} }""", "/provider")]
    [InlineData("""{ "provider": "cards", "environment": "staging", "config": { "secretKey": "sk_test_1" } }""", "/environment")]
    [InlineData("""{ "provider": "cards", "config": {} }""", "/config/secretKey")]
    [InlineData("""{ "provider": "cards" }""", "/config/secretKey")]
    [InlineData("""{ "provider": "cards", "config": { "secretKey": null } }""", "/config/secretKey")]
    [InlineData("""{ "provider": "cards", "config": { "secretKey": "sk_test_1", "region": "mars" } }""", "/config/region")]
    [InlineData("""{ "provider": "cards", "config": { "secretKey": "sk_test_1", "regoin": "eu" } }""", "/config/regoin")]
    [InlineData("""{ "provider": "cards", "config": { "secretKey": "sk_live_1" } }""", "/config/secretKey")]
    [InlineData("""{ "provider": "cards", "config": { "secretKey": "••••_test_" } }""", "/config/secretKey")]
    [InlineData("""{ "provider": "cards", "auth": "basic", "config": { "secretKey": "sk_test_1" } }""", "/auth")]
    [InlineData("""{ "provider": "index", "config": { "url": "http://x" } }""", "/config")]
    [InlineData("""{ "provider": "index", "auth": "basic", "config": { "url": "http://x", "user": "u" } }""", "/config/password")]
    [InlineData("""{ "provider": "index", "config": { "token": "t" } }""", "/config/url")]
    [InlineData("""{ "provider": "index", "config": { "token": "t", "url": "ftp://x" } }""", "/config/url")]
    [InlineData("""{ "provider": "index", "config": { "token": "t", "url": "http://user:pass@x" } }""", "/config/url")]
    [InlineData("""{ "provider": "cards", "project": "../etc", "config": { "secretKey": "sk_test_1" } }""", "/project")]
    [InlineData("""{ "provider": "cards", "alias": "", "config": { "secretKey": "sk_test_1" } }""", "/alias")]
    [InlineData("""{ "provider": "cards", "alias": "a\nb", "config": { "secretKey": "sk_test_1" } }""", "/alias")]
    [InlineData("""{ "provider": "cards", "alias": null, "config": { "secretKey": "sk_test_1" } }""", "/alias")]
    [InlineData("""{ "provider": "cards", "config": [] }""", "/config")]
    [InlineData("""{ "provider": "cards", "grantedScopes": [""], "config": { "secretKey": "sk_test_1" } }""", "/grantedScopes")]
    [InlineData("""{ "provider": "cards", "grantedScopes": "all", "config": { "secretKey": "sk_test_1" } }""", "/grantedScopes")]
    [InlineData("""{ "provider": "cards", "secrets": {}, "config": { "secretKey": "sk_test_1" } }""", "/secrets")]
    [InlineData("""{ "provider": "cards", "overrides": { "url": "http://x" }, "config": { "secretKey": "sk_test_1" } }""", "/overrides/url")]
    public async Task Create_NotValid_PointsAtItAndStoresNothing(string body, string pointer)
    {
        await using var hub = await FeatureHub.StartAsync();
        using var admin = hub.Admin();

        var answer = await admin.SendAsync("POST", "/api/connections", body);

        Assert.Equal(400, answer.Status);
        Assert.Contains(pointer, answer.Pointers);
        Assert.Empty(hub.Connections.All);
        Assert.Empty(hub.Audit.Records);
    }

    [Fact]
    public async Task Create_SeveralMistakes_TellsAllAtOnce()
    {
        await using var hub = await FeatureHub.StartAsync();
        using var admin = hub.Admin();

        var answer = await admin.SendAsync("POST", "/api/connections", """{ "provider": "cards", "alias": "-", "project": " ", "config": { "secretKey": "sk_live_1", "region": "mars", "x": 1 } }""");

        Assert.Equal(["/alias", "/config/region", "/config/secretKey", "/config/x", "/project"], answer.Pointers.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Create_UnknownProvider_SuggestsTheNearest()
    {
        await using var hub = await FeatureHub.StartAsync();
        using var admin = hub.Admin();

        var answer = await admin.SendAsync("POST", "/api/connections", """{ "provider": "crads", "config": {} }""");

        Assert.Contains("'cards'", answer.Json.GetProperty("errors")[0].GetProperty("hint").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Create_LiveKeyInDev_SaysWhyWithoutRepeatingIt()
    {
        await using var hub = await FeatureHub.StartAsync();
        using var admin = hub.Admin();

        var answer = await admin.SendAsync("POST", "/api/connections", $$"""{ "provider": "cards", "config": { "secretKey": "{{SomeProvider.LiveKey}}" } }""");

        Assert.Contains("must contain '_test_'", answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(SomeProvider.LiveKey, answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Create_SameAlias_Is409UnlessSomethingElseDiffers()
    {
        await using var hub = await FeatureHub.StartAsync();
        using var admin = hub.Admin();
        await admin.SendAsync("POST", "/api/connections", Valid);

        var again = await admin.SendAsync("POST", "/api/connections", Valid);
        var other = await admin.SendAsync("POST", "/api/connections", Valid.Replace("\"provider\"", "\"alias\": \"other\", \"provider\"", StringComparison.Ordinal));
        var prod = await admin.SendAsync("POST", "/api/connections", Valid.Replace("\"provider\"", "\"environment\": \"prod\", \"provider\"", StringComparison.Ordinal));
        var project = await admin.SendAsync("POST", "/api/connections", Valid.Replace("\"provider\"", "\"project\": \"shop\", \"provider\"", StringComparison.Ordinal));

        Assert.Equal(409, again.Status);
        Assert.Equal(["/alias"], again.Pointers);
        Assert.Equal((201, 201, 201), (other.Status, prod.Status, project.Status));
    }

    [Fact]
    public async Task Create_FieldAbsent_ComesFromItsEnvironmentVariable()
    {
        await using var hub = await FeatureHub.StartAsync(variables: new() { ["CARDS_KEY"] = SomeProvider.TestKey, ["CARDS_RETRIES"] = "3" });
        using var admin = hub.Admin();

        var filled = await admin.SendAsync("POST", "/api/connections", """{ "provider": "cards", "config": {} }""");
        var given = await admin.SendAsync("POST", "/api/connections", """{ "provider": "cards", "alias": "own", "config": { "secretKey": "sk_test_own_key_9999", "retries": 1 } }""");

        Assert.Equal("""{"retries":3,"secretKey":"••••1234"}""", filled["config"]);
        Assert.Equal("""{"retries":1,"secretKey":"••••9999"}""", given["config"]);
    }

    [Fact]
    public async Task Create_EnvironmentVariableOfTheWrongType_IsReportedAtItsField()
    {
        await using var hub = await FeatureHub.StartAsync(variables: new() { ["CARDS_RETRIES"] = "many" });
        using var admin = hub.Admin();

        var answer = await admin.SendAsync("POST", "/api/connections", Valid);

        Assert.Equal(["/config/retries"], answer.Pointers);
    }

    [Fact]
    public async Task Create_OverrideNotAllowed_NamesTheOption()
    {
        await using var hub = await FeatureHub.StartAsync();
        using var admin = hub.Admin();

        var answer = await admin.SendAsync("POST", "/api/connections", Valid.Replace("\"provider\"", "\"overrides\": { \"baseUrl\": \"http://127.0.0.1:9\" }, \"provider\"", StringComparison.Ordinal));

        Assert.Equal(403, answer.Status);
        Assert.Equal(["/overrides/baseUrl"], answer.Pointers);
        Assert.Contains("Hub:AllowBaseUrlOverride", answer.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1:4010/", 201)]
    [InlineData("https://sandbox.example/base", 201)]
    [InlineData("ftp://x", 400)]
    [InlineData("/relative", 400)]
    [InlineData("http://", 400)]
    [InlineData("http://u:p@x", 400)]
    [InlineData("http://x?a=b", 400)]
    [InlineData("http://x#f", 400)]
    [InlineData("http://x/a b", 400)]
    [InlineData("http:\\\\\\\\x", 400)]
    [InlineData("javascript:alert(1)", 400)]
    public async Task Create_OverrideAllowed_MustBeAnAddress(string url, int status)
    {
        await using var hub = await FeatureHub.StartAsync(options => options.AllowBaseUrlOverride = true);
        using var admin = hub.Admin();

        var answer = await admin.SendAsync("POST", "/api/connections", Valid.Replace("\"provider\"", $"\"overrides\": {{ \"baseUrl\": \"{url}\" }}, \"provider\"", StringComparison.Ordinal));

        Assert.Equal(status, answer.Status);
        if (status == 201)
            Assert.Equal(url.TrimEnd('/'), answer.Json.GetProperty("overrides").GetProperty("baseUrl").GetString());
        else
            Assert.Equal(["/overrides/baseUrl"], answer.Pointers);
    }

    [Fact]
    public async Task Secrets_AfterEverything_AreNowhereInClear()
    {
        await using var hub = await FeatureHub.StartAsync();
        using var admin = hub.Admin();
        var second = "whsec_" + "0123456789abcdef";
        var texts = new List<string>();
        var created = await admin.SendAsync("POST", "/api/connections", Valid);
        var path = "/api/connections/" + created["id"];
        texts.Add(created.Text);
        texts.Add((await admin.SendAsync("POST", "/api/connections", Valid)).Text);
        texts.Add((await admin.SendAsync("PATCH", path, $$"""{ "config": { "webhookSecret": "{{second}}" } }""")).Text);
        texts.Add((await admin.SendAsync("PATCH", path, $$"""{ "config": { "secretKey": 5, "region": "{{second}}" } }""")).Text);
        texts.Add((await admin.SendAsync("POST", path + "/rotate", $$"""{ "config": { "secretKey": "{{SomeProvider.LiveKey}}" } }""")).Text);
        texts.Add((await admin.SendAsync("GET", path)).Text);
        texts.Add((await admin.SendAsync("GET", "/api/connections")).Text);
        texts.Add((await admin.SendAsync("GET", "/api/audit")).Text);
        texts.Add(hub.Logs);
        texts.Add(JsonSerializer.Serialize(hub.Connections.All));

        var everything = string.Join('\n', texts.Where((_, i) => i != 3));
        Assert.DoesNotContain(SomeProvider.TestKey, string.Join('\n', texts), StringComparison.Ordinal);
        Assert.DoesNotContain(SomeProvider.LiveKey, string.Join('\n', texts), StringComparison.Ordinal);
        Assert.DoesNotContain(second, everything, StringComparison.Ordinal);
        Assert.Contains("••••cdef", everything, StringComparison.Ordinal);
    }
}
