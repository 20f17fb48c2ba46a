using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace IntegrationHub.Contract.Tests.Providers.Rig;

/// <summary>
/// A server that runs beside a test. It is ready when its port takes a connection: what such programs print differs with their version, and with the <c>CI</c> variable.
/// </summary>
internal sealed class NodeProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);

    private readonly Process process;
    private readonly StringBuilder output = new();

    private NodeProcess(Process process)
    {
        this.process = process;
        process.OutputDataReceived += (_, line) => Take(line.Data);
        process.ErrorDataReceived += (_, line) => Take(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>The end of what it wrote.</summary>
    public string Output
    {
        get
        {
            lock (output)
                return output.Length <= 4000 ? output.ToString() : output.ToString(output.Length - 4000, 4000);
        }
    }

    /// <summary>Starts a program and waits until it listens on the port.</summary>
    public static async Task<NodeProcess> StartAsync(string program, IEnumerable<string> arguments, int port)
    {
        var started = new NodeProcess(Start(program, arguments, NodePackages.Folder));
        try
        {
            await started.ListensAsync(port);
            return started;
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs a program to its end.</summary>
    public static async Task<(int ExitCode, string Errors)> RunAsync(string program, IEnumerable<string> arguments, string folder, TimeSpan limit)
    {
        using var deadline = new CancellationTokenSource(limit);
        using var process = Start(program, arguments, folder);
        try
        {
            var errors = process.StandardError.ReadToEndAsync(deadline.Token);
            await process.StandardOutput.ReadToEndAsync(deadline.Token);
            await process.WaitForExitAsync(deadline.Token);
            return (process.ExitCode, await errors);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            return (-1, $"It took longer than {limit}.");
        }
    }

    /// <summary>A port that was free a moment ago.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            process.Kill(entireProcessTree: true);

        await process.WaitForExitAsync();
        process.Dispose();
    }

    private static Process Start(string program, IEnumerable<string> arguments, string folder)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, StandardOutputEncoding = Encoding.UTF8, StandardErrorEncoding = Encoding.UTF8,
        };
        start.Environment.Remove("CI");
        start.Environment["NODE_PATH"] = Path.Combine(NodePackages.Folder, "node_modules");
        return Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
    }

    private async Task ListensAsync(int port)
    {
        for (var watch = Stopwatch.StartNew(); ; await Task.Delay(50))
        {
            if (process.HasExited)
                throw new InvalidOperationException($"The process ended before it listened on port {port}: {Output}");

            if (watch.Elapsed > StartLimit)
                throw new TimeoutException($"Nothing listened on port {port} within {StartLimit}: {Output}");

            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync("localhost", port);
                return;
            }
            catch (SocketException)
            {
                // Not yet.
            }
        }
    }

    private void Take(string? line)
    {
        if (line is null)
            return;

        lock (output)
            output.AppendLine(line);
    }
}
