using System.Text.Json;
using IntegrationHub.Adapters;

namespace IntegrationHub.Host.Tests.Operations;

/// <summary>The connection's own secrets are nowhere in what operations answer.</summary>
public sealed class RedactionTests
{
    [Fact]
    public async Task Run_ProviderEchoesTheSecret_IsMasked()
    {
        await using var hub = await OperationHub.StartAsync();
        hub.Adapter = (_, _) => ValueTask.FromResult(OperationHub.Value(JsonSerializer.Serialize(new { echo = "Bearer " + OperationHub.Secret })));
        var result = await hub.RunAsync("list");
        hub.Adapter = (_, _) => ValueTask.FromResult(OperationResult.Failure(new ProviderError
        {
            Category = ErrorCategory.Unauthenticated, Message = $"Invalid API key: {OperationHub.Secret}", ProviderCode = OperationHub.Secret,
        }));
        var error = await hub.RunAsync("list");

        Assert.Equal("Bearer ••••", result.Json.GetProperty("result").GetProperty("echo").GetString());
        Assert.Equal(424, error.Status);
        Assert.DoesNotContain(OperationHub.Secret, result.Text + error.Text, StringComparison.Ordinal);
    }

    /// <summary>However the provider writes it; and what the mask leaves behind is JSON, so that what was done is not reported as failed.</summary>
    [Theory]
    [InlineData("12345678", """{ "id": 9912345678 }""", """{"id":"99••••"}""")]
    [InlineData("12345678", """{ "id": 7, "key": "12345678" }""", """{"id":7,"key":"••••"}""")]
    [InlineData("abcd/efgh+ij==", """{ "key": "abcd\/efgh+ij==" }""", """{"key":"••••"}""")]
    [InlineData("abcd/efgh+ij==", """{ "key": "ab\u0063d\/efgh\u002bij\u003d=" }""", """{"key":"••••"}""")]
    [InlineData("abcd/efgh+ij==", """{ "abcd\/efgh+ij==": [1] }""", """{"••••":[1]}""")]
    public async Task Run_ProviderWritesTheSecretInItsOwnWay_IsMasked(string secret, string written, string shown)
    {
        await using var hub = await OperationHub.StartAsync();
        hub.KeptSecret = secret;
        hub.Adapter = (_, _) => ValueTask.FromResult(OperationHub.Value(written));

        var answer = await hub.RunAsync("charge");

        Assert.Equal(200, answer.Status);
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(shown), answer.Json.GetProperty("result")), answer.Text);
    }

    [Fact]
    public async Task Run_ProviderEchoesTheSecretInAnIssue_IsMasked()
    {
        await using var hub = await OperationHub.StartAsync();
        hub.Adapter = (_, _) => ValueTask.FromResult(OperationResult.Failure(new ProviderError
        {
            Category = ErrorCategory.InvalidParams, Message = "No.", ProviderRequestId = "req-" + OperationHub.Secret,
            Issues = [new("/params/" + OperationHub.Secret, $"'{OperationHub.Secret}' may not do this.", $"Not with '{OperationHub.Secret}'.")],
        }));

        Assert.DoesNotContain(OperationHub.Secret, (await hub.RunAsync("charge")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_SecretInTheRequestIdAndTheCursor_IsMaskedAndTheCursorSaidToBeUseless()
    {
        await using var hub = await OperationHub.StartAsync();
        hub.Adapter = (_, _) => ValueTask.FromResult(OperationResult.Success(
            JsonElement.Parse("{}"), 200, "req-" + OperationHub.Secret, "https://acme.example/next?key=" + OperationHub.Secret, JsonSerializer.SerializeToElement(new[] { OperationHub.Secret })));

        var answer = await hub.RunAsync("list");
        var next = await hub.RunAsync("list", """{ "page": { "cursor": "https://acme.example/next?key=••••" } }""");

        Assert.DoesNotContain(OperationHub.Secret, answer.Text, StringComparison.Ordinal);
        Assert.Equal(("req-••••", "https://acme.example/next?key=••••"), (answer.Json.GetProperty("meta").GetProperty("providerRequestId").GetString(), answer.Json.GetProperty("meta").GetProperty("nextCursor").GetString()));
        Assert.Equal((400, "/page/cursor"), (next.Status, Assert.Single(next.Pointers)));
    }

    /// <summary>The hub itself goes on with the cursor as it is.</summary>
    [Fact]
    public async Task Run_AllPagesWithTheSecretInTheCursor_FollowsItAndMasksWhatIsLeft()
    {
        await using var hub = await OperationHub.StartAsync();
        var asked = new List<string?>();
        hub.Adapter = (request, _) =>
        {
            asked.Add(request.Cursor);
            var items = JsonSerializer.SerializeToElement(new[] { OperationHub.Secret, "b" });
            return ValueTask.FromResult(OperationResult.Success(JsonElement.Parse("{}"), 200, null, $"{OperationHub.Secret}-{asked.Count}", items));
        };

        var answer = await hub.RunAsync("list", """{ "page": { "all": true, "maxItems": 3 } }""");

        Assert.Equal([null, OperationHub.Secret + "-1"], asked);
        Assert.Equal("••••-2", answer.Json.GetProperty("meta").GetProperty("nextCursor").GetString());
        Assert.DoesNotContain(OperationHub.Secret, answer.Text, StringComparison.Ordinal);
    }
}
