using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using IntegrationHub.Tests.Support;
using Xunit.Abstractions;

namespace IntegrationHub.Host.Tests.Plugins.Containment;

/// <summary>One hub process, a plugin for each way of misbehaving in each method, and beside them a plugin that must not notice anything.</summary>
public sealed class FaultMatrixTests(ITestOutputHelper output)
{
    private const string Loaded = "loaded";
    private const string Quarantined = "quarantined";

    // Those that hang are waited for so long, and those that do not must never need so long, whatever else the machine does.
    private static readonly Dictionary<string, string> Variables = new()
    {
        ["HUB_PLUGINS__STARTTIMEOUT"] = "00:00:10",
        ["HUB_PLUGINS__LIMITS__ABANDONAFTER"] = "00:00:01",
        ["HUB_PLUGINS__LIMITS__VERIFYTIMEOUT"] = "00:00:10",
        ["HUB_PLUGINS__LIMITS__DISPOSETIMEOUT"] = "00:00:02",
        ["HUB_PLUGINS__LIMITS__CONTENTIDLETIME"] = "00:00:10",
    };

    private static readonly string[] Ways =
    [
        "throws", "blocks", "never",
        "garbage", "garbage-null", "garbage-unset", "garbage-disposed", "garbage-deep", "garbage-large", "garbage-task", "garbage-value", "garbage-lies", "garbage-short",
        "timer", "kills", "interrupts", "floods",
    ];

    // A constructor has no log yet and returns nothing that could never come; each method has the garbage that its type allows.
    private static readonly OrderedDictionary<string, string[]> Cells = new()
    {
        ["constructor"] = ["throws", "blocks", "garbage", "timer", "kills", "interrupts"],
        ["initialize"] = ["throws", "blocks", "never", "garbage", "timer", "kills", "interrupts", "floods"],
        ["execute"] =
        [
            "throws", "blocks", "never", "garbage-null", "garbage-unset", "garbage-disposed", "garbage-deep", "garbage-large", "garbage-task", "timer", "kills", "interrupts", "floods",
        ],
        ["content"] = ["throws", "blocks", "never", "garbage-lies", "garbage-short", "timer", "kills", "interrupts", "floods"],
        ["verify"] = ["throws", "blocks", "never", "garbage-unset", "garbage-value", "garbage-task", "timer", "kills", "interrupts", "floods"],
        ["test"] = ["throws", "blocks", "never", "garbage-null", "timer", "kills", "interrupts", "floods"],
        ["dispose"] = ["throws", "blocks", "never", "garbage", "timer", "kills", "interrupts", "floods"],
    };

    private readonly FaultMatrix matrix = new();

    [Fact]
    public async Task EveryMethod_MisbehavingInEveryWay_IsContainedAndOthersServe()
    {
        using var folders = new PluginFolders();
        folders.Add("WellBehaved", "well-behaved");
        foreach (var (method, ways) in Cells)
            foreach (var way in ways)
                folders.AddMisbehaving(method, way, way is "blocks" or "never" ? "3s" : "60s");

        await using var hub = await HubProcess.StartAsync(folders.Data, folders.List, variables: Variables);
        await using (var neighbour = await Neighbour.StartAsync(hub, "well-behaved"))
        {
            foreach (var (method, ways) in Cells)
                await Parallel.ForEachAsync(ways, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (way, _) => await CellAsync(hub, neighbour, method, way));

            // Whoever was quarantined is given another chance, and takes it.
            await File.WriteAllTextAsync(folders.Cure, "");
            Assert.Equal(Loaded, State(await hub.PostAsync("/api/plugins/execute-throws/enable", new { })));
            Assert.Equal("200", await RunAsync(hub, await ConnectionAsync(hub, "execute-throws")));

            output.WriteLine(matrix.Render([.. Cells.Keys], Ways));
            output.WriteLine($"\n{matrix.Count} plugins misbehaved. The one beside them served {neighbour.Served} calls, and {neighbour.Failed.Count} failed.");
            Assert.Empty(neighbour.Failed);
        }

        Assert.Equal(Cells.Values.Sum(ways => ways.Length), matrix.Count);
        Assert.False(hub.HasExited);
        using var ready = await hub.Client.GetAsync(new Uri("/health/ready", UriKind.Relative));
        Assert.True(ready.IsSuccessStatusCode);

        // 4 methods flood with 50 000 messages a call and more.
        var flooded = hub.Output.Split('\n').Count(line => line.Contains("A message of a flood", StringComparison.Ordinal));
        Assert.InRange(flooded, 1, 20_000);

        // Plugins that hang, and threads of theirs, do not hold up the end.
        Assert.Equal(0, await hub.StopAsync());
    }

