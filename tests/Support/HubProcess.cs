using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace IntegrationHub.Tests.Support;

/// <summary>The real host in a process of its own, with a data folder of its own. Dispose it to stop the process; the data folder stays until <see cref="DeleteData"/>.</summary>
public sealed partial class HubProcess : IAsyncDisposable
{
    // Only a hub that never comes, or never goes, takes so long: beside other work a sound one may take a minute.
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan StopLimit = TimeSpan.FromMinutes(2);
    private static readonly HttpClient Probe = new() { Timeout = TimeSpan.FromSeconds(30) };

    private const string Configuration =
#if DEBUG
        "Debug";
#else
        "Release";
#endif

    private readonly Process process;
    private readonly StringBuilder output = new();

    private HubProcess(Process process, string data, Uri address, string adminKey)
    {
        this.process = process;
        Data = data;
        AdminKey = adminKey;
        Address = address;
        Client = Open(address);
    }

    public string Data { get; }

    public Uri Address { get; private set; }

    public string AdminKey { get; }

    /// <summary>Calls the API as admin.</summary>
    public HttpClient Client { get; private set; }

    public int Id => process.Id;

    public bool HasExited => process.HasExited;

    /// <summary>What it ended with, once it has.</summary>
    public int ExitCode => process.ExitCode;

    /// <summary>What it wrote to standard output and error.</summary>
    public string Output
    {
        get
        {
            lock (output)
                return output.ToString();
        }
    }

    /// <summary>The process's resident memory in bytes.</summary>
    public long WorkingSet
    {
        get
        {
            process.Refresh();
            return process.WorkingSet64;
        }
    }

    /// <summary>Starts it as built, or, when <paramref name="asTyped"/>, with the README's command: then everything that the command line does not say is found by the hub itself. <paramref name="program"/> is another build's hub.dll. Without <paramref name="untilReady"/> it is left to start alone.</summary>
    public static async Task<HubProcess> StartAsync(
        string? data = null,
        string? plugins = null,
        string environment = "Development",
        IReadOnlyDictionary<string, string>? variables = null,
        int? port = null,
        bool asTyped = false,
        string? program = null,
        bool untilReady = true)
    {
        data ??= NewDataFolder();

        // Port 0: the system gives a free one, and the hub tells which. A port looked for beforehand may be another's by the time the hub wants it.
        var url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port ?? 0}");

        // Long enough to be taken, and built here so that no scanner mistakes it for somebody's.
        var adminKey = "hub_" + string.Concat(Enumerable.Repeat("test-admin-", 4));
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["HUB_ADMIN_KEY"] = adminKey, ["DOTNET_gcServer"] = "0" },
        };
        string[] command = asTyped ? ["run", "--project", "host", "--no-build", "-c", Configuration, "--"] : [program ?? Path.Combine(AppContext.BaseDirectory, "hub.dll")];
        foreach (var argument in command.Concat(["--data", data, "--urls", url]))
            start.ArgumentList.Add(argument);

        if (!asTyped)
        {
            start.ArgumentList.Add("--plugins");
            start.ArgumentList.Add(plugins ?? Repository.At("plugins.json"));
            start.Environment["ASPNETCORE_ENVIRONMENT"] = environment;
        }

        foreach (var (name, value) in variables ?? new Dictionary<string, string>())
            start.Environment[name] = value;

        var process = new Process { StartInfo = start };
        var hub = new HubProcess(process, data, new Uri(url), start.Environment["HUB_ADMIN_KEY"]!);
        process.OutputDataReceived += (_, line) => hub.Append(line.Data);
        process.ErrorDataReceived += (_, line) => hub.Append(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (!untilReady)
            return hub;

        try
        {
            if (port is null)
                await hub.WaitUntilBoundAsync();
            await hub.WaitUntilReadyAsync();
            return hub;
        }
        catch
        {
            await hub.DisposeAsync();
            throw;
        }
    }

    public static string NewDataFolder() => Directory.CreateTempSubdirectory("hub-test-").FullName;

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Ends the process without any warning (SIGKILL), as a crash does.</summary>
    public async Task KillAsync()
    {
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
    }

    /// <summary>Waits for it to end by itself.</summary>
    public Task WaitForExitAsync(CancellationToken cancellationToken) => process.WaitForExitAsync(cancellationToken);

    /// <summary>Asks it to stop (SIGTERM) and waits until it has drained.</summary>
    public async Task<int> StopAsync()
    {
        if (!process.HasExited)
        {
            using var kill = Process.Start("kill", ["-TERM", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
            await kill.WaitForExitAsync();
            using var patience = new CancellationTokenSource(StopLimit);
            await process.WaitForExitAsync(patience.Token);
        }

        return process.ExitCode;
    }

    public void DeleteData() => Directory.Delete(Data, recursive: true);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (!process.HasExited)
            await KillAsync();

        process.Dispose();
    }

    private HttpClient Open(Uri address)
    {
        var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 256 }) { BaseAddress = address, Timeout = TimeSpan.FromMinutes(2) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", AdminKey);
        return client;
    }

    /// <summary>Waits until it says where it listens.</summary>
    private async Task WaitUntilBoundAsync()
    {
        var since = Stopwatch.StartNew();
        while (since.Elapsed < StartLimit && !process.HasExited)
        {
            if (BoundAddress().Match(Output) is { Success: true } found)
            {
                Client.Dispose();
                Address = new Uri(found.Groups["address"].Value);
                Client = Open(Address);
                return;
            }

            await Task.Delay(20, CancellationToken.None);
        }

        // What it had to say of its end comes through a pipe that may not be read yet.
        if (process.HasExited)
            await process.WaitForExitAsync();
        throw new InvalidOperationException($"The hub did not say where it listens.\n{Output}");
    }

    /// <summary>The line of the start banner with the hub's address.</summary>
    [GeneratedRegex(@"^\s+API page\s+(?<address>http://127\.0\.0\.1:[1-9][0-9]*)/docs", RegexOptions.Multiline)]
    private static partial Regex BoundAddress();

    private async Task WaitUntilReadyAsync()
    {
        using var patience = new CancellationTokenSource(StartLimit);
        while (!patience.IsCancellationRequested && !process.HasExited)
        {
            try
            {
                using var answer = await Probe.GetAsync(new Uri(Address, "/health/ready"), patience.Token);
                if (answer.IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }
            catch (OperationCanceledException)
            {
                // This answer took too long; the next may not.
            }

            // There is nothing to await across processes but the next try.
            await Task.Delay(50, CancellationToken.None);
        }

        throw new InvalidOperationException($"The hub did not become ready.\n{Output}");
    }

    private void Append(string? line)
    {
        if (line is null)
            return;

        lock (output)
            output.AppendLine(line);
    }
}
