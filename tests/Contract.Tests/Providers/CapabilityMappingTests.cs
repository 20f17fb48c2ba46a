using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Capabilities;
using IntegrationHub.Contract.Tests.Providers.Rig;
using IntegrationHub.Schemas;
using IntegrationHub.Templates;

namespace IntegrationHub.Contract.Tests.Providers;

/// <summary>What the providers make of the capabilities they implement.</summary>
public sealed class CapabilityMappingTests
{
    public static TheoryData<string, string> Implemented
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var provider in ProviderUnderTest.Ids)
                foreach (var (name, operation) in ProviderUnderTest.Read(provider).Operations)
                    if (operation.Implements is not null)
                        data.Add(provider, name);

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Implemented))]
    public async Task Map_TheCapabilitysExample_GivesValidParametersAndAValidResult(string provider, string operation)
    {
        var hub = await ProviderUnderTest.StartAsync(provider);
        var described = hub.Manifest.Operations[operation];
        var capability = CapabilityCatalog.Find(described.Implements!.Capability)!;

        // An id of the example is nobody's: each provider has its own form of them.
        var example = JsonElement.Parse(capability.ExampleParams.GetRawText().Replace("pay_1", "pi_1", StringComparison.Ordinal));
        var parameters = Map(hub, operation, example);
        var issues = SchemaValidator.Compile(described.Params!.Value).Validate(parameters);
        Assert.True(issues.Count == 0, $"{parameters}\n{string.Join('\n', issues)}");

        using var http = new CannedAnswer(hub.Manifest.Simulator!.Operations[operation][^1]);
        var simulated = await ProviderUnderTest.StartAsync(provider, http: http);
        var answer = await simulated.RunAsync("https://provider.example.com", operation, parameters);
        Assert.True(answer.Succeeded, answer.Error?.ToString());
        var result = Result(hub, operation, answer);
        issues = SchemaValidator.Compile(capability.Result).Validate(result);
        Assert.True(issues.Count == 0, $"{result}\n{string.Join('\n', issues)}");
    }

    [Theory]
    [InlineData("stripe", "createPaymentIntent", """{"amountMinor":1050,"currency":"SAR","reference":"o1","metadata":{"a":"b"},"capture":false,"customer":{"id":"cus_1"}}""",
        """{"amount":1050,"currency":"sar","capture_method":"manual","customer":"cus_1","metadata":{"a":"b","reference":"o1"},"automatic_payment_methods":{"enabled":true,"allow_redirects":"always"}}""")]
    [InlineData("stripe", "createPaymentIntent", """{"amountMinor":5000,"currency":"ISK","paymentMethod":"pm_1"}""",
        """{"amount":500000,"currency":"isk","payment_method":"pm_1","confirm":true,"automatic_payment_methods":{"enabled":true,"allow_redirects":"never"}}""")]
    [InlineData("stripe", "createPaymentIntent", """{"amountMinor":5000,"currency":"KWD","paymentMethod":"pm_1","returnUrl":"https://a.example.com"}""",
        """{"amount":5000,"currency":"kwd","payment_method":"pm_1","confirm":true,"return_url":"https://a.example.com","automatic_payment_methods":{"enabled":true,"allow_redirects":"always"}}""")]
    [InlineData("stripe", "createRefund", """{"paymentId":"pi_1","amountMinor":500,"reason":"other"}""", """{"payment_intent":"pi_1","amount":500}""")]
    [InlineData("stripe", "createRefund", """{"paymentId":"pi_1","amountMinor":500,"currency":"UGX","reason":"duplicate"}""", """{"payment_intent":"pi_1","amount":50000,"reason":"duplicate"}""")]
    [InlineData("stripe", "createCheckoutSession", """{"currency":"USD","items":[{"name":"Tea","quantity":2,"unitAmountMinor":250,"sku":"T1"},{"name":"Cup","quantity":1,"unitAmountMinor":900}],"successUrl":"https://a.example.com","language":"ar"}""",
        """{"mode":"payment","success_url":"https://a.example.com","locale":"auto","line_items":[{"quantity":2,"price_data":{"currency":"usd","unit_amount":250,"product_data":{"name":"Tea","metadata":{"sku":"T1"}}}},{"quantity":1,"price_data":{"currency":"usd","unit_amount":900,"product_data":{"name":"Cup"}}}]}""")]
    [InlineData("sendgrid", "sendMail", """{"from":{"email":"a@example.com"},"to":[{"email":"b@example.com"}],"subject":"s","html":"<p>h</p>","attachments":[{"filename":"f","content":"aGk="},{"filename":"g","content":"aGk=","contentType":"image/png","contentId":"i"}],"sendAt":"2030-01-01T00:00:00Z"}""",
        """{"personalizations":[{"to":[{"email":"b@example.com"}]}],"subject":"s","content":[{"type":"text/html","value":"<p>h</p>"}],"from":{"email":"a@example.com"},"attachments":[{"content":"aGk=","filename":"f","disposition":"attachment"},{"content":"aGk=","filename":"g","type":"image/png","content_id":"i","disposition":"inline"}],"send_at":1893456000}""")]
    [InlineData("twilio", "makeCall", """{"to":"+966500000000","say":"<b> & co","language":"ar"}""",
        """{"To":"+966500000000","Twiml":"<Response><Say language=\"arb\">&lt;b&gt; &amp; co</Say></Response>"}""")]
    [InlineData("twilio", "makeCall", """{"to":"+966500000000","say":"x","instructionsUrl":"https://a.example.com/t"}""", """{"To":"+966500000000","Url":"https://a.example.com/t","Method":"POST"}""")]
    [InlineData("twilio", "makeCall", """{"to":"+966500000000","audioUrl":"https://a.example.com/a.mp3"}""", """{"To":"+966500000000","Url":"https://a.example.com/a.mp3","Method":"GET"}""")]
    [InlineData("elasticsearch", "search", """{"index":"products"}""", """{"index":"products","size":20,"track_total_hits":true}""")]
    [InlineData("elasticsearch", "search", """{"index":"products","query":"tea","filters":{"term":{"a":1}},"fields":["name"],"sort":["price"],"offset":5,"limit":10}""",
        """{"index":"products","query":{"bool":{"must":[{"multi_match":{"query":"tea","zero_terms_query":"all","lenient":true}}],"filter":[{"term":{"a":1}}]}},"from":5,"size":10,"_source":["name"],"sort":["price"],"track_total_hits":true}""")]
    public async Task Map_Parameters_AreTheProviders(string provider, string operation, string capability, string expected)
    {
        var hub = await ProviderUnderTest.StartAsync(provider);

        var mapped = Map(hub, operation, JsonElement.Parse(capability));

        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(expected), mapped), mapped.ToString());
        Assert.Empty(SchemaValidator.Compile(hub.Manifest.Operations[operation].Params!.Value).Validate(mapped));
    }

    /// <summary>What a provider cannot do is refused, never done by half.</summary>
    [Theory]
    [InlineData("stripe", "updateSubscription", """{"subscriptionId":"sub_1","atPeriodEnd":false}""", "/id")]
    [InlineData("stripe", "createSubscription", """{"customerId":"cus_1","planId":"price_1","startAt":"2030-01-01T00:00:00Z"}""", "/customer")]
    [InlineData("stripe", "createCheckoutSession", """{"currency":"USD","items":[{"name":"Tea","quantity":2,"unitAmountMinor":250,"taxAmountMinor":38}],"successUrl":"https://a.example.com"}""", "/mode")]
    [InlineData("twilio", "sendSms", """{"to":"+966500000000","text":"x","sendAt":"2030-01-01T00:00:00Z"}""", "/To")]
    public async Task Map_WhatTheProviderCannotDo_IsRefused(string provider, string operation, string capability, string missing)
    {
        var hub = await ProviderUnderTest.StartAsync(provider);

        var mapped = Map(hub, operation, JsonElement.Parse(capability));

        Assert.False(mapped.TryGetProperty(missing[1..], out _), mapped.ToString());
        Assert.NotEmpty(SchemaValidator.Compile(hub.Manifest.Operations[operation].Params!.Value).Validate(mapped));
    }

    private static JsonElement Map(ProviderUnderTest hub, string operation, JsonElement parameters) =>
        Render(hub.Manifest.Operations[operation].Implements!.Params!.Value, new TemplateScope().Set("params", parameters).Set("config", hub.Config));

    private static JsonElement Result(ProviderUnderTest hub, string operation, OperationResult answer) =>
        Render(hub.Manifest.Operations[operation].Implements!.Result!.Value, new TemplateScope().Set("result", answer.Value).Set("", answer.Value));

    private static JsonElement Render(JsonElement template, TemplateScope scope) => JsonSerializer.SerializeToElement(Template.Compile(template).Render(scope));
}
