using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using IntegrationHub.Tests.Support;
using Xunit.Abstractions;

namespace IntegrationHub.Host.Tests.Plugins.Containment;

/// <summary>One hub process, a plugin for each way of misbehaving in each method, and beside them a plugin that must not notice anything.</summary>
public sealed class FaultMatrixTests(ITestOutputHelper output)
{
    private const string Good = "well-behaved";

    private static readonly Dictionary<string, string> Variables = new()
    {
        ["HUB_PLUGINS__STARTTIMEOUT"] = "00:00:03",
        ["HUB_PLUGINS__LIMITS__ABANDONAFTER"] = "00:00:01",
        ["HUB_PLUGINS__LIMITS__VERIFYTIMEOUT"] = "00:00:01",
        ["HUB_PLUGINS__LIMITS__DISPOSETIMEOUT"] = "00:00:02",
    };

    private static readonly string[] Methods = ["constructor", "initialize", "execute", "verify", "dispose"];
    private static readonly string[] Ways = ["throws", "hangs", "garbage", "leaks", "kills"];

    private readonly ConcurrentDictionary<string, string> table = new();

    [Fact]
    public async Task EveryMethod_MisbehavingInEveryWay_IsContainedAndOthersServe()
    {
        using var folders = new PluginFolders();
        folders.Add("WellBehaved", Good);
        foreach (var method in Methods)
            foreach (var way in Ways)
                folders.AddMisbehaving(method, way);

        await using var hub = await HubProcess.StartAsync(folders.Data, folders.List, variables: Variables);
        var good = await hub.CreateConnectionAsync(Good, new { });
        using var stop = new CancellationTokenSource();
        var serving = ServeAsync(hub, good, stop.Token);
        foreach (var method in Methods)
            await Task.WhenAll(Ways.Select(way => CellAsync(hub, method, way)));

        // Whoever was quarantined is given another chance, and takes it.
        var again = await hub.PostAsync("/api/plugins/execute-throws/enable", new { });
        Assert.Equal("loaded", State(again));

        await stop.CancelAsync();
        var (served, failed) = await serving;
        output.WriteLine(Table());
        output.WriteLine($"\nThe plugin beside them served {served} calls meanwhile, of which {failed.Count} failed.");
        Assert.Empty(failed);
        Assert.True(served > 0);
        Assert.False(hub.HasExited);
        using var ready = await hub.Client.GetAsync(new Uri("/health/ready", UriKind.Relative));
        Assert.True(ready.IsSuccessStatusCode);
    }

    private Task CellAsync(HubProcess hub, string method, string way) => method switch
    {
        "constructor" or "initialize" => StartAsync(hub, method, way),
        "execute" => ExecuteAsync(hub, method, way),
        "verify" => VerifyAsync(hub, method, way),
        _ => DisposeAsync(hub, method, way),
    };

    private async Task StartAsync(HubProcess hub, string method, string way)
    {
        var id = $"{method}-{way}";
        switch (way)
        {
            case "throws":
                Note(id, await ExpectAsync(hub, id, "failed", "threw Misbehaving.NuisanceException"));
                break;
            case "hangs":
                Note(id, await ExpectAsync(hub, id, "failed", "did not start within 3 s"));
                break;
            case "kills":
                Note(id, await ExpectAsync(hub, id, "quarantined", "exceptions on its own threads"));
                break;
            default:
                await ExpectAsync(hub, id, "loaded");
                var connection = await hub.CreateConnectionAsync(id, new { });
                Assert.Equal(200, (await RunAsync(hub, connection)).Status);
                Note(id, "loaded, operations serve");
                break;
        }
    }

    private async Task ExecuteAsync(HubProcess hub, string method, string way)
    {
        var id = $"{method}-{way}";
        var connection = await hub.CreateConnectionAsync(id, new { });
        var calls = way switch { "hangs" => 3, "kills" => 1, _ => 5 };
        var answers = await Task.WhenAll(Enumerable.Range(0, calls).Select(_ => RunAsync(hub, connection)));
        var (status, code) = way switch { "throws" or "garbage" => (502, "provider_error"), "hangs" => (504, "timeout"), _ => (200, "") };
        Assert.All(answers, answer => Assert.Equal((status, code), answer));
        Note(id, $"{answers.Length} × {status} {code}; " + (way switch
        {
            "leaks" => await ExpectAsync(hub, id, "loaded"),
            "hangs" => await ExpectAsync(hub, id, "quarantined", "calls hung"),
            "kills" => await ExpectAsync(hub, id, "quarantined", "exceptions on its own threads"),
            _ => await ExpectAsync(hub, id, "quarantined", "fault number 5 in a row"),
        }));
        if (way != "leaks")
            Assert.Equal((503, "provider_not_loaded"), await RunAsync(hub, connection));
    }

