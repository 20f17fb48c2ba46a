using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Benchmarks;

/// <summary>What one start came to.</summary>
/// <param name="ReadyMs">From the start of the process to the first 200 of <c>/health/ready</c>.</param>
/// <param name="CpuMs">Processor time of both cores together until then.</param>
/// <param name="Resident">Resident memory once it had settled, in bytes.</param>
/// <param name="Heap">Live managed memory then, in bytes; zero where it was not asked for.</param>
/// <param name="Loaded">Plugins that <c>GET /api/plugins</c> says are loaded.</param>
/// <param name="NotLoaded">Plugins that it says are not, each with what is wrong.</param>
internal sealed record HubStart(double ReadyMs, double CpuMs, long Resident, long Heap, int Loaded, IReadOnlyList<string> NotLoaded);

/// <summary>Starts the hub in a process of its own with an empty data folder, measures, and stops it.</summary>
internal static class HubRun
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PollEvery = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan Calm = TimeSpan.FromMilliseconds(400);

    public static async Task<HubStart> MeasureAsync(string hub, string plugins, bool withHeap)
    {
        var data = HubProcess.NewDataFolder();
        var socket = Path.Combine(data, "heap.sock");
        var address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{HubProcess.FreePort()}"));
        var adminKey = "hub_" + string.Concat(Enumerable.Repeat("test-admin-", 4));
        var start = new ProcessStartInfo("dotnet", [hub, "--data", data, "--urls", address.ToString().TrimEnd('/'), "--plugins", plugins])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["HUB_ADMIN_KEY"] = adminKey, ["ASPNETCORE_ENVIRONMENT"] = "Production" },
        };

        // The hook is another assembly to load, so starts that are timed go without it.
        if (withHeap)
        {
            start.Environment["DOTNET_STARTUP_HOOKS"] = typeof(StartupHook).Assembly.Location;
            start.Environment[StartupHook.Variable] = socket;
        }

        using var client = new HttpClient { BaseAddress = address, Timeout = Patience };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", adminKey);
        var clock = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        var output = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        try
        {
            await UntilReadyAsync(client, process, output, clock);
            var ready = clock.Elapsed.TotalMilliseconds;
            process.Refresh();
            var cpu = process.TotalProcessorTime.TotalMilliseconds;

            var (loaded, notLoaded) = await PluginsAsync(client);
            await UntilCalmAsync(process);
            var resident = process.WorkingSet64;
            var heap = withHeap ? await HeapAsync(socket) : 0;
            return new HubStart(ready, cpu, resident, heap, loaded, notLoaded);
        }
        finally
        {
            await StopAsync(process);
            Directory.Delete(data, recursive: true);
        }
    }

    private static async Task UntilReadyAsync(HttpClient client, Process process, Task<string[]> output, Stopwatch clock)
    {
        while (clock.Elapsed < Patience && !process.HasExited)
        {
            try
            {
                using var answer = await client.GetAsync(new Uri("/health/ready", UriKind.Relative));
                if (answer.IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(PollEvery);
        }

        throw new InvalidOperationException("The hub did not become ready.\n" + (process.HasExited ? string.Join('\n', await output) : ""));
    }

    private static async Task<(int Loaded, IReadOnlyList<string> NotLoaded)> PluginsAsync(HttpClient client)
    {
        using var answer = JsonDocument.Parse(await client.GetStringAsync(new Uri("/api/plugins", UriKind.Relative)));
        var items = answer.RootElement.GetProperty("items").EnumerateArray().ToLookup(item => item.GetProperty("state").GetString() == "loaded");
        return (items[true].Count(), [.. items[false].Select(item => $"{item.GetProperty("id")}: {item.GetProperty("errors")}")]);
    }

    /// <summary>Until the process does next to nothing: what starts in the background belongs to the start.</summary>
    private static async Task UntilCalmAsync(Process process)
    {
        TimeSpan before;
        do
        {
            before = process.TotalProcessorTime;
            await Task.Delay(Calm);
            process.Refresh();
        }
        while (process.TotalProcessorTime - before > Calm / 20);
    }

    private static async Task<long> HeapAsync(string socket)
    {
        using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await client.ConnectAsync(new UnixDomainSocketEndPoint(socket));
        using var reader = new StreamReader(new NetworkStream(client));
        return long.Parse(await reader.ReadToEndAsync(), CultureInfo.InvariantCulture);
    }

    private static async Task StopAsync(Process process)
    {
        if (process.HasExited)
            return;

        using var term = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await term.WaitForExitAsync();
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
        }
    }
}
