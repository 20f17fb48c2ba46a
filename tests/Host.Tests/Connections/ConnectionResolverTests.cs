using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Tests.Fakes;
using Microsoft.Extensions.DependencyInjection;

namespace IntegrationHub.Host.Tests.Connections;

public sealed class ConnectionResolverTests
{
    [Fact]
    public async Task Open_FillsDefaultsAddressAndEnvironment()
    {
        await using var hub = await FeatureHub.StartAsync();
        var connection = await CreateAsync(hub, $$"""{ "provider": "cards", "environment": "prod", "config": { "secretKey": "{{SomeProvider.LiveKey}}" } }""");

        var open = Resolver(hub).Open(connection, hub.Catalog.Find("cards")!);

        Assert.Equal("2024-06-20", open.Config.GetProperty("apiVersion").GetString());
        Assert.Equal(SomeProvider.LiveKey, open.Config.GetProperty("secretKey").GetString());
        Assert.Equal("https://api.cards.example", open.BaseUrl);
        Assert.False(open.BaseUrlOverridden);
        Assert.Equal("bearer", open.AuthId);
        Assert.Equal("live", open.EnvironmentValues.GetProperty("tier").GetString());
        Assert.Equal("prod", open.EnvironmentValues.GetProperty("name").GetString());
        Assert.Equal("https://api.cards.example", open.EnvironmentValues.GetProperty("baseUrl").GetString());
        Assert.DoesNotContain(SomeProvider.LiveKey, open.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "url": "http://127.0.0.1:9200/", "token": "t" }""", "token")]
    [InlineData("""{ "url": "http://127.0.0.1:9200", "user": "u", "password": "p" }""", "basic")]
    [InlineData("""{ "url": "http://127.0.0.1:9200", "user": "u", "password": "p", "token": "t" }""", "basic")]
    [InlineData("""{ "url": "http://127.0.0.1:9200", "user": "u", "token": "t" }""", "token")]
    public async Task Open_AddressAndAuthentication_ComeFromTheConfig(string config, string auth)
    {
        await using var hub = await FeatureHub.StartAsync();
        var connection = await CreateAsync(hub, $$"""{ "provider": "index", "config": {{config}} }""");

        var open = Resolver(hub).Open(connection, hub.Catalog.Find("index")!);

        Assert.Equal("http://127.0.0.1:9200", open.BaseUrl);
        Assert.Equal(auth, open.AuthId);
    }

    [Fact]
    public async Task Open_Override_StandsInForTheAddressWhileItIsAllowed()
    {
        HubOptions? options = null;
        await using var hub = await FeatureHub.StartAsync(given => (options = given).AllowBaseUrlOverride = true);
        var connection = await CreateAsync(hub, $$"""{ "provider": "cards", "overrides": { "baseUrl": "http://127.0.0.1:4010/" }, "config": { "secretKey": "{{SomeProvider.TestKey}}" } }""");

        var open = Resolver(hub).Open(connection, hub.Catalog.Find("cards")!);

        Assert.Equal("http://127.0.0.1:4010", open.BaseUrl);
        Assert.Equal("http://127.0.0.1:4010", open.EnvironmentValues.GetProperty("baseUrl").GetString());
        Assert.True(open.BaseUrlOverridden);

        options!.AllowBaseUrlOverride = false;
        Assert.Equal(403, Assert.Throws<ProblemException>(() => Resolver(hub).Open(connection, hub.Catalog.Find("cards")!)).Problem.Status);
    }

    [Fact]
    public async Task Find_UnchangedConnection_ComesFromMemoryUntilItIsOld()
    {
        await using var hub = await FeatureHub.StartAsync();
        var connection = await CreateAsync(hub, """{ "provider": "index", "config": { "url": "http://x", "token": "t" } }""");
        var before = hub.Connections.Reads;
        for (var i = 0; i < 5; i++)
            await Resolver(hub).FindAsync(connection.Id, CancellationToken.None);

        Assert.Equal(before, hub.Connections.Reads);
        hub.Time.Advance(ConnectionResolver.CacheTime);
        await Resolver(hub).FindAsync(connection.Id, CancellationToken.None);
        Assert.Equal(before + 1, hub.Connections.Reads);
    }

    [Fact]
    public async Task Open_SameConnectionAgain_KnowsWhichProviderAndWhatTimeItIs()
    {
        await using var hub = await FeatureHub.StartAsync();
        var created = await CreateAsync(hub, $$"""{ "provider": "cards", "config": { "secretKey": "{{SomeProvider.TestKey}}", "webhookSecret": "w1" } }""");
        using (var admin = hub.Admin())
            await admin.SendAsync("POST", $"/api/connections/{created.Id}/rotate", """{ "config": { "webhookSecret": "w2" }, "overlap": "1h" }""");

        var connection = (await Resolver(hub).FindAsync(created.Id, CancellationToken.None))!;
        var provider = hub.Catalog.Find("cards")!;

        Assert.Single(Resolver(hub).Open(connection, provider).PreviousConfigs);
        hub.Time.Advance(TimeSpan.FromMinutes(59));
        Assert.Single(Resolver(hub).Open(connection, provider).PreviousConfigs);
        hub.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Empty(Resolver(hub).Open(connection, provider).PreviousConfigs);

        // The next version of the plugin may have other defaults and another address.
        Assert.NotEqual(Resolver(hub).Open(connection, provider).BaseUrl, Resolver(hub).Open(connection, SomeProvider.Index()).BaseUrl);
    }

    [Fact]
    public async Task Open_SecretsOfFormerCalls_GoWithTheNextCollection()
    {
        await using var hub = await FeatureHub.StartAsync();
        var connection = await CreateAsync(hub, $$"""{ "provider": "cards", "config": { "secretKey": "{{SomeProvider.TestKey}}" } }""");

        var kept = Opened(hub, connection);
        for (var i = 0; i < 20 && kept.IsAlive; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.False(kept.IsAlive);
        GC.KeepAlive(connection);
    }

    // Each list of previous configs belongs to what was opened with it.
    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static WeakReference Opened(FeatureHub hub, Connection connection) =>
        new(Resolver(hub).Open(connection, hub.Catalog.Find("cards")!).PreviousConfigs);

    [Fact]
    public async Task Open_SecretOfAnotherField_IsRefused()
    {
        await using var hub = await FeatureHub.StartAsync();
        var connection = await CreateAsync(hub, $$"""{ "provider": "cards", "config": { "secretKey": "{{SomeProvider.TestKey}}", "webhookSecret": "w" } }""");
        var swapped = connection with
        {
            Secrets = new Dictionary<string, SealedSecret> { ["secretKey"] = connection.Secrets["webhookSecret"], ["webhookSecret"] = connection.Secrets["secretKey"] },
        };

        var fault = Assert.Throws<ProblemException>(() => Resolver(hub).Open(swapped, hub.Catalog.Find("cards")!));

        Assert.Equal("secrets_unreadable", fault.Problem.Code);
    }

    [Fact]
    public async Task Open_OtherMasterKey_NamesBothKeys()
    {
        await using var hub = await FeatureHub.StartAsync();
        await using var other = await FeatureHub.StartAsync(options => options.MasterKey = Convert.ToBase64String(Enumerable.Repeat((byte)7, 32).ToArray()));
        var connection = await CreateAsync(hub, $$"""{ "provider": "cards", "config": { "secretKey": "{{SomeProvider.TestKey}}" } }""");

        var fault = Assert.Throws<ProblemException>(() => Resolver(other).Open(connection, other.Catalog.Find("cards")!));

        Assert.Contains(connection.MasterKeyId, fault.Problem.Detail, StringComparison.Ordinal);
        Assert.Contains("master key", fault.Problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_EnvironmentNoLongerOffered_SaysSo()
    {
        await using var hub = await FeatureHub.StartAsync();
        var connection = await CreateAsync(hub, """{ "provider": "index", "config": { "url": "http://x", "token": "t" } }""");

        var fault = Assert.Throws<ProblemException>(() => Resolver(hub).Open(connection with { Environment = "staging" }, hub.Catalog.Find("index")!));

        Assert.Contains("'staging'", fault.Problem.Detail, StringComparison.Ordinal);
    }

    private static IConnectionResolver Resolver(FeatureHub hub) => hub.Services.GetRequiredService<IConnectionResolver>();

    private static async Task<Connection> CreateAsync(FeatureHub hub, string body)
    {
        using var admin = hub.Admin();
        var created = await admin.SendAsync("POST", "/api/connections", body);
        Assert.Equal(201, created.Status);
        return (await Resolver(hub).FindAsync(created["id"]!, CancellationToken.None))!;
    }
}
