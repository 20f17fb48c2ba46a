using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Contract.Tests.Providers.Rig;
using IntegrationHub.Tests.Support;
using Xunit.Abstractions;

namespace IntegrationHub.Contract.Tests.Providers;

/// <summary>Every operation of the manifests, sent through the hub, judged by a strict validator that knows the vendor's own description.</summary>
public sealed class DescriptionTests(ITestOutputHelper output)
{
    public static TheoryData<string> Providers => [.. ProviderUnderTest.Ids];

    [SkippableTheory]
    [MemberData(nameof(Providers))]
    public async Task Execute_EveryOperation_SendsWhatTheVendorDescribes(string provider)
    {
        var manifest = (await ProviderUnderTest.StartAsync(provider)).Manifest;
        var cases = ProviderCases.Load(provider);
        Assert.Equal(manifest.Operations.Keys.Order(), cases.Descriptions.Values.SelectMany(names => names).Concat(cases.Undescribed.Keys).Order());

        var (valid, explained) = (0, 0);
        var unexplained = new List<string>();
        var used = new HashSet<Deviation>();

        // A validator that has read a description of megabytes needs its time for the first request beside other work.
        var patient = new Dictionary<string, string>
        {
            [$"HUB_PROVIDERS__{provider.ToUpperInvariant()}__RETRY__ATTEMPTTIMEOUT"] = "00:03:00", [$"HUB_PROVIDERS__{provider.ToUpperInvariant()}__RETRY__TOTALTIMEOUT"] = "00:03:00",
        };
        await using var hub = await HubProcess.StartAsync(variables: patient);
        foreach (var (description, operations) in cases.Descriptions)
        {
            await using var server = await ContractServer.StartAsync(description, cases.IsMocked);
            var run = await SenderAsync(provider, cases, hub, server.Address, description);
            foreach (var call in cases.All.Where(call => operations.Contains(call.Operation)))
            {
                var answer = await run(call);
                var violations = await server.VerdictAsync(answer.Text);
                var reasons = violations.Select(violation => (violation, deviation: cases.Deviations.FirstOrDefault(deviation => deviation.Explains(call.Operation, violation)))).ToList();
                unexplained.AddRange(reasons.Where(pair => pair.deviation is null).Select(pair => $"{call.Operation}, {call.Name}: {pair.violation}"));
                used.UnionWith(reasons.Select(pair => pair.deviation).OfType<Deviation>());
                if (violations.Count == 0)
                {
                    valid++;
                    Assert.True(answer.Succeeded || !cases.IsMocked, $"{call.Operation}, {call.Name}: the description allows the request, and its mock's answer was read as {answer.Text}");
                }
                else if (reasons.TrueForAll(pair => pair.deviation is not null))
                    explained++;
            }
        }

        var judged = cases.All.Count(call => !cases.Undescribed.ContainsKey(call.Operation));
        output.WriteLine(
            $"| provider | operations | by the vendor's page alone | checked | valid | explained |\n|---|---|---|---|---|---|\n| {provider} | {manifest.Operations.Count} | {cases.Undescribed.Count} | {judged} | {valid} | {explained} |");
        Assert.True(unexplained.Count == 0, string.Join('\n', unexplained));
        Assert.Equal([], cases.Deviations.Except(used));
        Assert.Equal(judged, valid + explained);
        await hub.StopAsync();
        hub.DeleteData();
    }

