using System.Text.Json;
using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Host.Tests.Events.Retention;

public sealed class RawBodyRetentionTests : IAsyncLifetime
{
    private readonly RealHub hub = new();

    public Task InitializeAsync() => hub.InitializeAsync();

    [Fact]
    public async Task Received_AfterTheProjectsTimeWasSet_IsKeptSoLong()
    {
        using var admin = hub.Bootstrap();
        var before = await ReceiveAsync(admin, "shop", "first");
        Assert.Equal(200, (await admin.SendAsync("PUT", "/api/projects/shop/retention", """{ "rawBodies": "0s" }""")).Status);

        var after = await ReceiveAsync(admin, "shop", "second");
        var elsewhere = await ReceiveAsync(admin, "bank", "third");

        Assert.Equal((200, 410, 200), (await RawAsync(before), await RawAsync(after), await RawAsync(elsewhere)));

        async Task<int> RawAsync(string id) => (await admin.SendTextAsync("GET", $"/api/events/{id}/raw?reason=test")).Status;
    }

    public Task DisposeAsync() => hub.DisposeAsync();

    private async Task<string> ReceiveAsync(HttpClient client, string project, string alias)
    {
        var made = await client.SendAsync("POST", "/api/connections", JsonSerializer.Serialize(new
        {
            provider = "stripe", project, alias, config = new { secretKey = HubApi.StripeKey, webhookSecret = HubApi.StripeWebhookSecret },
        }));
        using var sent = await client.SendAsync(HubApi.StripeWebhook(new Uri(hub.Address), made["id"]!, HubApi.StripeEvent("evt_" + alias)));
        Assert.True(sent.IsSuccessStatusCode, await sent.Content.ReadAsStringAsync());
        return (await client.SendAsync("GET", $"/api/events?connection={made["id"]}")).Json.GetProperty("items")[0].GetProperty("id").GetString()!;
    }
}
