using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Contract.Tests.Hub;

/// <summary>Whole flows against emulators that keep state and send signed webhooks back to the hub.</summary>
public sealed class EmulatedProviderTests
{
    private const string Sender = "+15551234567";
    private static readonly string TwilioAccount = "AC" + new string('0', 32);
    private static readonly string TwilioToken = "twilio" + "_test_" + "auth_token";
    private static readonly string SlackToken = "xoxb" + "-emulated-" + new string('7', 12);

    [SkippableFact]
    public async Task Stripe_CustomerPaidByPaymentIntent_KeepsStateAndSendsItsEvents()
    {
        var (hub, port) = await StartHubAsync();
        await using var stopping = hub;
        await using var receiver = await Receiver.StartAsync();
        var emulatorPort = HubProcess.FreePort();
        var connection = await hub.CreateStripeConnectionAsync($"http://127.0.0.1:{emulatorPort}");
        await hub.SubscribeAsync("stripe.payment_intent.succeeded", receiver.Address);
        var webhookUrl = (await hub.GetAsync($"/api/connections/{connection}")).GetProperty("webhookUrl").GetString();
        Assert.Equal($"http://127.0.0.1:{port}/v1/webhooks/stripe/{connection}", webhookUrl);
        await using var emulator = await EmulateAsync("stripe", emulatorPort, new { stripe = new { webhooks = new[] { new { url = webhookUrl, secret = HubApi.StripeWebhookSecret, events = new[] { "*" } } } } });

        var customer = await RunAsync(hub, connection, "createCustomer", new { email = "buyer@example.com", name = "مشترٍ", metadata = new { plan = "gold" } });
        var customerId = customer.GetProperty("id").GetString();
        var intent = await RunAsync(hub, connection, "createPaymentIntent", new { amount = 2000, currency = "sar", customer = customerId, metadata = new { order = "42" } });
        Assert.Equal("requires_payment_method", intent.GetProperty("status").GetString());
        var id = intent.GetProperty("id").GetString();
        var confirmed = await RunAsync(hub, connection, "confirmPaymentIntent", new { id, payment_method = "pm_card_visa" });
        Assert.Equal("succeeded", confirmed.GetProperty("status").GetString());

        var kept = await RunAsync(hub, connection, "retrievePaymentIntent", new { id });
        Assert.Equal("succeeded", kept.GetProperty("status").GetString());
        Assert.Equal(2000, kept.GetProperty("amount").GetInt32());
        Assert.Equal("42", kept.GetProperty("metadata").GetProperty("order").GetString());
        Assert.Equal(customerId, kept.GetProperty("customer").GetString());
        var buyer = await RunAsync(hub, connection, "retrieveCustomer", new { id = customerId });
        Assert.Equal("مشترٍ", buyer.GetProperty("name").GetString());
        Assert.Equal("gold", buyer.GetProperty("metadata").GetProperty("plan").GetString());
        Assert.Equal((409, "conflict"), await FailAsync(hub, connection, "confirmPaymentIntent", new { id }));
        Assert.Equal((404, "not_found"), await FailAsync(hub, connection, "retrievePaymentIntent", new { id = "pi_missing" }));

        // The emulator answers an operation only after the hub has answered its webhooks, so they are all there.
        Assert.Equal(
            ["stripe.charge.succeeded", "stripe.customer.created", "stripe.payment_intent.created", "stripe.payment_intent.succeeded"],
            (await hub.ListAsync("/api/events")).Select(TypeOf).Order(StringComparer.Ordinal));
        using var delivered = JsonDocument.Parse((await receiver.NextAsync()).Body);
        Assert.Equal(id, delivered.RootElement.GetProperty("subject").GetString());
        Assert.Equal(2000, delivered.RootElement.GetProperty("data").GetProperty("data").GetProperty("object").GetProperty("amount").GetInt32());
        await StopAsync(hub);
    }

