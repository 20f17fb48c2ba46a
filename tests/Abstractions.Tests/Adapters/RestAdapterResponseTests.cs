using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Manifests;

namespace IntegrationHub.Abstractions.Tests.Adapters;

public sealed class RestAdapterResponseTests
{
    private static readonly HttpManifest Post = new() { Method = "POST", Path = "/v1" };

    private static RestHarness With(ResponseManifest response, HttpManifest? http = null) =>
        new() { Operation = new() { Http = http ?? Post, Response = response } };

    [Theory]
    [InlineData("application/json", """{"a":[1]}""", """{"a":[1]}""")]
    [InlineData("application/vnd.api+json; charset=utf-8", "[1]", "[1]")]
    [InlineData("text/html", """ {"a":1}""", """{"a":1}""")]
    [InlineData("", """{"a":1}""", """{"a":1}""")]
    [InlineData("application/json", "\"text\"", "\"text\"")]
    [InlineData("application/json", "\uFEFF{\"a\":1}", """{"a":1}""")]
    [InlineData("application/json", "", "null")]
    [InlineData("application/json", "  \r\n", "null")]
    [InlineData("text/plain", "ok سلام", "\"ok سلام\"")]
    [InlineData("text/plain", "{not json", "\"{not json\"")]
    [InlineData("application/json", """{"t":"cut \ud83d"}""", """{"t":"cut \ufffd"}""")]
    [InlineData("application/json", """{"t":"\udE00 \\ud83d \ud83d\ude00"}""", """{"t":"\ufffd \\ud83d \ud83d\ude00"}""")]
    public async Task Success_OfAnyBody_IsAValue(string contentType, string body, string expected)
    {
        var result = await new RestHarness().Responds(200, body, contentType).RunAsync();

        Assert.True(result.Succeeded);
        Assert.Equal(expected, result.Value.ValueKind == JsonValueKind.String ? IntegrationHub.Templates.JsonText.Compact(result.Value) : result.Value.GetRawText());
        Assert.Equal(200, result.ProviderStatus);
    }

