using System.Text;
using System.Text.Json;
using IntegrationHub.Adapters;

namespace IntegrationHub.Host.Tests.Operations;

/// <summary>Content goes through the hub as it comes, in both directions.</summary>
public sealed class OperationContentTests
{
    [Theory]
    [InlineData("application/octet-stream")]
    [InlineData("text/plain; charset=utf-8")]
    [InlineData("image/png")]
    [InlineData("application/vnd.example+json")]
    public async Task Run_ContentOfAnyType_ReachesTheAdapterAsItIs(string type)
    {
        await using var hub = await OperationHub.StartAsync();
        string? seen = null;
        hub.Adapter = async (request, token) =>
        {
            using var reader = new StreamReader(request.Content!.Stream);
            seen = $"{request.Content.ContentType} {await reader.ReadToEndAsync(token)}";
            return OperationHub.Value(request.Parameters.GetRawText());
        };
        using var content = new ByteArrayContent("the content"u8.ToArray());
        content.Headers.TryAddWithoutValidation("Content-Type", type);

        using var answer = await hub.Client.PostAsync($"/api/connections/{OperationHub.ConnectionId}/operations/upload?params=%7B%22key%22%3A%22a%22%7D", content);

        Assert.Equal(200, (int)answer.StatusCode);
        Assert.Equal($"{type} the content", seen);
    }

    [Fact]
    public async Task Run_MultipartContent_StreamsAfterItsParameters()
    {
        await using var hub = await OperationHub.StartAsync();
        string? text = null, type = null, name = null;
        hub.Adapter = async (request, token) =>
        {
            using var reader = new StreamReader(request.Content!.Stream);
            (text, type, name) = (await reader.ReadToEndAsync(token), request.Content.ContentType, request.Content.FileName);
            return OperationHub.Value(request.Parameters.GetRawText());
        };
        using var form = new MultipartFormDataContent
        {
            { new StringContent("""{"key":"a/b"}"""), "params" },
            { new StringContent("the content", Encoding.UTF8, "text/plain"), "content", "notes.txt" },
        };

        using var answer = await hub.Client.PostAsync($"/api/connections/{OperationHub.ConnectionId}/operations/upload", form);

        var printed = await answer.Content.ReadAsStringAsync();
        Assert.True(printed.Contains("\"key\":\"a/b\"", StringComparison.Ordinal), printed);
        Assert.Equal(("the content", "text/plain; charset=utf-8", "notes.txt"), (text, type, name));
    }

    [Theory]
    [InlineData("--x\r\nContent-Disposition: form-data; name=params\r\n\r\n{")]
    [InlineData("--x\r\nContent-Disposition: form-data; name=params\r\n\r\n[]\r\n--x--\r\n")]
    [InlineData("nothing of the kind")]
    public async Task Run_MalformedMultipart_Is400(string body)
    {
        await using var hub = await OperationHub.StartAsync();
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.TryAddWithoutValidation("Content-Type", "multipart/form-data; boundary=x");

        using var answer = await hub.Client.PostAsync($"/api/connections/{OperationHub.ConnectionId}/operations/upload", content);

        Assert.Equal(400, (int)answer.StatusCode);
        Assert.Equal(0, hub.Leases);
    }

    [Fact]
    public async Task Run_ContentWhereNoneIsTaken_Is415()
    {
        await using var hub = await OperationHub.StartAsync();
        using var content = new ByteArrayContent([1, 2, 3]) { Headers = { { "Content-Type", "application/octet-stream" } } };

        using var answer = await hub.Client.PostAsync($"/api/connections/{OperationHub.ConnectionId}/operations/list", content);

        Assert.Equal(415, (int)answer.StatusCode);
    }

    [Fact]
    public async Task Run_AnswersContent_StreamsItWithItsDescription()
    {
        await using var hub = await OperationHub.StartAsync();
        hub.Adapter = (_, _) => ValueTask.FromResult(OperationResult.Stream(
            new OperationContent(new MemoryStream(Encoding.UTF8.GetBytes("bytes")), "text/csv", 5), JsonElement.Parse("""{"etag":"é"}""")));

        using var answer = await hub.Client.PostAsync($"/api/connections/{OperationHub.ConnectionId}/operations/download", null);

        Assert.Equal("bytes", await answer.Content.ReadAsStringAsync());
        Assert.Equal(("text/csv", 5L), (answer.Content.Headers.ContentType!.ToString(), answer.Content.Headers.ContentLength));
        Assert.Equal("""{"etag":"\u00E9"}""", answer.Headers.GetValues("X-Hub-Result").Single());
        while (hub.Leases > 0)
            await Task.Yield();
    }
}