    private async Task CellAsync(HubProcess hub, Neighbour neighbour, string method, string way)
    {
        var (served, failed) = (neighbour.Served, neighbour.Failed.Count);
        var id = $"{method}-{way}";
        var (saw, did) = method switch
        {
            "constructor" or "initialize" => await StartAsync(hub, id, way),
            "execute" => await ExecuteAsync(hub, id, way),
            "content" => await ContentAsync(hub, id, way),
            "verify" => await VerifyAsync(hub, id, way),
            "test" => await TestAsync(hub, id, way),
            _ => await DisposeAsync(hub, id),
        };

        // After the fault as well, and not only beside it.
        for (var i = 0; i < 3; i++)
            await neighbour.CallAsync();

        matrix.Add(method, way, saw, did, $"{neighbour.Served - served} ok, {neighbour.Failed.Count - failed} failed");
    }

    private static async Task<(string Saw, string Did)> StartAsync(HubProcess hub, string id, string way)
    {
        var did = way switch
        {
            "throws" => await ExpectStateAsync(hub, id, "failed", "threw Misbehaving.NuisanceException"),
            "blocks" or "never" => await ExpectStateAsync(hub, id, "failed", "did not start within 10 s"),
            "timer" or "kills" => await ExpectStateAsync(hub, id, Quarantined, "exceptions on its own threads"),
            _ => await ExpectStateAsync(hub, id, Loaded, ""),
        };

        // Without the provider no connection can be made; with it, it serves.
        if (!did.StartsWith(Loaded, StringComparison.Ordinal))
            return ("no such provider", did);

        Assert.Equal("200", await RunAsync(hub, await ConnectionAsync(hub, id)));
        return ("200", did);
    }

    private static async Task<(string Saw, string Did)> ExecuteAsync(HubProcess hub, string id, string way)
    {
        var connection = await ConnectionAsync(hub, id);
        var saw = await AllAsync(CallsOf(way), _ => RunAsync(hub, connection));
        AssertSaw(id, way switch { "blocks" or "never" => "504 timeout", _ when IsFault(way) => "502 provider_error", _ => "200" }, saw);
        var did = await ExpectAsync(hub, id, way);
        if (did.StartsWith(Quarantined, StringComparison.Ordinal))
            Assert.Equal("503 provider_not_loaded", await RunAsync(hub, connection));

        return (saw, did);
    }

    private static async Task<(string Saw, string Did)> ContentAsync(HubProcess hub, string id, string way)
    {
        var connection = await ConnectionAsync(hub, id);
        var breaks = IsFault(way) || way is "blocks" or "never";

        var saw = await AllAsync(CallsOf(way), _ => DownloadAsync(hub, connection));

        // What surely disturbs others ends the plugin at once, and the rest of its content with it, unless that was faster.
        var ends = way is "timer" or "kills" && saw == "200, broken off";
        AssertSaw(id, way switch { _ when ends => saw, "garbage-short" => "200, broken off", _ when breaks => "502 provider_error", _ => "200, whole" }, saw);
        var did = await ExpectAsync(hub, id, way);
        if (did.StartsWith(Quarantined, StringComparison.Ordinal))
            Assert.Equal("503 provider_not_loaded", await DownloadAsync(hub, connection));

        return (saw, did);
    }

    private static async Task<(string Saw, string Did)> VerifyAsync(HubProcess hub, string id, string way)
    {
        var connection = await ConnectionAsync(hub, id);
        var saw = await AllAsync(IsFault(way) ? 6 : CallsOf(way), number => SendAsync(hub, id, connection, $"evt_{number}"));
        AssertSaw(id, IsFault(way) || way is "blocks" or "never" ? "503 unavailable" : "200", saw);

        // Strangers choose what a verifier is given: its exceptions must not take the operations away.
        var did = IsFault(way) ? await ExpectStateAsync(hub, id, Loaded, "") : await ExpectAsync(hub, id, way);
        if (did.StartsWith(Quarantined, StringComparison.Ordinal))
            Assert.Equal("503 unavailable", await SendAsync(hub, id, connection, "evt_later"));
        else
            Assert.Equal("200", await RunAsync(hub, connection));

        return (saw, did);
    }

    private static async Task<(string Saw, string Did)> TestAsync(HubProcess hub, string id, string way)
    {
        var connection = await ConnectionAsync(hub, id);
        var saw = await AllAsync(CallsOf(way), _ => CheckAsync(hub, connection));
        AssertSaw(id, way switch { "blocks" or "never" => "200, not ok: timeout", _ when IsFault(way) => "200, not ok: provider_error", _ => "200, ok" }, saw);
        var did = await ExpectAsync(hub, id, way);
        if (did.StartsWith(Quarantined, StringComparison.Ordinal))
            Assert.Equal("503 provider_not_loaded", await CheckAsync(hub, connection));

        return (saw, did);
    }