    /// <summary>Through the hub's API; where the vendor wants a token of an authorization server, which no description is, or has several hosts, on the adapter alone.</summary>
    private static async Task<Func<OperationCase, Task<(bool Succeeded, string Text)>>> SenderAsync(
        string provider, ProviderCases cases, HubProcess hub, string address, string description)
    {
        if (cases.Authorization is not null || cases.BasePaths.Count > 0)
        {
            var adapter = await ProviderUnderTest.StartAsync(provider, http: new OneHost(new Uri(address), cases.BasePaths));
            return async call =>
            {
                var result = await adapter.RunAsync(address, call.Operation, call.Parameters);
                return (result.Succeeded, result.Error?.ToString() ?? "");
            };
        }

        var connection = await hub.CreateConnectionAsync(provider, ProviderConfigs.Of(provider, ProviderUnderTest.Read(provider)), address, alias: description);
        return async call =>
        {
            using var answer = await hub.Client.PostAsJsonAsync($"/api/connections/{connection}/operations/{call.Operation}", new { @params = call.Parameters });
            return (answer.IsSuccessStatusCode, $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        };
    }

    /// <summary>The judge is awake: what a manifest gets wrong, it says.</summary>
    [SkippableTheory]
    [InlineData("stripe", "createPaymentIntent", "amountt", "/body/amount")]
    [InlineData("sendgrid", "sendMail", "personalisations", "/body/personalizations")]
    [InlineData("twilio", "sendSms", "Too", "/body/To")]
    [InlineData("slack", "postMessage", "chanel", "/body/channel")]
    [InlineData("elasticsearch", "createDocument", "documents", "/body")]
    public async Task Execute_ParameterSpelledWrongInTheManifest_IsCaught(string provider, string operation, string wrong, string pointer)
    {
        var right = pointer.Split('/')[^1];
        var hub = await ProviderUnderTest.StartAsync(provider, manifest =>
        {
            var http = manifest["operations"]![operation]!["http"]!.AsObject();
            var template = http["body"] is JsonObject body ? body["template"] as JsonObject : null;
            if (template?[right] is { } value)
            {
                template.Remove(right);
                template[wrong] = value.DeepClone();
            }
            else if (provider == "elasticsearch")
                http["path"] = "/{params.index}/_docs";
            else
                http["body"] = new JsonObject { ["kind"] = "form", ["template"] = new JsonObject { [wrong] = $"{{params.{right}}}", ["currency"] = "{params.currency}" } };
        });
        var cases = ProviderCases.Load(provider);
        await using var server = await ContractServer.StartAsync(cases.Descriptions.Single(pair => pair.Value.Contains(operation)).Key, mock: false);

        await hub.RunAsync(server.Address, operation, cases.All.First(call => call.Operation == operation).Parameters);
        var violations = await server.VerdictAsync();

        Assert.Contains(violations, violation => !cases.Deviations.Any(deviation => deviation.Explains(operation, violation)));
    }

    [SkippableTheory]
    [InlineData("stripe", "createPaymentIntent", """{ "amount": "a lot", "currency": "usd" }""", "/body/amount")]
    [InlineData("sendgrid", "sendMail", """{ "personalizations": [{ "to": [{ "email": "layla@example.com" }] }], "send_at": "tomorrow", "subject": "x" }""", "/body/send_at")]
    [InlineData("twilio", "makeCall", """{ "To": "+966500000000", "Url": "https://shop.example.com/twiml.xml", "Timeout": "soon" }""", "/body/Timeout")]
    [InlineData("slack", "postMessage", """{ "channel": "C0123456789", "text": "x", "unfurl_links": "perhaps" }""", "/body/unfurl_links")]
    [InlineData("elasticsearch", "search", """{ "index": "products", "size": "ten" }""", "/body/size")]
    public async Task Execute_ParameterOfAWrongType_IsCaught(string provider, string operation, string parameters, string path)
    {
        var hub = await ProviderUnderTest.StartAsync(provider);
        var cases = ProviderCases.Load(provider);
        var wrong = JsonDocument.Parse(parameters).RootElement;
        Assert.NotEmpty(hub.Check(new OperationCase(operation, "wrong", wrong)));

        await using var server = await ContractServer.StartAsync(cases.Descriptions.Single(pair => pair.Value.Contains(operation)).Key, mock: false);
        await hub.RunAsync(server.Address, operation, wrong);

        Assert.Contains(await server.VerdictAsync(), violation => violation.Path == path);
    }
}
