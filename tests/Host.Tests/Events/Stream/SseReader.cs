using System.Net;
using System.Text;
using System.Text.Json;

namespace IntegrationHub.Host.Tests.Events.Stream;

/// <summary>Reads server-sent events as a browser does: fields into an event at each empty line, the last id remembered whether or not there was data.</summary>
internal sealed class SseReader : IAsyncDisposable
{
    private readonly HttpResponseMessage response;
    private readonly System.IO.StreamReader lines;

    private SseReader(HttpResponseMessage response, System.IO.StreamReader lines) => (this.response, this.lines) = (response, lines);

    public string LastEventId { get; private set; } = "";

    /// <summary>Comments seen.</summary>
    public int Comments { get; private set; }

    public HttpResponseMessage Response => response;

    /// <param name="client">With a key.</param>
    /// <param name="path">What to read.</param>
    /// <param name="lastEventId">Where to go on.</param>
    /// <param name="patient">Whether to ask again when too many are open: the hub may not have noticed yet that some have gone.</param>
    public static async Task<SseReader> OpenAsync(HttpClient client, string path, string? lastEventId = null, bool patient = false)
    {
        var response = await AskAsync(client, path, lastEventId);
        for (var tries = 0; patient && response.StatusCode == HttpStatusCode.TooManyRequests && tries < 500; tries++)
        {
            // There is nothing to await but the hub's next look at its sockets.
            response.Dispose();
            await Task.Delay(20);
            response = await AskAsync(client, path, lastEventId);
        }

        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{(int)response.StatusCode} {(response.IsSuccessStatusCode ? "" : await response.Content.ReadAsStringAsync())}");
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        var reader = new SseReader(response, new System.IO.StreamReader(await response.Content.ReadAsStreamAsync(), Encoding.UTF8));

        // The place comes first: from now on nothing can be missed.
        while (reader.LastEventId.Length == 0)
            Assert.NotNull(await reader.LineAsync());
        return reader;
    }

    private static async Task<HttpResponseMessage> AskAsync(HttpClient client, string path, string? lastEventId)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (lastEventId is not null)
            request.Headers.Add("Last-Event-ID", lastEventId);
        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).Soon();
    }

    /// <summary>The next event's data; <see langword="null"/> when the stream has ended.</summary>
    public async Task<JsonElement?> NextAsync()
    {
        var data = new StringBuilder();
        while (await LineAsync() is { } line)
        {
            if (line.StartsWith("data: ", StringComparison.Ordinal))
                data.Append(line, 6, line.Length - 6).Append('\n');
            else if (line.Length == 0 && data.Length > 0)
                return JsonDocument.Parse(data.ToString()).RootElement.Clone();
        }

        return null;
    }

    /// <summary>Waits for a comment.</summary>
    public async Task CommentAsync()
    {
        for (var before = Comments; Comments == before;)
            Assert.NotNull(await LineAsync());
    }

    public ValueTask DisposeAsync()
    {
        lines.Dispose();
        response.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<string?> LineAsync()
    {
        var line = await lines.ReadLineAsync().Soon();
        if (line?.StartsWith("id: ", StringComparison.Ordinal) == true)
            LastEventId = line[4..];
        if (line?.StartsWith(':') == true)
            Comments++;
        return line;
    }
}