    [SkippableFact]
    public async Task Twilio_SmsSentAndReceived_KeepsStateAndItsCallbacksAreVerified()
    {
        var (hub, _) = await StartHubAsync();
        await using var stopping = hub;
        var emulatorPort = HubProcess.FreePort();
        var connection = await hub.CreateConnectionAsync(
            "twilio", new { accountSid = TwilioAccount, authToken = TwilioToken, phoneNumber = Sender }, $"http://127.0.0.1:{emulatorPort}");
        var webhookUrl = (await hub.GetAsync($"/api/connections/{connection}")).GetProperty("webhookUrl").GetString()!;
        await using var emulator = await EmulateAsync("twilio", emulatorPort, new
        {
            twilio = new { account = new { sid = TwilioAccount, auth_token = TwilioToken }, phone_numbers = new[] { new { phone_number = Sender, sms_url = webhookUrl } } },
        });

        // The sender comes from the connection. The callback's address has a query, which the signature covers.
        var sent = await RunAsync(hub, connection, "sendSms", new Dictionary<string, string> { ["To"] = "+15557654321", ["Body"] = "مرحبا & welcome + more", ["StatusCallback"] = webhookUrl + "?order=4%202" });
        var sid = sent.GetProperty("sid").GetString()!;
        Assert.Equal(Sender, sent.GetProperty("from").GetString());
        Assert.Equal("queued", sent.GetProperty("status").GetString());
        await SimulateAsync(emulator, "message-status", ("MessageSid", sid), ("Status", "delivered"));
        await SimulateAsync(emulator, "inbound-message", ("To", Sender), ("From", "+15557654321"), ("Body", "شكرًا = thanks"));

        var kept = await RunAsync(hub, connection, "fetchMessage", new Dictionary<string, string> { ["Sid"] = sid });
        Assert.Equal("delivered", kept.GetProperty("status").GetString());
        Assert.Equal("مرحبا & welcome + more", kept.GetProperty("body").GetString());
        Assert.Equal((404, "not_found"), await FailAsync(hub, connection, "fetchMessage", new Dictionary<string, string> { ["Sid"] = "SM" + new string('f', 32) }));

        var events = await hub.ListAsync("/api/events");
        Assert.Equal(["twilio.message.delivered", "twilio.message.queued", "twilio.message.received"], events.Select(TypeOf).Order(StringComparer.Ordinal));
        Assert.Equal(2, events.Count(item => item.GetProperty("subject").GetString() == sid));

        using var form = new FormUrlEncodedContent(new Dictionary<string, string> { ["MessageSid"] = sid, ["MessageStatus"] = "failed" });
        using var forged = new HttpRequestMessage(HttpMethod.Post, webhookUrl) { Content = form, Headers = { { "X-Twilio-Signature", Convert.ToBase64String(new byte[20]) } } };
        using var refused = await hub.Client.SendAsync(forged);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal(3, (await hub.ListAsync("/api/events")).Count);
        await StopAsync(hub);
    }

    [SkippableFact]
    public async Task Slack_ChannelMadeListedInvitedToAndPostedIn_KeepsStateAndMapsErrorsInsideA200()
    {
        var plugins = PostingSlack();
        var (hub, _) = await StartHubAsync(System.IO.Path.Combine(plugins.FullName, "plugins.json"));
        await using var stopping = hub;
        var emulatorPort = HubProcess.FreePort();
        var connection = await hub.CreateConnectionAsync("slack", new { botToken = SlackToken }, $"http://127.0.0.1:{emulatorPort}/api");
        await using var emulator = await EmulateAsync("slack", emulatorPort, new
        {
            slack = new
            {
                team = new { name = "Works", domain = "works" },
                users = new[] { new { name = "developer", real_name = "Dev", email = "dev@example.com" } },
                channels = new[] { new { name = "one" }, new { name = "two" } },
                tokens = new[] { new { token = SlackToken, user = "admin" } },
            },
        });

        Assert.Equal("Works", (await RunAsync(hub, connection, "authTest", new { })).GetProperty("team").GetString());
        var user = (await RunAsync(hub, connection, "findUserByEmail", new { email = "dev@example.com" })).GetProperty("user").GetProperty("id").GetString()!;
        var channel = (await RunAsync(hub, connection, "createChannel", new { name = "launch" })).GetProperty("channel").GetProperty("id").GetString()!;
        await RunAsync(hub, connection, "inviteToChannel", new { channel, users = new[] { user } });
        var posted = await RunAsync(hub, connection, "postMessage", new { channel, text = "إطلاق & more", blocks = new[] { new { type = "divider" } } });
        Assert.Equal("إطلاق & more", posted.GetProperty("message").GetProperty("text").GetString());

        var first = await hub.PostAsync(Path(connection, "listChannels"), new { @params = new { limit = 2 } });
        var cursor = first.GetProperty("meta").GetProperty("nextCursor").GetString();
        Assert.NotNull(cursor);
        var second = await hub.PostAsync(Path(connection, "listChannels"), new { @params = new { limit = 2 }, page = new { cursor } });
        var all = await hub.PostAsync(Path(connection, "listChannels"), new { @params = new { limit = 2 }, page = new { all = true } });
        var names = all.GetProperty("result").EnumerateArray().Select(NameOf).ToList();
        Assert.Equal(names[..4], first.GetProperty("result").GetProperty("channels").EnumerateArray().Concat(second.GetProperty("result").GetProperty("channels").EnumerateArray()).Select(NameOf));
        Assert.Equal(["general", "launch", "one", "random", "two"], names.Order(StringComparer.Ordinal));

        Assert.Equal((404, "not_found"), await FailAsync(hub, connection, "postMessage", new { channel = "C_MISSING", text = "x" }));
        Assert.Equal((409, "conflict"), await FailAsync(hub, connection, "createChannel", new { name = "launch" }));
        Assert.Equal((409, "conflict"), await FailAsync(hub, connection, "inviteToChannel", new { channel, users = new[] { user } }));
        await StopAsync(hub);
        plugins.Delete(recursive: true);
    }

