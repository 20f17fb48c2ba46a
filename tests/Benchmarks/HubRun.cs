using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Benchmarks;

/// <summary>What one start came to.</summary>
/// <param name="ReadyMs">From the start of the process to the first 200 of <c>/health/ready</c>.</param>
/// <param name="CpuMs">Processor time of all cores together until then.</param>
/// <param name="Resident">Resident memory once it had settled, in bytes; after a full collection where the heap was asked for.</param>
/// <param name="Heap">Live managed memory then, in bytes; zero where it was not asked for.</param>
/// <param name="Loaded">Plugins that <c>GET /api/plugins</c> says are loaded.</param>
/// <param name="NotLoaded">Plugins that it says are not, each with what is wrong.</param>
internal sealed record HubStart(double ReadyMs, double CpuMs, long Resident, long Heap, int Loaded, IReadOnlyList<string> NotLoaded);

/// <summary>A hub in a process of its own, until it is disposed.</summary>
internal sealed class HubRun : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan PollEvery = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan Calm = TimeSpan.FromMilliseconds(400);
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly Process process;
    private readonly Task<string[]> output;
    private readonly HttpClient client;

    private HubRun(ProcessStartInfo start, Uri address, string adminKey)
    {
        (Address, AdminKey) = (address, adminKey);
        client = new HttpClient { BaseAddress = address, Timeout = Patience };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", adminKey);
        clock.Restart();
        process = Process.Start(start)!;
        output = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
    }

    public Uri Address { get; }

    public string AdminKey { get; }

    /// <param name="hub">The hub.dll.</param>
    /// <param name="plugins">The list of plugins.</param>
    /// <param name="data">An empty folder.</param>
    /// <param name="socket">Where the hub shall tell how large its heap is, if it shall.</param>
    public static HubRun Start(string hub, string plugins, string data, string? socket)
    {
        var address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{HubProcess.FreePort()}"));
        var adminKey = "hub_" + string.Concat(Enumerable.Repeat("test-admin-", 4));

        // It runs in its data folder, as the service does: ASP.NET Core looks for settings in the folder it is started in.
        var start = new ProcessStartInfo("dotnet", [hub, "--data", data, "--urls", address.ToString().TrimEnd('/'), "--plugins", plugins])
        {
            WorkingDirectory = data,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["HUB_ADMIN_KEY"] = adminKey, ["ASPNETCORE_ENVIRONMENT"] = "Production" },
        };

        // The hook is another assembly to load, so starts that are timed go without it.
        if (socket is not null)
        {
            start.Environment["DOTNET_STARTUP_HOOKS"] = typeof(StartupHook).Assembly.Location;
            start.Environment[StartupHook.Variable] = socket;
        }

        return new HubRun(start, address, adminKey);
    }

    /// <summary>Starts the hub, measures, and stops it.</summary>
    public static async Task<HubStart> MeasureAsync(string hub, string plugins, string data, bool withHeap)
    {
        var socket = withHeap ? Path.Combine(data, "heap.sock") : null;
        await using var run = Start(hub, plugins, data, socket);
        await run.UntilReadyAsync();
        var ready = run.clock.Elapsed.TotalMilliseconds;
        run.process.Refresh();
        var cpu = run.process.TotalProcessorTime.TotalMilliseconds;

        var (loaded, notLoaded) = await run.PluginsAsync();
        await run.UntilCalmAsync();
        var heap = socket is null ? 0 : await HeapAsync(socket);
        run.process.Refresh();
        return new HubStart(ready, cpu, run.process.WorkingSet64, heap, loaded, notLoaded);
    }

    public async Task UntilReadyAsync()
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

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
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

        client.Dispose();
        process.Dispose();
    }

    private async Task<(int Loaded, IReadOnlyList<string> NotLoaded)> PluginsAsync()
    {
        using var answer = JsonDocument.Parse(await client.GetStringAsync(new Uri("/api/plugins", UriKind.Relative)));
        var items = answer.RootElement.GetProperty("items").EnumerateArray().ToLookup(item => item.GetProperty("state").GetString() == "loaded");
        return (items[true].Count(), [.. items[false].Select(item => $"{item.GetProperty("id")}: {item.GetProperty("errors")}")]);
    }

    /// <summary>Until the process does next to nothing: what starts in the background belongs to the start.</summary>
    private async Task UntilCalmAsync()
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

    private static async Task<long> HeapAsync(string socket) => long.Parse(await StartupHook.AskAsync(socket), CultureInfo.InvariantCulture);
}
