using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Contract.Tests.Providers.Rig;
using IntegrationHub.Tests.Support;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Contract.Tests.Providers;

/// <summary>Whole stories against servers that keep state, and the webhooks that those servers sign themselves.</summary>
public sealed class EmulatorTests
{
    [SkippableFact]
    public async Task Stripe_CustomerPays_IsFollowedToItsWebhook()
    {
        await using var endpoint = await Receiver.StartAsync();
        await using var stripe = await Emulator.StartAsync("stripe", $$"""
            stripe:
              webhooks:
                - { url: "{{Webhook(endpoint)}}", secret: {{ProviderConfigs.Of("stripe", "webhookSecret")}}, events: ["*"] }
            """);
        var hub = await ProviderUnderTest.StartAsync("stripe");

        var customer = await Succeed(hub.RunAsync(stripe.Address, "createCustomer", new { email = "layla@example.com", name = "ليلى حداد", metadata = new { order_id = "6735" } }));
        var id = Text(customer, "id");
        var intent = await Succeed(hub.RunAsync(stripe.Address, "createPaymentIntent", new { amount = 2000, currency = "sar", customer = id, metadata = new { order_id = "6735" } }));
        Assert.Equal("requires_payment_method", Text(intent, "status"));
        await Succeed(hub.RunAsync(stripe.Address, "confirmPaymentIntent", new { id = Text(intent, "id"), payment_method = "pm_card_visa" }));
        var paid = await Succeed(hub.RunAsync(stripe.Address, "retrievePaymentIntent", new { id = Text(intent, "id") }));

        Assert.Equal(("succeeded", 2000, id), (Text(paid, "status"), paid.GetProperty("amount").GetInt32(), Text(paid, "customer")));
        Assert.Equal("6735", paid.GetProperty("metadata").GetProperty("order_id").GetString());
        var missing = await hub.RunAsync(stripe.Address, "retrieveCustomer", new { id = "cus_missing" });
        Assert.Equal((ErrorCategory.NotFound, "resource_missing"), (missing.Error!.Category, missing.Error.ProviderCode));

        var seen = new List<string>();
        while (!seen.Contains("payment_intent.succeeded"))
            seen.AddRange(await ReadWebhookAsync(hub, endpoint, await endpoint.NextAsync()));

        Assert.Contains("customer.created", seen);
    }

    [SkippableFact]
    public async Task Stripe_CustomerList_IsReadPageByPage()
    {
        await using var stripe = await Emulator.StartAsync("stripe", "stripe: {}");
        var hub = await ProviderUnderTest.StartAsync("stripe");
        var made = new HashSet<string>();
        for (var i = 0; i < 5; i++)
            made.Add(Text(await Succeed(hub.RunAsync(stripe.Address, "createCustomer", new { email = $"c{i}@example.com" })), "id"));

        var (found, cursor) = (new List<string>(), default(string));
        do
        {
            var page = await hub.RunAsync(stripe.Address, "listCustomers", new { limit = 2 }, cursor);
            Assert.True(page.Succeeded, page.Error?.ToString());
            Assert.InRange(page.Items!.Value.GetArrayLength(), 1, 2);
            found.AddRange(page.Items.Value.EnumerateArray().Select(item => Text(item, "id")));
            cursor = page.NextCursor;
        }
        while (cursor is not null);

        Assert.Equal(found.Count, found.Distinct().Count());
        Assert.Subset(found.ToHashSet(), made);
    }

