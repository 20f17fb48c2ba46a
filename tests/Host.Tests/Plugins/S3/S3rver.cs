using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Host.Tests.Plugins.S3;

/// <summary>The s3rver program (an S3 store for tests) on loopback, installed once into <c>artifacts/</c>.</summary>
internal sealed class S3rver : IAsyncDisposable
{
    public const string Bucket = "test-bucket";
    public const string Key = "S3RVER";
    private const string Version = "3.7.1";

    private readonly Process process;
    private readonly string data;

    private S3rver(Process process, string data, Uri address)
    {
        this.process = process;
        this.data = data;
        Address = address;
    }

    public Uri Address { get; }

    public static async Task<S3rver> StartAsync()
    {
        Require.Program("node");
        Require.Program("npm");
        var home = Repository.At("artifacts", "npm", "s3rver");
        var script = Path.Combine(home, "node_modules", "s3rver", "bin", "s3rver.js");
        if (!File.Exists(script))
        {
            Directory.CreateDirectory(home);
            using var npm = Process.Start(new ProcessStartInfo("npm", ["install", "--no-audit", "--no-fund", "--prefix", home, "s3rver@" + Version]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            await npm.WaitForExitAsync();
            Require.That(npm.ExitCode == 0 && File.Exists(script), $"s3rver {Version} cannot be installed from npm.");
        }

        var port = FreePort();
        var data = Directory.CreateTempSubdirectory("hub-s3rver-").FullName;

        // It makes its continuation tokens with DES, which OpenSSL 3 keeps among its legacy algorithms.
        string[] arguments = ["--openssl-legacy-provider", script, "-d", data, "-a", "127.0.0.1", "-p", port.ToString(CultureInfo.InvariantCulture), "--configure-bucket", Bucket];
        var process = Process.Start(new ProcessStartInfo("node", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var listening = new TaskCompletionSource();
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data?.Contains("listening", StringComparison.OrdinalIgnoreCase) == true)
                listening.TrySetResult();
            else if (line.Data is null)
                listening.TrySetException(new InvalidOperationException("s3rver ended before it listened."));
        };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await listening.Task.WaitAsync(TimeSpan.FromSeconds(60));
        return new S3rver(process, data, new Uri($"http://127.0.0.1:{port}"));
    }

    public async ValueTask DisposeAsync()
    {
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
        Directory.Delete(data, recursive: true);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