    [Fact]
    public async Task Success_InAnotherCharset_IsConverted()
    {
        var harness = new RestHarness
        {
            Answer = (_, _) =>
            {
                var content = new ByteArrayContent([0xD3, 0xE1, 0xC7, 0xE3]);
                content.Headers.TryAddWithoutValidation("Content-Type", "text/plain; charset=windows-1256");
                return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = content });
            },
        };
        Assert.Equal("سلام", (await harness.RunAsync()).Value.GetString());
    }

    [Theory]
    [InlineData("\"/data/items\"", """{"data":{"items":[1]}}""", "[1]")]
    [InlineData("\"/\"", """{"data":1}""", """{"data":1}""")]
    [InlineData("\"\"", """{"data":1}""", """{"data":1}""")]
    [InlineData("\"/missing\"", """{"data":1}""", "null")]
    [InlineData("""{"id":"{body.data}","loc":"{header.location}","code":"{status}","echo":"{params.x}","p":"{/data}","none":"{body.none}"}""", """{"data":7}""",
        """{"id":7,"loc":"/things/7","code":201,"echo":"e","p":7}""")]
    [InlineData("\"{body.data|string}\"", """{"data":7}""", "\"7\"")]
    public async Task Result_PointerOrTemplate_PicksFromTheAnswer(string result, string body, string expected)
    {
        var harness = With(new() { Result = RestHarness.Json(result) }).Responds(201, body, headers: ("Location", "/things/7"));
        Assert.Equal(expected, (await harness.RunAsync("""{"x":"e"}""")).Value.GetRawText());
    }

    [Theory]
    [InlineData("text/html", "<html>maintenance</html>")]
    [InlineData("text/plain", "ok")]
    public async Task Success_TextWhereJsonIsNeeded_IsAProviderError(string contentType, string body)
    {
        foreach (var operation in new OperationManifest[]
        {
            new() { Http = Post, Response = new() { Result = RestHarness.Json("\"/data\"") } },
            new() { Http = Post, Response = new() { SuccessWhen = new Dictionary<string, JsonElement> { ["/ok"] = RestHarness.Json("true") } } },
            new() { Http = Post, Result = RestHarness.Json("""{"type":"object"}""") },
        })
        {
            var error = (await new RestHarness { Operation = operation }.Responds(200, body, contentType).RunAsync()).Error!;
            Assert.Equal(ErrorCategory.ProviderError, error.Category);
            Assert.True(error.OutcomeUnknown);
            Assert.DoesNotContain("maintenance", error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("POST", null, true)]
    [InlineData("POST", true, false)]
    [InlineData("PATCH", null, true)]
    [InlineData("GET", null, false)]
    [InlineData("PUT", null, false)]
    [InlineData("PUT", false, true)]
    public async Task Success_WithTruncatedJson_IsAnErrorOfUnknownOutcome(string method, bool? idempotent, bool unknown)
    {
        var harness = new RestHarness { Operation = new() { Http = new() { Method = method, Path = "/v1" }, Idempotent = idempotent } }.Responds(200, """{"id":"pi_1","amount":""");

        var error = (await harness.RunAsync()).Error!;

        Assert.Equal(ErrorCategory.ProviderError, error.Category);
        Assert.Equal(unknown, error.OutcomeUnknown);
        Assert.Equal(200, error.ProviderStatus);
    }

    [Fact]
    public async Task Success_NestedTooDeeply_IsAnError() =>
        Assert.Equal(ErrorCategory.ProviderError, (await new RestHarness().Responds(200, new string('[', 100_000) + new string(']', 100_000)).RunAsync()).Error!.Category);

    [Fact]
    public async Task Success_BinaryWithoutStream_IsAnError()
    {
        var harness = new RestHarness { Answer = (_, _) => Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent([0x89, 0x50, 0xFF, 0xFE, 0x00]) }) };
        Assert.Contains("binary", (await harness.RunAsync()).Error!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"ok":true,"x":1}""", true)]
    [InlineData("""{"ok":false,"error":"invalid_auth"}""", false)]
    [InlineData("""{"ok":"true"}""", false)]
    [InlineData("{}", false)]
    public async Task SuccessWhen_DecidesOver200(string body, bool expected)
    {
        var harness = With(new()
        {
            SuccessWhen = new Dictionary<string, JsonElement> { ["/ok"] = RestHarness.Json("true") },
            Errors = new() { Code = ["/error"], Categories = new Dictionary<ErrorCategory, IReadOnlyList<string>> { [ErrorCategory.Unauthenticated] = ["invalid_auth"] } },
        }).Responds(200, body);

        var result = await harness.RunAsync();

        Assert.Equal(expected, result.Succeeded);
        if (body.Contains("invalid_auth", StringComparison.Ordinal))
            Assert.Equal((ErrorCategory.Unauthenticated, "invalid_auth", 200), (result.Error!.Category, result.Error.ProviderCode, result.Error.ProviderStatus));
    }

    [Theory]
    [InlineData("""{"data":{"a":1}}""", true)]
    [InlineData("""{"data":{"a":1},"errors":[]}""", true)]
    [InlineData("""{"data":null,"errors":[{"message":"No such field","extensions":{"code":"BAD"}}]}""", false)]
    public async Task Graphql_ErrorsIn200_AreFailures(string body, bool expected)
    {
        var harness = new RestHarness { Http = new() { Method = "POST", Path = "/graphql", Body = new() { Kind = BodyKind.Graphql, Query = "{ a }" } } }.Responds(200, body);

        var result = await harness.RunAsync();

        Assert.Equal(expected, result.Succeeded);
        if (!expected)
            Assert.Equal(("No such field", "BAD"), (result.Error!.Message, result.Error.ProviderCode));
    }

    [Fact]
    public async Task Success_ListedStatusesOnly()
    {
        Assert.True((await With(new() { Success = [202, 404] }).Responds(404).RunAsync()).Succeeded);
        Assert.Equal(ErrorCategory.ProviderError, (await With(new() { Success = [202] }).Responds(200).RunAsync()).Error!.Category);
        Assert.Equal(ErrorCategory.ProviderError, (await new RestHarness().Responds(302, headers: ("Location", "https://evil.test")).RunAsync()).Error!.Category);
    }

    [Theory]
    [InlineData(400, ErrorCategory.InvalidParams, false)]
    [InlineData(422, ErrorCategory.InvalidParams, false)]
    [InlineData(401, ErrorCategory.Unauthenticated, false)]
    [InlineData(402, ErrorCategory.Declined, false)]
    [InlineData(403, ErrorCategory.PermissionDenied, false)]
    [InlineData(404, ErrorCategory.NotFound, false)]
    [InlineData(409, ErrorCategory.Conflict, false)]
    [InlineData(429, ErrorCategory.RateLimited, false)]
    [InlineData(408, ErrorCategory.Timeout, false)]
    [InlineData(504, ErrorCategory.Timeout, true)]
    [InlineData(500, ErrorCategory.Unavailable, false)]
    [InlineData(502, ErrorCategory.Unavailable, true)]
    [InlineData(503, ErrorCategory.Unavailable, false)]
    [InlineData(529, ErrorCategory.Unavailable, false)]
    [InlineData(418, ErrorCategory.ProviderError, false)]
    [InlineData(501, ErrorCategory.ProviderError, false)]
    public async Task Error_WithoutMapping_GoesByStatus(int status, ErrorCategory category, bool unknown)
    {
        var error = (await new RestHarness().Responds(status, """{"error":{"message":"Why","code":20003}}""", headers: ("X-Request-Id", "req_1")).RunAsync()).Error!;

        Assert.Equal((category, "Why", "20003", status, "req_1", unknown),
            (error.Category, error.Message, error.ProviderCode, error.ProviderStatus, error.ProviderRequestId, error.OutcomeUnknown));
    }

    [Fact]
    public async Task Error_CodeWinsOverStatus_AndAnyPointerCounts()
    {
        var harness = With(new()
        {
            RequestId = "Trace",
            Errors = new()
            {
                Code = ["/error/decline_code", "/error/code"], Message = ["/none", "/error/msgs"],
                Categories = new Dictionary<ErrorCategory, IReadOnlyList<string>> { [ErrorCategory.Declined] = ["card_declined"] },
            },
        }).Responds(400, """{"error":{"code":"card_declined","decline_code":"insufficient_funds","msgs":["one","two"]}}""", headers: ("Trace", "t1"));

        var error = (await harness.RunAsync()).Error!;

        Assert.Equal((ErrorCategory.Declined, "insufficient_funds", "one; two", "t1"), (error.Category, error.ProviderCode, error.Message, error.ProviderRequestId));
    }

    [Fact]
    public async Task Error_DefaultsAndOwnResponse_AreMergedByKey()
    {
        var harness = new RestHarness
        {
            Defaults = new() { Response = new() { Errors = new() { Message = ["/why"] }, RequestId = "Trace" } },
            Operation = new() { Http = Post, Response = new() { Result = RestHarness.Json("\"/data\"") } },
        }.Responds(400, """{"why":"Because"}""", headers: ("Trace", "t1"));

        var error = (await harness.RunAsync()).Error!;
        Assert.Equal(("Because", "t1"), (error.Message, error.ProviderRequestId));
    }

    [Theory]
    [InlineData("text/html", "<html>secret page</html>", "The provider answered with status 500.")]
    [InlineData("text/plain", "Down for\r\nrepairs\u0007 \u202Eevil", "Down for  repairs   evil")]
    [InlineData("application/json", "", "The provider answered with status 500.")]
    [InlineData("application/json", "{broken", "The provider answered with status 500.")]
    [InlineData("application/json", "[]", "The provider answered with status 500.")]
    public async Task Error_OfOtherBodies_HasAMessage(string contentType, string body, string expected) =>
        Assert.Equal(expected, (await new RestHarness().Responds(500, body, contentType).RunAsync()).Error!.Message);

    [Fact]
    public async Task Error_LongMessage_IsCutBetweenCharacters()
    {
        var message = (await new RestHarness().Responds(400, $$"""{"message":"{{new string('a', 498)}}😀😀😀"}""").RunAsync()).Error!.Message;
        Assert.True(message.Length <= 500);
        Assert.EndsWith("a…", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Invalid key {0} given", "Invalid key •••• given")]
    [InlineData("{0}{0}", "••••••••")]
    [InlineData("pin 1/2+3456 or 1%2F2%2B3456", "pin •••• or ••••")]
    [InlineData("token ya29-token-value", "token ••••")]
    [InlineData("region eu", "region eu")]
    public async Task Error_QuotingASecret_IsRedacted(string text, string expected)
    {
        var harness = new RestHarness
        {
            Config = RestHarness.Json($$$"""{"secretKey":"{{{RestHarness.Secret}}}","region":"eu","deep":{"pin":"1/2+3456"}}"""),
            AuthValues = RestHarness.Json("""{"accessToken":"ya29-token-value"}"""),
        };
        var quoted = string.Format(System.Globalization.CultureInfo.InvariantCulture, text, RestHarness.Secret);

        var error = (await harness.Responds(401, $$"""{"message":"{{quoted}}","code":"{{quoted}}"}""", headers: ("X-Request-Id", quoted)).RunAsync()).Error!;

        Assert.Equal(expected, error.Message);
        Assert.Equal(expected, error.ProviderCode);
        Assert.Equal(expected, error.ProviderRequestId);
        Assert.DoesNotContain(harness.LogLines, line => line.Contains(RestHarness.Secret, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Error_QuotingASecretOfSeveralLines_IsRedacted()
    {
        var harness = new RestHarness { Config = RestHarness.Json("""{"secretKey":"line-one\nline-two"}""") };
        Assert.Equal("bad •••• given", (await harness.Responds(401, """{"message":"bad line-one\nline-two given"}""").RunAsync()).Error!.Message);
    }

    [Fact]
    public async Task Error_SecretAtTheCut_IsRedactedWhole()
    {
        var error = (await new RestHarness().Responds(400, $$"""{"message":"{{new string('a', 490)}}{{RestHarness.Secret}}"}""").RunAsync()).Error!;
        Assert.DoesNotContain("sk_", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("30", 30d)]
    [InlineData("0.5", 0.5d)]
    [InlineData("Thu, 01 Jan 2026 00:01:00 GMT", 60d)]
    [InlineData("Wed, 31 Dec 2025 00:01:00 GMT", 0d)]
    [InlineData("99999999999999999999", 604800d)]
    [InlineData("soon", null)]
    [InlineData("-5", null)]
    public async Task RetryAfter_BothForms_AreRead(string header, double? seconds)
    {
        var error = (await new RestHarness().Responds(429, headers: ("Retry-After", header)).RunAsync()).Error!;
        Assert.Equal(seconds, error.RetryAfter?.TotalSeconds);
    }

    [Theory]
    [InlineData("60", 60d)]
    [InlineData("1767225660", 60d)]
    [InlineData("1767225660000", 60d)]
    [InlineData("2026-01-01T00:01:00Z", 60d)]
    [InlineData("garbage", null)]
    public async Task RateLimit_HeadersOfTheManifest_AreRead(string reset, double? seconds)
    {
        var harness = new RestHarness { Limits = new() { Headers = new() { Remaining = "X-Left", Reset = "X-Reset", Limit = "X-Limit" } } };

        var signal = (await harness.Responds(200, headers: [("X-Left", "7"), ("X-Reset", reset), ("X-Limit", "100, 100;w=60")]).RunAsync()).RateLimit!;
        Assert.Equal((7, 100, seconds), (signal.Remaining, signal.Limit, (signal.ResetsAt - harness.Now)?.TotalSeconds));

        var failure = await harness.Responds(429, headers: [("X-Reset", reset)]).RunAsync();
        Assert.Equal(seconds, failure.Error!.RetryAfter?.TotalSeconds);
    }

    [Fact]
    public async Task Success_Of10Megabytes_IsRead_AndOf33IsRefused()
    {
        var text = new string('x', 10 * 1024 * 1024);
        var harness = new RestHarness().Responds(200, $$"""{"t":"{{text}}"}""");
        Assert.Equal(text.Length, (await harness.RunAsync()).Value.GetProperty("t").GetString()!.Length);

        foreach (var known in new[] { true, false })
        {
            harness.Answer = (_, _) =>
            {
                var content = new StreamContent(new MemoryStream(new byte[33 * 1024 * 1024]));
                content.Headers.ContentLength = known ? 33 * 1024 * 1024 : null;
                return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = content });
            };
            Assert.Contains("32 MB", (await harness.RunAsync()).Error!.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Stream_OfAnOperation_IsHandedOverAndDisposesTheResponse()
    {
        var source = new MemoryStream("content"u8.ToArray());
        var harness = new RestHarness
        {
            Operation = new() { Http = new() { Method = "GET", Path = "/file" }, Stream = new() { Response = true } },
            Answer = (_, _) =>
            {
                var content = new StreamContent(source);
                content.Headers.ContentType = new MediaTypeHeaderValue("application/pdf");
                content.Headers.TryAddWithoutValidation("Content-Disposition", "attachment; filename=\"../a.pdf\"");
                return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = content });
            },
        };

        var result = await harness.RunAsync();

        Assert.Equal("""{"contentType":"application/pdf","length":7,"fileName":"a.pdf"}""", result.Value.GetRawText());
        Assert.Equal("*/*", harness.Sent.Headers["Accept"]);
        using (var reader = new StreamReader(result.Content!.Stream, Encoding.UTF8, leaveOpen: true))
            Assert.Equal("content", await reader.ReadToEndAsync());

        await result.Content.DisposeAsync();
        Assert.False(source.CanRead);
    }

    [Fact]
    public async Task Stream_ThatFails_IsAnErrorWithItsMessage()
    {
        var harness = new RestHarness { Operation = new() { Http = new() { Method = "GET", Path = "/file" }, Stream = new() { Response = true } } }.Responds(404, """{"message":"No file"}""");
        var result = await harness.RunAsync();
        Assert.Null(result.Content);
        Assert.Equal((ErrorCategory.NotFound, "No file"), (result.Error!.Category, result.Error.Message));
    }
}