    private async Task VerifyAsync(HubProcess hub, string method, string way)
    {
        var id = $"{method}-{way}";
        var connection = await hub.CreateConnectionAsync(id, new { });
        var calls = way switch { "hangs" => 3, "kills" => 1, _ => 6 };
        var answers = await Task.WhenAll(Enumerable.Range(0, calls).Select(number => SendAsync(hub, id, connection, $"evt_{number}")));
        var status = way is "leaks" or "kills" ? 200 : 503;
        Assert.All(answers, answer => Assert.Equal(status, answer));
        var state = way switch
        {
            "hangs" => await ExpectAsync(hub, id, "quarantined", "calls hung"),
            "kills" => await ExpectAsync(hub, id, "quarantined", "exceptions on its own threads"),
            _ => await ExpectAsync(hub, id, "loaded"),
        };

        // Strangers choose what a verifier is given: its exceptions must not take the operations away.
        if (way is "throws" or "garbage" or "leaks")
            Assert.Equal(200, (await RunAsync(hub, connection)).Status);
        else
            Assert.Equal(503, await SendAsync(hub, id, connection, "evt_later"));

        Note(id, $"{answers.Length} × {status}; {state}");
    }

    private async Task DisposeAsync(HubProcess hub, string method, string way)
    {
        var id = $"{method}-{way}";
        var connection = await hub.CreateConnectionAsync(id, new { });
        Assert.Equal(200, (await RunAsync(hub, connection)).Status);
        Assert.Equal("disabled", State(await hub.PostAsync($"/api/plugins/{id}/disable", new { })));
        Assert.Equal((503, "provider_not_loaded"), await RunAsync(hub, connection));

        // And it comes back: what the former generation did to itself is not its successor's.
        Assert.Equal("loaded", State(await hub.PostAsync($"/api/plugins/{id}/enable", new { })));
        Assert.Equal(200, (await RunAsync(hub, connection)).Status);
        Note(id, "disabled at once; enabled again, it serves");
    }

    private static async Task<(int Served, ConcurrentQueue<string> Failed)> ServeAsync(HubProcess hub, string connection, CancellationToken stop)
    {
        var served = 0;
        var failed = new ConcurrentQueue<string>();
        await Task.WhenAll(Enumerable.Range(0, 2).Select(async _ =>
        {
            while (!stop.IsCancellationRequested)
            {
                var (status, code) = await RunAsync(hub, connection);
                Interlocked.Increment(ref served);
                if (status != 200)
                    failed.Enqueue($"{status} {code}");
            }
        }));
        return (served, failed);
    }

    private static async Task<(int Status, string Code)> RunAsync(HubProcess hub, string connection)
    {
        using var answer = await hub.Client.PostAsJsonAsync($"/api/connections/{connection}/operations/run", new { @params = new { } });
        var body = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return ((int)answer.StatusCode, body.TryGetProperty("code", out var code) ? code.GetString()! : "");
    }

    private static async Task<int> SendAsync(HubProcess hub, string provider, string connection, string id)
    {
        using var body = new StringContent($$"""{ "id": "{{id}}", "type": "ping" }""", Encoding.UTF8, "application/json");
        using var answer = await hub.Client.PostAsync(new Uri($"/v1/webhooks/{provider}/{connection}", UriKind.Relative), body);
        return (int)answer.StatusCode;
    }

    private static async Task<string> ExpectAsync(HubProcess hub, string id, string state, string why = "")
    {
        var record = await hub.EventuallyAsync($"/api/plugins/{id}", record => State(record) == state);
        Assert.Contains(why, record.GetRawText(), StringComparison.Ordinal);
        return why.Length == 0 ? state : $"{state}: {why}";
    }

    private static string State(JsonElement record) => record.GetProperty("state").GetString()!;

    private void Note(string id, string outcome) => table[id] = outcome;

    private string Table()
    {
        var text = new StringBuilder("| method | throws | hangs | returns garbage | leaks a timer | kills its thread pool work |\n|---|---|---|---|---|---|\n");
        foreach (var method in Methods)
            text.Append($"| {method} | {string.Join(" | ", Ways.Select(way => table[$"{method}-{way}"]))} |\n");

        return text.ToString();
    }
}