    private static async Task<(string Saw, string Did)> DisposeAsync(HubProcess hub, string id)
    {
        var connection = await ConnectionAsync(hub, id);
        Assert.Equal("200", await RunAsync(hub, connection));
        Assert.Equal("disabled", State(await hub.PostAsync($"/api/plugins/{id}/disable", new { })));
        Assert.Equal("503 provider_not_loaded", await RunAsync(hub, connection));

        // And it comes back: what the former generation did to itself is not its successor's.
        Assert.Equal(Loaded, State(await hub.PostAsync($"/api/plugins/{id}/enable", new { })));
        Assert.Equal("200", await RunAsync(hub, connection));
        return ("200; disabled: 503; enabled: 200", "lets it go without");
    }

    private static bool IsFault(string way) => way == "throws" || way.StartsWith("garbage", StringComparison.Ordinal);

    private static int CallsOf(string way) => way switch { "blocks" or "never" => 3, "timer" or "kills" => 1, _ => 5 };

    private static Task<string> ExpectAsync(HubProcess hub, string id, string way) => way switch
    {
        "blocks" or "never" => ExpectStateAsync(hub, id, Quarantined, "calls hung"),
        "timer" or "kills" => ExpectStateAsync(hub, id, Quarantined, "exceptions on its own threads"),
        _ when IsFault(way) => ExpectStateAsync(hub, id, Quarantined, "fault number 5 in a row"),
        _ => ExpectStateAsync(hub, id, Loaded, ""),
    };

    private static async Task<string> ExpectStateAsync(HubProcess hub, string id, string state, string why)
    {
        var record = await hub.EventuallyAsync($"/api/plugins/{id}", record => State(record) == state);
        Assert.True(record.GetRawText().Contains(why, StringComparison.Ordinal), $"{why} is not in {record}");
        return why.Length == 0 ? state : $"{state}: {why}";
    }

    private static Task<string> ConnectionAsync(HubProcess hub, string id) => hub.CreateConnectionAsync(id, new { }, alias: Guid.NewGuid().ToString("N")[..8]);

    /// <summary>All callers must see the same.</summary>
    private static async Task<string> AllAsync(int times, Func<int, Task<string>> call)
    {
        var seen = await Task.WhenAll(Enumerable.Range(0, times).Select(call));
        return string.Join(" and ", seen.Distinct());
    }

    private static void AssertSaw(string id, string expected, string saw) => Assert.Equal($"{id}: {expected}", $"{id}: {saw}");

    private static async Task<string> RunAsync(HubProcess hub, string connection)
    {
        using var answer = await hub.Client.PostAsJsonAsync($"/api/connections/{connection}/operations/run", new { @params = new { } });
        return await StatusAsync(answer);
    }

    private static async Task<string> DownloadAsync(HubProcess hub, string connection)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/connections/{connection}/operations/download") { Content = JsonContent.Create(new { @params = new { } }) };
        HttpResponseMessage? answer = null;
        try
        {
            answer = await hub.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            if (!answer.IsSuccessStatusCode)
                return await StatusAsync(answer);

            return await answer.Content.ReadAsStringAsync() == "01234567890123456789" ? "200, whole" : "200, something else";
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException)
        {
            return "200, broken off";
        }
        finally
        {
            answer?.Dispose();
        }
    }

    private static async Task<string> CheckAsync(HubProcess hub, string connection)
    {
        using var answer = await hub.Client.PostAsync(new Uri($"/api/connections/{connection}/test", UriKind.Relative), null);
        if (!answer.IsSuccessStatusCode)
            return await StatusAsync(answer);

        var test = Assert.Single((await answer.Content.ReadFromJsonAsync<JsonElement>()).EnumerateArray());
        return test.GetProperty("ok").GetBoolean() ? "200, ok" : $"200, not ok: {test.GetProperty("error").GetProperty("code").GetString()}";
    }

    private static async Task<string> SendAsync(HubProcess hub, string provider, string connection, string id)
    {
        using var body = new StringContent($$"""{ "id": "{{id}}", "type": "ping" }""", Encoding.UTF8, "application/json");
        using var answer = await hub.Client.PostAsync(new Uri($"/v1/webhooks/{provider}/{connection}", UriKind.Relative), body);
        return await StatusAsync(answer);
    }

    private static async Task<string> StatusAsync(HttpResponseMessage answer)
    {
        if (answer.IsSuccessStatusCode)
            return $"{(int)answer.StatusCode}";

        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return $"{(int)answer.StatusCode} {problem.GetProperty("code").GetString()}";
    }

    private static string State(JsonElement record) => record.GetProperty("state").GetString()!;
}