    private static string Path(string connection, string operation) => $"/api/connections/{connection}/operations/{operation}";

    private static string TypeOf(JsonElement item) => item.GetProperty("type").GetString()!;

    private static string NameOf(JsonElement channel) => channel.GetProperty("name").GetString()!;

    /// <summary>The plugin with its reading methods posted: Slack takes them both ways, the emulator only so. Parameters, pages and answers are the same.</summary>
    private static DirectoryInfo PostingSlack()
    {
        var folder = Directory.CreateTempSubdirectory("hub-slack-");
        var plugin = folder.CreateSubdirectory("slack");
        foreach (var file in Directory.EnumerateFiles(Repository.At("plugins", "slack")))
            File.Copy(file, System.IO.Path.Combine(plugin.FullName, System.IO.Path.GetFileName(file)));

        var path = System.IO.Path.Combine(plugin.FullName, "manifest.json");
        var manifest = JsonNode.Parse(File.ReadAllText(path))!;
        foreach (var operation in (string[])["listChannels", "findUserByEmail"])
        {
            var http = manifest["operations"]![operation]!["http"]!.AsObject();
            http["method"] = "POST";
            http["body"] = http.Remove("query", out var query) && query is not null ? new JsonObject { ["kind"] = "form", ["template"] = query } : "form";
        }

        File.WriteAllText(path, manifest.ToJsonString());
        File.WriteAllText(System.IO.Path.Combine(folder.FullName, "plugins.json"), """{ "plugins": ["slack"] }""");
        return folder;
    }

    private static async Task<(HubProcess Hub, int Port)> StartHubAsync(string? plugins = null)
    {
        // Skips before anything is started.
        await NodeToolchain.GetAsync();
        var port = HubProcess.FreePort();
        return (await HubProcess.StartAsync(plugins: plugins, port: port, variables: new Dictionary<string, string> { ["HUB_PUBLIC_URL"] = $"http://127.0.0.1:{port}" }), port);
    }

    private static async Task<NodeServer> EmulateAsync(string service, int port, object seed)
    {
        var node = await NodeToolchain.GetAsync();
        var scratch = Directory.CreateTempSubdirectory("hub-emulate-");
        var seedFile = System.IO.Path.Combine(scratch.FullName, "seed.json");
        await File.WriteAllTextAsync(seedFile, JsonSerializer.Serialize(seed));
        return await node.StartAsync(
            port, scratch, "node_modules/emulate/dist/index.js", "start", "--service", service, "--port", port.ToString(CultureInfo.InvariantCulture), "--seed", seedFile);
    }

    private static async Task SimulateAsync(NodeServer emulator, string what, params (string Name, string Value)[] form)
    {
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes($"{TwilioAccount}:{TwilioToken}")));
        using var content = new FormUrlEncodedContent(form.Select(field => KeyValuePair.Create(field.Name, field.Value)));
        using var answer = await client.PostAsync(new Uri(emulator.Address, $"/_twilio/simulate/{what}"), content);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static async Task<JsonElement> RunAsync(HubProcess hub, string connection, string operation, object parameters) =>
        (await hub.PostAsync(Path(connection, operation), new { @params = parameters })).GetProperty("result");

    private static async Task<(int Status, string Code)> FailAsync(HubProcess hub, string connection, string operation, object parameters)
    {
        using var answer = await hub.Client.PostAsJsonAsync(Path(connection, operation), new { @params = parameters });
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return ((int)answer.StatusCode, problem.TryGetProperty("code", out var code) ? code.GetString()! : "none");
    }

    private static async Task StopAsync(HubProcess hub)
    {
        await hub.StopAsync();
        hub.DeleteData();
    }
}
