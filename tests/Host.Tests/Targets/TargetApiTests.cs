using System.Text.Json;
using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Host.Tests.Targets;

/// <summary>The kinds of targets through the API of the whole hub.</summary>
public sealed class TargetApiTests : IAsyncLifetime
{
    private readonly RealHub hub = new([Repository.At("plugins", "stripe"), Repository.At("plugins", "twilio")]);
    private HttpClient client = null!;

    public async Task InitializeAsync()
    {
        await hub.InitializeAsync();
        client = await hub.AdminAsync("shop");
    }

    public async Task DisposeAsync()
    {
        client.Dispose();
        await hub.DisposeAsync();
    }

    [Fact]
    public async Task StripePayment_SendsAnSms()
    {
        var (stripe, twilio) = (await ConnectStripeAsync(), await ConnectTwilioAsync());
        var subscription = await SubscribeAsync(new
        {
            pattern = "stripe.payment_intent.succeeded",
            environment = "dev",
            target = new { kind = "operation", connection = twilio, operation = "sendSms", @params = new { To = "+966500000000", From = "+15005550006", Body = "Paid: {/data/data/object/id}" } },
        });

        using (var sent = await client.SendAsync(HubApi.StripeWebhook(new Uri(hub.Address), stripe, HubApi.StripeEvent("evt_sms_1"))))
            Assert.True(sent.IsSuccessStatusCode);

        var delivery = await EndAsync(subscription);
        Assert.Equal("delivered", delivery.GetProperty("delivery").GetProperty("status").GetString());
        var body = JsonElement.Parse(delivery.GetProperty("attempts")[0].GetProperty("responseBody").GetString()!);
        var effect = (await client.SendAsync("GET", $"/api/effects/{body.GetProperty("effectId").GetString()}")).Json;
        Assert.Equal(("twilio", "sendSms", "succeeded", subscription), (Text(effect, "provider"), Text(effect, "operation"), Text(effect, "verdict"), Text(effect, "actor")));
    }

    [Fact]
    public async Task Capability_PicksAConnectionOfTheEventsEnvironment()
    {
        var twilio = await ConnectTwilioAsync();
        var subscription = await SubscribeAsync(new
        {
            pattern = "app.order.paid",
            target = new { kind = "operation", capability = "sms.send", @params = new { to = "{event.data.phone}", from = "+15005550006", text = "Order {event.subject} is paid" } },
        });

        await client.SendAsync("POST", "/api/events", """{ "type": "order.paid", "environment": "dev", "subject": "o-7", "data": { "phone": "+966500000000" } }""");

        Assert.Equal("delivered", Text((await EndAsync(subscription)).GetProperty("delivery"), "status"));
        var effect = (await client.SendAsync("GET", "/api/effects")).Json.GetProperty("items")[0];
        Assert.Equal((twilio, subscription), (Text(effect, "connectionId"), Text(effect, "actor")));
    }

