using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;
using System.Runtime.Loader;
using System.Text.Json;
using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Host.Tests.Plugins.Install;
using Xunit.Abstractions;

namespace IntegrationHub.Host.Tests.Plugins.Reload;

/// <summary>Tests that measure this process, and so have it to themselves.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

/// <summary>The promise of hot reload, over the whole hub: nobody who calls a plugin notices that it is replaced, and nothing of the old versions stays.</summary>
[Collection(nameof(Alone))]
public sealed class ReplaceUnderLoadTests(ITestOutputHelper output)
{
    private const int Replacements = 100;
    private const int Callers = 4;

    // What a version that stays would add is a multiple of this: each has a heap of types and code of its own.
    private const long ManagedGrowth = 4 << 20;
    private const long WorkingSetGrowth = 64 << 20;

    [Fact]
    public async Task Replace_HundredTimesUnderLoad_NoCallFailsAndEveryOldVersionLeavesMemory()
    {
        await using var hub = await InstallHub.StartAsync("--Hub:Plugins:QuietTime", "00:00:00.03", "--Hub:Plugins:UnloadCheck", "00:00:00.02", "--Hub:Plugins:WatchInterval", "00:00:02");
        var folders = new DeployedFolder(hub.OperatorsPlugin);
        folders.Deploy(1);
        using var admin = hub.Admin;
        await ServesAsync(admin, "1.0.0");
        using var created = await admin.PostAsJsonAsync("/api/connections", new { provider = "replaceable", environment = "dev", config = new { } });
        var connection = (await created.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;

        using var over = new CancellationTokenSource();
        ConcurrentDictionary<string, int> answers = [];
        var load = Enumerable.Range(0, Callers).Select(_ => CallAsync(hub, connection, answers, over.Token)).ToArray();
        Dictionary<int, (long Managed, long WorkingSet)> memory = [];
        for (var i = 1; i <= Replacements; i++)
        {
            var version = (i % 2) + 1;
            folders.Deploy(version);

            // Now by the watcher, now because somebody asks, with the watcher in the way.
            if (i % 4 < 2)
                Assert.Equal(200, (await admin.SendAsync("POST", "/api/plugins/replaceable/reload")).Status);

            await ServesAsync(admin, $"{version}.0.0");
            if (i is 10 or 50 or Replacements)
                memory[i] = await MeasureAsync(admin);
        }

        await over.CancelAsync();
        await Task.WhenAll(load);
        var record = await GoneAsync(admin);
        foreach (var (at, (managed, workingSet)) in memory)
            output.WriteLine($"after {at} replacements: {managed / 1024.0 / 1024:0.0} MB managed, {workingSet / 1024.0 / 1024:0.0} MB working set");

        output.WriteLine($"{answers.Values.Sum()} calls: {string.Join(", ", answers.Select(answer => $"{answer.Key}: {answer.Value}"))}; generation {record.GetProperty("generation")}, {record.GetProperty("unloaded")} unloaded");
        Assert.Equal(["1.0.0 one", "2.0.0 two"], answers.Keys.Order());
        Assert.InRange(record.GetProperty("generation").GetInt32(), Replacements + 1, (2 * Replacements) + 1);
        Assert.Equal(record.GetProperty("generation").GetInt32() - 1, record.GetProperty("unloaded").GetInt32());
        Assert.Single(AssemblyLoadContext.All, context => context.Name?.StartsWith("plugin replaceable ", StringComparison.Ordinal) == true);
        Assert.InRange(memory[Replacements].Managed - memory[10].Managed, long.MinValue, ManagedGrowth);
        Assert.InRange(memory[Replacements].WorkingSet - memory[10].WorkingSet, long.MinValue, WorkingSetGrowth);
    }

    private static async Task CallAsync(InstallHub hub, string connection, ConcurrentDictionary<string, int> answers, CancellationToken over)
    {
        using var client = hub.Admin;
        while (!over.IsCancellationRequested)
        {
            var answer = await client.SendAsync("POST", $"/api/connections/{connection}/operations/run", "{}", cancellationToken: CancellationToken.None);
            var said = answer.Status == 200 && answer.Json.GetProperty("result") is var result
                ? $"{result.GetProperty("version").GetString()} {result.GetProperty("library").GetString()}"
                : $"{answer.Status} {answer.Text}";
            answers.AddOrUpdate(said, 1, static (_, count) => count + 1);
        }
    }

    private static async Task<(long Managed, long WorkingSet)> MeasureAsync(HttpClient admin)
    {
        await GoneAsync(admin);
        for (var i = 0; i < 3; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true);
            GC.WaitForPendingFinalizers();
        }

        using var process = Process.GetCurrentProcess();
        return (GC.GetTotalMemory(forceFullCollection: false), process.WorkingSet64);
    }

    private static Task<JsonElement> ServesAsync(HttpClient admin, string version) =>
        EventuallyAsync(admin, record => record.GetProperty("version").GetString() == version && record.GetProperty("generation").ValueKind == JsonValueKind.Number);

    private static Task<JsonElement> GoneAsync(HttpClient admin) => EventuallyAsync(admin, record => record.GetProperty("retired").GetArrayLength() == 0);

    private static async Task<JsonElement> EventuallyAsync(HttpClient admin, Func<JsonElement, bool> wanted)
    {
        JsonElement record = default;
        var since = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(60))
        {
            var answer = await admin.SendAsync("GET", "/api/plugins/replaceable");
            record = answer.Json;
            if (answer.Status == 200 && wanted(record))
                return record;

            await Task.Delay(5);
        }

        throw new TimeoutException($"It did not come to hold: {record}");
    }

    /// <summary>Puts versions in place as a careful deployment does: the whole folder is ready beside it, and two renames exchange it.</summary>
    private sealed class DeployedFolder(string folder)
    {
        private int number;

        public void Deploy(int version)
        {
            var incoming = PluginFolder.WriteVersion($"{folder}-{++number}", version);
            var former = $"{folder}-former";
            Directory.Move(folder, former);
            Directory.Move(incoming, folder);
            Directory.Delete(former, recursive: true);
        }
    }
}
