using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using IntegrationHub.Tests.Support;
using Xunit.Abstractions;

namespace IntegrationHub.Contract.Tests.Hub;

/// <summary>Objects through the hub to a store that speaks S3, large ones included: what flows through must not pile up.</summary>
public sealed class S3FlowTests(ITestOutputHelper output)
{
    private const string Bucket = "hub-objects";
    private const int Large = 50 * 1024 * 1024;
    private const int MostGrowth = 30 * 1024 * 1024;

    // The store knows this one account, and it is nobody's.
    private static readonly string Account = "S3R" + "VER";

    public enum Form
    {
        /// <summary>multipart/form-data: the content's length is not known beforehand.</summary>
        Multipart,

        /// <summary>The content as the body, with its length.</summary>
        Body,

        /// <summary>The content as the body, chunked, without a length.</summary>
        ChunkedBody,
    }

    [SkippableTheory]
    [InlineData(Form.Multipart)]
    [InlineData(Form.Body)]
    [InlineData(Form.ChunkedBody)]
    public async Task LargeObject_UpAndDown_IsIdenticalAndDoesNotPileUp(Form form)
    {
        await using var store = await StartStoreAsync();
        await using var hub = await HubProcess.StartAsync();
        var connection = await ConnectAsync(hub, store);

        // Whatever a process makes once, it has made after this.
        await UploadAsync(hub, connection, form, "small.bin", new RandomBytes(1, 64 * 1024), 64 * 1024);
        await DownloadAsync(hub, connection, "small.bin");

        using var content = new RandomBytes(2, Large);
        var before = hub.WorkingSet;
        var (uploaded, peakUp) = await MeasureAsync(hub, () => UploadAsync(hub, connection, form, "folder/large.bin", content, Large));
        var ((sha256, length), peakDown) = await MeasureAsync(hub, () => DownloadAsync(hub, connection, "folder/large.bin"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{form}: {Mib(before):F1} MiB before, upload peak +{Mib(peakUp - before):F1} MiB, download peak +{Mib(peakDown - before):F1} MiB"));

        Assert.Equal(Large, uploaded.GetProperty("size").GetInt64());
        Assert.Equal(Large, length);
        Assert.Equal(content.Sha256, sha256);
        Assert.True(peakUp - before < MostGrowth, $"The upload took {Mib(peakUp - before):F1} MiB.");
        Assert.True(peakDown - before < MostGrowth, $"The download took {Mib(peakDown - before):F1} MiB.");
        await hub.StopAsync();
        hub.DeleteData();
    }

    [SkippableTheory]
    [InlineData("overrides.baseUrl")]
    [InlineData("config.endpoint")]
    public async Task Objects_WrittenDescribedListedSharedAndDeleted_AreWhatTheStoreHolds(string address)
    {
        await using var store = await StartStoreAsync();
        await using var hub = await HubProcess.StartAsync();
        var connection = await ConnectAsync(hub, store, asEndpoint: address == "config.endpoint");

        foreach (var key in new[] { "reports/2026/january.txt", "reports/2026/february.txt", "reports/تقرير 1+2.txt", "other.txt" })
            await RunAsync(hub, connection, "putObject", new { key, text = "content of " + key, contentType = "text/plain", metadata = new { owner = "finance" } });

        var head = await RunAsync(hub, connection, "headObject", new { key = "reports/2026/january.txt" });
        Assert.Equal("content of reports/2026/january.txt".Length, head.GetProperty("size").GetInt32());
        Assert.Equal("text/plain", head.GetProperty("contentType").GetString());
        Assert.Equal("finance", head.GetProperty("metadata").GetProperty("owner").GetString());

        // Two pages, and together nothing twice and nothing missing.
        var first = await RunAsync(hub, connection, "listObjects", new { prefix = "reports/", limit = 2 });
        var second = await RunAsync(hub, connection, "listObjects", new { prefix = "reports/", limit = 2, cursor = first.GetProperty("nextCursor").GetString() });
        Assert.Equal(["reports/2026/february.txt", "reports/2026/january.txt"], Keys(first));
        Assert.Equal(["reports/تقرير 1+2.txt"], Keys(second));
        Assert.False(second.TryGetProperty("nextCursor", out _));

        var share = await RunAsync(hub, connection, "presignDownload", new { key = "reports/تقرير 1+2.txt", expiresIn = 60 });
        using var plain = new HttpClient();
        Assert.Equal("content of reports/تقرير 1+2.txt", await plain.GetStringAsync(new Uri(share.GetProperty("url").GetString()!)));

        var upload = await RunAsync(hub, connection, "presignUpload", new { key = "uploaded.bin", contentType = "application/x-thing", expiresIn = 60 });
        using var body = new ByteArrayContent([1, 2, 3]) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-thing") } };
        using (var put = await plain.PutAsync(new Uri(upload.GetProperty("url").GetString()!), body))
            Assert.Equal(HttpStatusCode.OK, put.StatusCode);
        Assert.Equal(3, (await RunAsync(hub, connection, "headObject", new { key = "uploaded.bin" })).GetProperty("size").GetInt32());

        Assert.True((await RunAsync(hub, connection, "deleteObject", new { key = "other.txt" })).GetProperty("deleted").GetBoolean());
        Assert.Equal((404, "not_found"), await FailAsync(hub, connection, "getObject", new { key = "other.txt" }));
        Assert.Equal((404, "not_found"), await FailAsync(hub, connection, "headObject", new { key = "other.txt" }));
        Assert.Equal((404, "not_found"), await FailAsync(hub, connection, "getObject", new { bucket = "no-such-bucket", key = "other.txt" }));
        Assert.Equal((404, "not_found"), await FailAsync(hub, connection, "putObject", new { bucket = "no-such-bucket", key = "other.txt", text = "x" }));
        Assert.Equal((404, "not_found"), await FailAsync(hub, connection, "listObjects", new { bucket = "no-such-bucket" }));
        await hub.StopAsync();
        hub.DeleteData();
    }

    [SkippableTheory]
    [InlineData("--b\r\nContent-Disposition: form-data; name=\"params\"\r\n\r\n{\"key\":\"a\"}")]
    [InlineData("--b\r\nContent-Disposition: form-data; name=\"params\"\r\n\r\n{\"key\":\r\n--b--\r\n")]
    [InlineData("--b\r\nContent-Disposition: form-data; name=\"params\"\r\n\r\n[1]\r\n--b--\r\n")]
    [InlineData("--b\r\nContent-Disposition: form-data; name=\"content\"\r\n\r\nbefore its params\r\n--b--\r\n")]
    [InlineData("no boundary at all")]
    [InlineData("")]
    public async Task Multipart_NotWellFormed_IsTheCallersFault(string body)
    {
        await using var store = await StartStoreAsync();
        await using var hub = await HubProcess.StartAsync();
        var connection = await ConnectAsync(hub, store);

        using var content = new StringContent(body) { Headers = { ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=b") } };
        using var answer = await hub.Client.PostAsync(new Uri($"/api/connections/{connection}/operations/putObject", UriKind.Relative), content);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.Empty((await RunAsync(hub, connection, "listObjects", new { })).GetProperty("objects").EnumerateArray());
        await hub.StopAsync();
        hub.DeleteData();
    }

    private static double Mib(long bytes) => bytes / (1024.0 * 1024);

    private static async Task<NodeServer> StartStoreAsync()
    {
        var node = await NodeToolchain.GetAsync();
        var port = HubProcess.FreePort();

        // Its continuation tokens are DES, which OpenSSL 3 keeps among the legacy ones.
        var objects = Directory.CreateTempSubdirectory("hub-s3-");
        return await node.StartAsync(
            port,
            objects,
            "--openssl-legacy-provider", "node_modules/s3rver/bin/s3rver.js", "-a", "127.0.0.1", "-p", port.ToString(CultureInfo.InvariantCulture), "-d", objects.FullName,
            "--silent", "--no-vhost-buckets", "--configure-bucket", Bucket);
    }

    private static Task<string> ConnectAsync(HubProcess hub, NodeServer store, bool asEndpoint = false) =>
        asEndpoint
            ? hub.CreateConnectionAsync("s3", new { accessKeyId = Account, secretAccessKey = Account, bucket = Bucket, endpoint = store.Address })
            : hub.CreateConnectionAsync("s3", new { accessKeyId = Account, secretAccessKey = Account, bucket = Bucket, pathStyle = true }, store.Address.ToString());

    private static async Task<JsonElement> RunAsync(HubProcess hub, string connection, string operation, object parameters) =>
        (await hub.PostAsync($"/api/connections/{connection}/operations/{operation}", new { @params = parameters })).GetProperty("result");

    private static async Task<(int Status, string Code)> FailAsync(HubProcess hub, string connection, string operation, object parameters)
    {
        using var answer = await hub.Client.PostAsJsonAsync($"/api/connections/{connection}/operations/{operation}", new { @params = parameters });
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return ((int)answer.StatusCode, problem.GetProperty("code").GetString()!);
    }

    private static IEnumerable<string> Keys(JsonElement page) => page.GetProperty("objects").EnumerateArray().Select(item => item.GetProperty("key").GetString()!);

    private static async Task<JsonElement> UploadAsync(HubProcess hub, string connection, Form form, string key, Stream content, long length)
    {
        var parameters = JsonSerializer.Serialize(new { key, contentType = "application/x-random" });
        var path = $"/api/connections/{connection}/operations/putObject";
        using var stream = new StreamContent(content) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } };
        using var multipart = new MultipartFormDataContent();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative));
        if (form == Form.Multipart)
        {
            multipart.Add(new StringContent(parameters, Encoding.UTF8, "application/json"), "params");
            multipart.Add(stream, "content", "large.bin");
            request.Content = multipart;
        }
        else
        {
            request.RequestUri = new Uri(path + "?params=" + Uri.EscapeDataString(parameters), UriKind.Relative);
            request.Content = stream;
            if (form == Form.Body)
                stream.Headers.ContentLength = length;
        }

        request.Headers.TransferEncodingChunked = form != Form.Body;
        using var answer = await hub.Client.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        using var document = JsonDocument.Parse(text);
        return document.RootElement.GetProperty("result").Clone();
    }

    private static async Task<(string Sha256, long Length)> DownloadAsync(HubProcess hub, string connection, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"/api/connections/{connection}/operations/getObject", UriKind.Relative)) { Content = JsonContent.Create(new { @params = new { key } }) };
        using var answer = await hub.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.True(answer.IsSuccessStatusCode, answer.IsSuccessStatusCode ? "" : await answer.Content.ReadAsStringAsync());
        Assert.Equal("application/x-random", answer.Content.Headers.ContentType?.ToString());
        await using var stream = await answer.Content.ReadAsStreamAsync();
        return await RandomBytes.HashAsync(stream);
    }

    /// <summary>Runs something while it looks at the hub's memory again and again; answers the most that it saw.</summary>
    private static async Task<(T Result, long Peak)> MeasureAsync<T>(HubProcess hub, Func<Task<T>> run)
    {
        var running = Task.Run(run);
        var peak = hub.WorkingSet;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!running.IsCompleted && await timer.WaitForNextTickAsync())
            peak = Math.Max(peak, hub.WorkingSet);

        return (await running, Math.Max(peak, hub.WorkingSet));
    }
}
