using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Contract.Tests.Providers.Rig;
using IntegrationHub.Manifests;
using IntegrationHub.Schemas;

namespace IntegrationHub.Contract.Tests.Providers;

/// <summary>The manifests' simulated answers, read by the real adapter as the vendor's would be.</summary>
public sealed class SimulatorTests
{
    public static TheoryData<string> Providers => [.. ProviderUnderTest.Ids];

    [Theory]
    [MemberData(nameof(Providers))]
    public async Task Execute_LastAnswerOfEachOperation_IsAResultOfItsSchema(string provider)
    {
        var manifest = ProviderUnderTest.Read(provider);
        foreach (var (operation, described) in manifest.Operations)
        {
            var result = await AnswerAsync(provider, operation, manifest.Simulator!.Operations[operation][^1]);

            Assert.True(result.Succeeded, $"{operation}: {result.Error}");
            var issues = SchemaValidator.Compile(described.Result!.Value).Validate(result.Value);
            Assert.True(issues.Count == 0, $"{operation}: {string.Join('\n', issues)}");
        }
    }

    /// <summary>A failure is known for what it is, by the provider's code or its status, and says what the provider said.</summary>
    [Theory]
    [MemberData(nameof(Providers))]
    public async Task Execute_SimulatedFailures_AreNamed(string provider)
    {
        var manifest = ProviderUnderTest.Read(provider);
        var withoutFailure = new List<string>();
        foreach (var (operation, described) in manifest.Operations)
        {
            var failures = 0;
            foreach (var answer in manifest.Simulator!.Operations[operation])
            {
                var result = await AnswerAsync(provider, operation, answer);
                if (result.Succeeded)
                    continue;

                failures++;
                Assert.True(result.Error!.Category != ErrorCategory.ProviderError, $"{operation}: {result.Error}");
                Assert.NotEmpty(result.Error.Message);
            }

            // Without a word or number that every call has, there is nothing by which a simulator could tell calls apart.
            if (failures == 0 && HasRequiredScalar(described.Params!.Value))
                withoutFailure.Add(operation);
        }

        Assert.Empty(withoutFailure);
    }

    [Theory]
    [InlineData("stripe", "createPaymentIntent", 0, ErrorCategory.Declined, "insufficient_funds")]
    [InlineData("stripe", "createPaymentIntent", 1, ErrorCategory.RateLimited, "rate_limit")]
    [InlineData("stripe", "retrieveRefund", 0, ErrorCategory.NotFound, "resource_missing")]
    [InlineData("stripe", "cancelPaymentIntent", 0, ErrorCategory.Conflict, "payment_intent_unexpected_state")]
    [InlineData("sendgrid", "sendMail", 1, ErrorCategory.PermissionDenied, "from")]
    [InlineData("sendgrid", "sendMail", 2, ErrorCategory.RateLimited, null)]
    [InlineData("sendgrid", "getTemplate", 0, ErrorCategory.NotFound, null)]
    [InlineData("twilio", "sendSms", 0, ErrorCategory.InvalidParams, "21211")]
    [InlineData("twilio", "sendSms", 1, ErrorCategory.Declined, "21610")]
    [InlineData("twilio", "fetchCall", 0, ErrorCategory.NotFound, "20404")]
    [InlineData("slack", "postMessage", 0, ErrorCategory.NotFound, "channel_not_found")]
    [InlineData("slack", "postMessage", 1, ErrorCategory.PermissionDenied, "not_in_channel")]
    [InlineData("slack", "postMessage", 2, ErrorCategory.RateLimited, "ratelimited")]
    [InlineData("slack", "createChannel", 0, ErrorCategory.Conflict, "name_taken")]
    [InlineData("elasticsearch", "indexDocument", 0, ErrorCategory.Conflict, "version_conflict_engine_exception")]
    [InlineData("elasticsearch", "search", 0, ErrorCategory.NotFound, "index_not_found_exception")]
    [InlineData("elasticsearch", "deleteDocument", 0, ErrorCategory.NotFound, "not_found")]
    public async Task Execute_KnownFailure_HasItsCategoryAndCode(string provider, string operation, int answer, ErrorCategory category, string? code)
    {
        var manifest = ProviderUnderTest.Read(provider);

        var result = await AnswerAsync(provider, operation, manifest.Simulator!.Operations[operation][answer]);

        Assert.Equal((category, code), (result.Error!.Category, result.Error.ProviderCode));
    }

    [Fact]
    public async Task Execute_SlackAsksForPatience_SaysHowLong()
    {
        var manifest = ProviderUnderTest.Read("slack");

        var result = await AnswerAsync("slack", "postMessage", manifest.Simulator!.Operations["postMessage"][2]);

        Assert.Equal(TimeSpan.FromSeconds(30), result.Error!.RetryAfter);
    }

    [Theory]
    [InlineData("stripe", "listCustomers")]
    [InlineData("slack", "listChannels")]
    public async Task Execute_ListWithMore_GivesItemsAndACursorThatEnds(string provider, string operation)
    {
        var answers = ProviderUnderTest.Read(provider).Simulator!.Operations[operation];

        var first = await AnswerAsync(provider, operation, answers[^1]);
        var last = await AnswerAsync(provider, operation, answers[^2]);

        Assert.NotNull(first.NextCursor);
        Assert.NotEqual(0, first.Items!.Value.GetArrayLength());
        Assert.Null(last.NextCursor);
    }

    private static bool HasRequiredScalar(JsonElement schema) =>
        schema.TryGetProperty("required", out var required)
        && required.EnumerateArray().Any(name => schema.GetProperty("properties").GetProperty(name.GetString()!).TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && !(type.ValueEquals("array") || type.ValueEquals("object")));

    private static async Task<OperationResult> AnswerAsync(string provider, string operation, SimulatorAnswer answer)
    {
        using var http = new CannedAnswer(answer);
        var hub = await ProviderUnderTest.StartAsync(provider, http: http);
        var call = ProviderCases.Load(provider).All.First(call => call.Operation == operation);
        return await hub.RunAsync("https://provider.example.com", operation, call.Parameters);
    }
}
