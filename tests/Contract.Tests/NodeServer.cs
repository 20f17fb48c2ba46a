using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace IntegrationHub.Contract.Tests;

/// <summary>A server that runs on Node, in a process of its own. Dispose it to end that process and to delete its scratch folder.</summary>
public sealed class NodeServer : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(3);

    private readonly Process process;
    private readonly StringBuilder output = new();
    private readonly DirectoryInfo scratch;

    private NodeServer(Process process, int port, DirectoryInfo scratch)
    {
        this.process = process;
        this.scratch = scratch;
        Address = new Uri($"http://127.0.0.1:{port}");
    }

    public Uri Address { get; }

    /// <summary>What it wrote to standard output and error.</summary>
    public string Output
    {
        get
        {
            lock (output)
                return output.ToString();
        }
    }

    public static async Task<NodeServer> StartAsync(string folder, int port, DirectoryInfo scratch, IReadOnlyList<string> arguments)
    {
        var process = new Process
        {
            StartInfo = new ProcessStartInfo("node", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true },
        };
        var server = new NodeServer(process, port, scratch);
        process.OutputDataReceived += (_, line) => server.Append(line.Data);
        process.ErrorDataReceived += (_, line) => server.Append(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            await server.WaitUntilListeningAsync(port);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }

        process.Dispose();
        scratch.Refresh();
        if (scratch.Exists)
            scratch.Delete(recursive: true);
    }

    private async Task WaitUntilListeningAsync(int port)
    {
        using var patience = new CancellationTokenSource(StartLimit);
        while (!patience.IsCancellationRequested && !process.HasExited)
        {
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync("127.0.0.1", port, patience.Token);
                return;
            }
            catch (SocketException)
            {
                // Not listening yet; there is nothing to await across processes but the next try.
                await Task.Delay(50, CancellationToken.None);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }

        throw new InvalidOperationException($"{process.StartInfo.ArgumentList.FirstOrDefault()} did not listen on port {port}.\n{Output}");
    }

    private void Append(string? line)
    {
        if (line is null)
            return;

        lock (output)
            output.AppendLine(line);
    }
}