    [Fact]
    public async Task Refusal_ThatCannotChange_IsADeadLetterAtOnce()
    {
        var twilio = await ConnectTwilioAsync();
        var subscription = await SubscribeAsync(new
        {
            pattern = "app.order.paid",
            environment = "dev",
            target = new { kind = "operation", connection = twilio, operation = "sendSms", @params = new { To = "{event.data.phone}", From = "+15005550006", Body = "Paid" } },
        });

        await client.SendAsync("POST", "/api/events", """{ "type": "order.paid", "environment": "dev", "data": {} }""");

        var delivery = await EndAsync(subscription);
        Assert.Equal(("dead", 1), (Text(delivery.GetProperty("delivery"), "status"), delivery.GetProperty("attempts").GetArrayLength()));
        Assert.Contains("/params/To", Text(delivery.GetProperty("delivery"), "reason"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connection_OfAnotherProject_IsAnsweredAsOneThatIsNot()
    {
        using var other = await hub.AdminAsync("other");
        var theirs = await ConnectStripeAsync(other, "other");
        object Target(string connection) => new { pattern = "**", environment = "dev", target = new { kind = "operation", connection, operation = "retrieveBalance" } };

        var there = await client.SendAsync("POST", "/api/subscriptions", JsonSerializer.Serialize(Target(theirs)));
        var none = await client.SendAsync("POST", "/api/subscriptions", JsonSerializer.Serialize(Target("conn_none")));

        Assert.Equal((400, 400), (there.Status, none.Status));
        Assert.Equal(
            none.Json.GetProperty("errors").GetRawText().Replace("conn_none", theirs, StringComparison.Ordinal), there.Json.GetProperty("errors").GetRawText());
    }

    [Fact]
    public async Task Subscription_WhoseConnectionIsGone_CanStillBeDisabled()
    {
        var stripe = await ConnectStripeAsync();
        var subscription = await SubscribeAsync(new { pattern = "**", environment = "dev", target = new { kind = "operation", connection = stripe, operation = "retrieveBalance" } });
        Assert.Equal(204, (await client.SendAsync("DELETE", $"/api/connections/{stripe}")).Status);

        Assert.Equal(200, (await client.SendAsync("PATCH", $"/api/subscriptions/{subscription}", """{"enabled":false}""")).Status);
        Assert.Equal(400, (await client.SendAsync("PATCH", $"/api/subscriptions/{subscription}", """{"enabled":true}""")).Status);
    }

    [Fact]
    public async Task RabbitMq_PasswordIsNeverShown()
    {
        var made = await client.SendAsync("POST", "/api/subscriptions", """
            { "pattern": "app.**", "target": { "kind": "rabbitmq", "url": "amqps://broker.example.com/shop", "username": "hub", "password": "never-in-answers", "exchange": "events" } }
            """);

        Assert.True(made.Status == 201, made.Text);
        var shown = await client.SendAsync("GET", $"/api/subscriptions/{made["id"]}");
        Assert.DoesNotContain("never-in-answers", made.Text + shown.Text + (await client.SendAsync("GET", "/api/audit")).Text, StringComparison.Ordinal);
        Assert.Equal(("hub", "events"), (Text(shown.Json.GetProperty("target"), "username"), Text(shown.Json.GetProperty("target"), "exchange")));
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();

    private async Task<string> SubscribeAsync(object subscription)
    {
        var made = await client.SendAsync("POST", "/api/subscriptions", JsonSerializer.Serialize(subscription));
        Assert.True(made.Status == 201, made.Text);
        return made["id"]!;
    }

    private async Task<string> ConnectStripeAsync(HttpClient? by = null, string project = "shop") => await ConnectAsync(by ?? client, new
    {
        provider = "stripe", project, environment = "dev", config = new { secretKey = HubApi.StripeKey, webhookSecret = HubApi.StripeWebhookSecret },
        overrides = new { baseUrl = $"{hub.Address}/simulators/stripe" },
    });

    private Task<string> ConnectTwilioAsync() => ConnectAsync(client, new
    {
        provider = "twilio", project = "shop", environment = "dev", config = new { accountSid = "AC" + new string('0', 32), authToken = new string('7', 32), phoneNumber = "+15005550006" },
        overrides = new { baseUrl = $"{hub.Address}/simulators/twilio" },
    });

    private static async Task<string> ConnectAsync(HttpClient by, object connection)
    {
        var made = await by.SendAsync("POST", "/api/connections", JsonSerializer.Serialize(connection));
        Assert.True(made.Status == 201, made.Text);
        return made["id"]!;
    }

    /// <summary>The subscription's only delivery, once it is no longer pending.</summary>
    private async Task<JsonElement> EndAsync(string subscription)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (true)
        {
            var items = (await client.SendAsync("GET", $"/api/deliveries?subscription={subscription}")).Json.GetProperty("items");
            if (items.GetArrayLength() > 0 && Text(items[0], "status") != "pending")
                return (await client.SendAsync("GET", $"/api/deliveries/{Text(items[0], "id")}")).Json;
            await Task.Delay(20, patience.Token);
        }
    }
}
