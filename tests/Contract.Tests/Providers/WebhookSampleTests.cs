using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Contract.Tests.Providers.Rig;
using IntegrationHub.Manifests;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Contract.Tests.Providers;

/// <summary>The manifests' sample webhooks: signed, verified, and read as what they are listed as.</summary>
public sealed class WebhookSampleTests
{
    private const string Url = "https://hub.example.com/v1/webhooks/x/conn_contract";
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    /// <summary>All but those who sign with a certificate that an authority gave them (PayPal): nobody else can, so those are shown by recordings in <c>contract/webhooks</c>.</summary>
    public static TheoryData<string> Providers => [.. ProviderUnderTest.Ids.Where(id => ProviderUnderTest.Read(id).Webhooks is { } webhooks && webhooks.Verify[^1].Certificate is null)];

    [Theory]
    [MemberData(nameof(Providers))]
    public async Task Sample_OfEveryType_IsVerifiedAndReadAsThatType(string provider)
    {
        var hub = await ProviderUnderTest.StartAsync(provider);
        var (config, key) = Keys(hub);
        var webhooks = hub.Manifest.Webhooks!;
        var receiver = new WebhookReceiver(webhooks, null, TimeProvider.System);
        Assert.Equal(webhooks.Types.Keys.Order(), hub.Manifest.Simulator!.Webhooks.Keys.Order());

        var ids = new HashSet<string>();
        foreach (var (type, sample) in hub.Manifest.Simulator.Webhooks)
        {
            var signed = new WebhookSigner(webhooks.Verify[^1]).Sign(Request(sample), hub.Connection("", config), Now, $"msg_{type}", key);

            var verified = await receiver.VerifyAsync(signed, hub.Connection("", config), CancellationToken.None);
            Assert.True(verified.Ok, $"{type}: {verified.Failure}, {verified.Detail}");
            var found = Assert.Single(receiver.Extract(signed).Events);
            Assert.Equal(type, found.Type);
            if (found.ProviderEventId.StartsWith("sha256:", StringComparison.Ordinal))
                Assert.Equal("app_rate_limited", type);

            Assert.True(ids.Add(found.ProviderEventId), found.ProviderEventId);

            var forged = Forged(signed, webhooks.Verify[^1].Scheme);
            Assert.False((await receiver.VerifyAsync(forged, hub.Connection("", config), CancellationToken.None)).Ok, type);
        }
    }

    [Fact]
    public async Task Twilio_JsonBody_IsVerifiedByItsHashInTheAddress()
    {
        var hub = await ProviderUnderTest.StartAsync("twilio");
        var receiver = new WebhookReceiver(hub.Manifest.Webhooks!, null, TimeProvider.System);
        var sample = new SimulatorWebhook { Body = JsonElement.Parse("""{"MessageSid":"SM1","MessageStatus":"sent"}""") };
        var signed = new WebhookSigner(hub.Manifest.Webhooks!.Verify[0]).Sign(Request(sample), hub.Connection(""), Now);
        Assert.Contains("bodySHA256=", signed.Url, StringComparison.Ordinal);

        Assert.True((await receiver.VerifyAsync(signed, hub.Connection(""), CancellationToken.None)).Ok);

        var other = new WebhookRequest { Method = "POST", Url = signed.Url, Path = signed.Path, QueryString = signed.QueryString, Headers = signed.Headers, Body = "{}"u8.ToArray(), ReceivedAt = Now };
        Assert.False((await receiver.VerifyAsync(other, hub.Connection(""), CancellationToken.None)).Ok);
    }

    [Fact]
    public async Task Slack_AddressCheck_IsAnsweredAfterVerification()
    {
        var hub = await ProviderUnderTest.StartAsync("slack");
        var receiver = new WebhookReceiver(hub.Manifest.Webhooks!, null, TimeProvider.System);
        var request = Request(new SimulatorWebhook { Body = JsonElement.Parse("""{"token":"t","challenge":"3eZbrw1aB","type":"url_verification"}""") });

        var match = receiver.MatchChallenge(request, hub.Connection(""));

        Assert.Equal(("3eZbrw1aB", 200, true), (match!.Value.Response.Body, match.Value.Response.Status, match.Value.MustVerify));
    }

    [Fact]
    public async Task Twilio_Answer_IsAnEmptyInstruction()
    {
        var hub = await ProviderUnderTest.StartAsync("twilio");
        Assert.Equal(("<Response/>", "text/xml"), (hub.Manifest.Webhooks!.Respond.Body!.Value.GetString(), hub.Manifest.Webhooks.Respond.ContentType));
    }

    /// <summary>SendGrid signs with its own key: the test plays SendGrid with one of its own.</summary>
    private static (JsonElement Config, string? PrivateKey) Keys(ProviderUnderTest hub)
    {
        if (hub.Manifest.Id != "sendgrid")
            return (hub.Config, null);

        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var config = JsonNode.Parse(hub.Config.GetRawText())!.AsObject();
        config["webhookPublicKey"] = Convert.ToBase64String(pair.ExportSubjectPublicKeyInfo());
        return (JsonSerializer.SerializeToElement(config), pair.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>With another body; where only a password shows who sends, with none.</summary>
    private static WebhookRequest Forged(WebhookRequest signed, VerifyScheme scheme)
    {
        var body = signed.Body.ToArray();
        body[^2] ^= 1;
        var headers = scheme == VerifyScheme.Basic
            ? signed.Headers.Where(header => !header.Key.Equals("Authorization", StringComparison.OrdinalIgnoreCase)).ToDictionary(StringComparer.OrdinalIgnoreCase)
            : signed.Headers;
        return new WebhookRequest { Method = signed.Method, Url = signed.Url, Path = signed.Path, QueryString = signed.QueryString, Headers = headers, Body = body, ReceivedAt = Now };
    }

    private static WebhookRequest Request(SimulatorWebhook sample)
    {
        var form = sample.ContentType == "application/x-www-form-urlencoded";
        var body = form
            ? string.Join('&', sample.Body!.Value.EnumerateObject().Select(pair => $"{Uri.EscapeDataString(pair.Name)}={Uri.EscapeDataString(pair.Value.ToString())}"))
            : sample.Body!.Value.GetRawText();
        var headers = sample.Headers.Append(new("Content-Type", sample.ContentType)).ToDictionary(pair => pair.Key, IReadOnlyList<string> (pair) => [pair.Value], StringComparer.OrdinalIgnoreCase);
        return new WebhookRequest { Method = "POST", Url = Url, Path = new Uri(Url).AbsolutePath, Headers = headers, Body = Encoding.UTF8.GetBytes(body), ReceivedAt = Now };
    }
}