    [SkippableFact]
    public async Task Twilio_MessageIsSent_IsListedAndReported()
    {
        await using var endpoint = await Receiver.StartAsync();
        await using var twilio = await Emulator.StartAsync("twilio", $$"""
            twilio:
              account: { sid: {{ProviderConfigs.Of("twilio", "accountSid")}}, auth_token: {{ProviderConfigs.Of("twilio", "authToken")}} }
              phone_numbers: [{ phone_number: "+15005550006" }]
            """);
        var hub = await ProviderUnderTest.StartAsync("twilio");

        var sent = await Succeed(hub.RunAsync(twilio.Address, "sendSms", new { To = "+15005550010", Body = "طلبك 6735 & هدية + توصيل", StatusCallback = Webhook(endpoint) }));
        var fetched = await Succeed(hub.RunAsync(twilio.Address, "fetchMessage", new { Sid = Text(sent, "sid") }));
        Assert.Equal(("طلبك 6735 & هدية + توصيل", "+15005550006"), (Text(fetched, "body"), Text(fetched, "from")));
        var listed = await hub.RunAsync(twilio.Address, "listMessages", new { To = "+15005550010" });
        Assert.Contains(listed.Items!.Value.EnumerateArray(), item => Text(item, "sid") == Text(sent, "sid"));
        var missing = await hub.RunAsync(twilio.Address, "fetchMessage", new { Sid = "SM" + new string('f', 32) });
        Assert.Equal((ErrorCategory.NotFound, "20404"), (missing.Error!.Category, missing.Error.ProviderCode));

        var types = await ReadWebhookAsync(hub, endpoint, await endpoint.NextAsync());
        Assert.StartsWith("message.", Assert.Single(types), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Slack_ChannelIsMadeAndWrittenTo_AnswersAsSlackDoes()
    {
        await using var slack = await Emulator.StartAsync("slack", """
            tokens:
              xoxb-contract: { login: developer, scopes: ["chat:write", "channels:read", "channels:manage", "users:read.email"] }
            slack:
              team: { name: W, domain: w }
              users: [{ name: developer, real_name: Dev, email: d@example.com }, { name: layla, real_name: Layla, email: layla@example.com }]
              channels: [{ name: general }, { name: random }]
            """);

        // Slack takes GET for reading methods, as its pages say; the emulator knows only POST. The parameters, pages and answers are the same.
        var hub = await ProviderUnderTest.StartAsync("slack", manifest =>
        {
            foreach (var operation in (string[])["listChannels", "findUserByEmail"])
                manifest["operations"]![operation]!["http"]!["method"] = "POST";
        });

        await Succeed(hub.RunAsync(slack.Address + "/api", "authTest", new { }));
        var made = await Succeed(hub.RunAsync(slack.Address + "/api", "createChannel", new { name = "orders-2024" }));
        var channel = Text(made.GetProperty("channel"), "id");
        var taken = await hub.RunAsync(slack.Address + "/api", "createChannel", new { name = "orders-2024" });
        Assert.Equal((ErrorCategory.Conflict, "name_taken"), (taken.Error!.Category, taken.Error.ProviderCode));

        var posted = await Succeed(hub.RunAsync(slack.Address + "/api", "postMessage", new { channel, text = "طلب 6735 & هدية", blocks = new[] { new { type = "section", text = new { type = "mrkdwn", text = "*6735*" } } } }));
        Assert.Equal("طلب 6735 & هدية", Text(posted.GetProperty("message"), "text"));
        var answered = await Succeed(hub.RunAsync(slack.Address + "/api", "postMessage", new { channel, text = "done", thread_ts = Text(posted, "ts") }));
        Assert.Equal(Text(posted, "ts"), Text(answered.GetProperty("message"), "thread_ts"));
        var lost = await hub.RunAsync(slack.Address + "/api", "postMessage", new { channel = "C0MISSING", text = "x" });
        Assert.Equal((ErrorCategory.NotFound, "channel_not_found"), (lost.Error!.Category, lost.Error.ProviderCode));

        var person = await Succeed(hub.RunAsync(slack.Address + "/api", "findUserByEmail", new { email = "layla@example.com" }));
        var opened = await Succeed(hub.RunAsync(slack.Address + "/api", "openConversation", new { users = new[] { Text(person.GetProperty("user"), "id") } }));
        var conversation = Text(opened.GetProperty("channel"), "id");
        var direct = await Succeed(hub.RunAsync(slack.Address + "/api", "postMessage", new { channel = conversation, text = "مرحبا" }));
        Assert.Equal(conversation, Text(direct, "channel"));

        var (names, cursor) = (new List<string>(), default(string));
        do
        {
            var page = await hub.RunAsync(slack.Address + "/api", "listChannels", new { limit = 1 }, cursor);
            Assert.True(page.Succeeded, page.Error?.ToString());
            names.AddRange(page.Items!.Value.EnumerateArray().Select(item => Text(item, "name")));
            cursor = page.NextCursor;
        }
        while (cursor is not null);

        Assert.Superset(new HashSet<string> { "general", "random", "orders-2024" }, names.ToHashSet());
    }

    private static string Webhook(Receiver endpoint) => endpoint.Address.ToString().TrimEnd('/') + "/v1/webhooks/x/conn_contract";

    /// <summary>Takes a webhook as the hub would: verified by the manifest's rules, then read. A changed body must not pass.</summary>
    private static async Task<IEnumerable<string>> ReadWebhookAsync(ProviderUnderTest hub, Receiver endpoint, ReceivedRequest received)
    {
        var receiver = new WebhookReceiver(hub.Manifest.Webhooks!, null, TimeProvider.System);
        WebhookRequest Request(byte[] body) => new()
        {
            Method = received.Method, Url = endpoint.Address.ToString().TrimEnd('/') + received.PathAndQuery, Path = received.PathAndQuery.Split('?')[0], Body = body, ReceivedAt = TimeProvider.System.GetUtcNow(),
            Headers = received.Headers.ToDictionary(pair => pair.Key, IReadOnlyList<string> (pair) => [pair.Value], StringComparer.OrdinalIgnoreCase),
        };

        var verified = await receiver.VerifyAsync(Request(received.Body), hub.Connection(""), CancellationToken.None);
        Assert.True(verified.Ok, $"{verified.Failure}: {verified.Detail}");
        var changed = received.Body.ToArray();
        changed[^2] ^= 1;
        Assert.False((await receiver.VerifyAsync(Request(changed), hub.Connection(""), CancellationToken.None)).Ok);
        return receiver.Extract(Request(received.Body)).Events.Select(found => found.Type);
    }

    private static async Task<JsonElement> Succeed(Task<OperationResult> call)
    {
        var result = await call;
        Assert.True(result.Succeeded, result.Error?.ToString());
        return result.Value;
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
