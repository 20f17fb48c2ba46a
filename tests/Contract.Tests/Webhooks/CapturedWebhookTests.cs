using System.Text;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Manifests;
using IntegrationHub.Tests.Support;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Contract.Tests.Webhooks;

/// <summary>Webhooks that others captured or computed, read from <c>HUB_SHARED</c> (default <c>../shared</c> beside the repository).</summary>
public sealed class CapturedWebhookTests
{
    private const string TransactionFields =
        "amount_cents created_at currency error_occured has_parent_transaction id integration_id is_3d_secure is_auth is_capture is_refunded is_standalone_payment is_voided "
        + "order/id owner pending source_data/pan source_data/sub_type source_data/type success";

    private const string TokenFields = "card_subtype created_at email id masked_pan merchant_id order_id token";

    [SkippableTheory]
    [InlineData("transaction-success.json", TransactionFields)]
    [InlineData("card-token.json", TokenFields)]
    public async Task Paymob_GoldenVector_IsAcceptedAndAChangedAmountIsNot(string file, string fields)
    {
        var sample = JsonDocument.Parse(await File.ReadAllBytesAsync(Sample("paymob", file))).RootElement;
        var scheme = new VerifyManifest
        {
            Scheme = VerifyScheme.Hmac, Algorithm = "sha512", Secret = "{config.hmacSecret}", Query = "hmac", Signed = string.Concat(fields.Split(' ').Select(field => $"{{/obj/{field}}}")),
        };
        var receiver = new WebhookReceiver(new WebhooksManifest { Verify = [scheme] }, null, TimeProvider.System);
        var connection = Connection(new { hmacSecret = sample.GetProperty("secret").GetString() });
        var url = "https://hub.example/v1/webhooks/paymob/conn_1?hmac=" + sample.GetProperty("hmac").GetString();
        var body = sample.GetProperty("payload").GetRawText();

        var genuine = await receiver.VerifyAsync(VendorSignatureTests.Request(body, url), connection, CancellationToken.None);
        var changed = await receiver.VerifyAsync(
            VendorSignatureTests.Request(body.Replace("\"id\": ", "\"id\": 9", StringComparison.Ordinal), url), connection, CancellationToken.None);

        Assert.True(genuine.Ok, genuine.Detail);
        Assert.Equal(VerificationFailure.SignatureMismatch, changed.Failure);
    }

    [SkippableFact]
    public async Task Adyen_CapturedBasicCredentials_AreAccepted()
    {
        var sample = JsonDocument.Parse(await File.ReadAllBytesAsync(Sample("adyen", "hookdeck", "1__AUTHORISATION.json"))).RootElement;
        var header = sample.GetProperty("headers").GetProperty("authorization").GetString()!;
        var credentials = Encoding.UTF8.GetString(Convert.FromBase64String(header["Basic ".Length..])).Split(':');
        var scheme = new VerifyManifest { Scheme = VerifyScheme.Basic, Username = "{config.user}", Password = "{config.password}" };
        var receiver = new WebhookReceiver(
            new WebhooksManifest
            {
                Verify = [scheme],
                Event = new EventManifest
                {
                    Batch = "/notificationItems", Id = ["/NotificationRequestItem/pspReference"], Type = ["/NotificationRequestItem/eventCode"],
                    Time = ["/NotificationRequestItem/eventDate"], Data = "/NotificationRequestItem",
                },
            },
            null,
            TimeProvider.System);
        var request = VendorSignatureTests.Request(sample.GetProperty("body").GetRawText(), "https://hub.example/x", ("Authorization", header));

        var right = await receiver.VerifyAsync(request, Connection(new { user = credentials[0], password = credentials[1] }), CancellationToken.None);
        var wrong = await receiver.VerifyAsync(request, Connection(new { user = credentials[0], password = "other" }), CancellationToken.None);
        var extracted = Assert.Single(receiver.Extract(request).Events);

        Assert.True(right.Ok, right.Detail);
        Assert.Equal(VerificationFailure.SignatureMismatch, wrong.Failure);
        Assert.Equal("AUTHORISATION", extracted.Type);
        Assert.False(extracted.ProviderEventId.StartsWith("sha256:", StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task Tabby_SharedSecretHeader_IsAccepted()
    {
        var delivery = JsonDocument.Parse(await File.ReadAllBytesAsync(Sample("tabby", "tabby-webhook-event-example.json"))).RootElement.GetProperty("delivery");
        var token = delivery.GetProperty("headers").GetProperty("X-Tabby-Signature").GetString()!;
        var receiver = new WebhookReceiver(
            new WebhooksManifest
            {
                Verify = [new VerifyManifest { Scheme = VerifyScheme.Token, Header = "X-Tabby-Signature", Secret = "{config.token}" }],
                Event = new EventManifest { Id = ["{/id}:{/status}"], Type = ["payment.{/status}"], Time = ["/created_at"] },
            },
            null,
            TimeProvider.System);
        var request = VendorSignatureTests.Request(delivery.GetProperty("body").GetRawText(), "https://hub.example/x", ("X-Tabby-Signature", token));

        Assert.True((await receiver.VerifyAsync(request, Connection(new { token }), CancellationToken.None)).Ok);
        Assert.False((await receiver.VerifyAsync(request, Connection(new { token = token + "x" }), CancellationToken.None)).Ok);
        Assert.Equal("payment.authorized", Assert.Single(receiver.Extract(request).Events).Type);
    }

    private static ConnectionContext Connection(object config) => new()
    {
        Id = "conn_1", Project = "shop", Provider = "vendor", Environment = "prod", Alias = "default", Config = JsonSerializer.SerializeToElement(config),
    };

    private static string Sample(params string[] parts) => Require.Shared(["contracts", "webhook-samples", .. parts]);
}
