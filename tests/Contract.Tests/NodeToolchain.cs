using System.ComponentModel;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Contract.Tests;

/// <summary>
/// The vendors' own Node libraries, installed once into <c>artifacts/node</c> at the repository's root from <c>tests/Contract.Tests/node</c>.
/// Where there is no Node, or the packages cannot be fetched, tests are skipped with the reason; with <c>HUB_REQUIRE_ALL=1</c> they fail.
/// </summary>
public sealed class NodeToolchain
{
    private static readonly TimeSpan InstallTimeout = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan ScriptTimeout = TimeSpan.FromMinutes(10);
    private static readonly SemaphoreSlim Once = new(1, 1);
    private static NodeToolchain? installed;
    private static string? whyNot;

    private readonly string folder;

    private NodeToolchain(string folder) => this.folder = folder;

    /// <summary>The root of the repository: the nearest folder above the tests with the solution, or failing that <c>global.json</c>.</summary>
    public static string RepositoryRoot { get; } = FindRoot("Hub.sln") ?? FindRoot("global.json") ?? throw new InvalidOperationException("The tests run outside their repository.");

    /// <summary>The toolchain; installs it at first, and skips the calling test where that is not possible.</summary>
    public static async Task<NodeToolchain> GetAsync()
    {
        await Once.WaitAsync();
        try
        {
            if (installed is null && whyNot is null)
                (installed, whyNot) = await InstallAsync(Path.Combine(RepositoryRoot, "tests", "Contract.Tests", "node"), Path.Combine(RepositoryRoot, "artifacts", "node"));
        }
        finally
        {
            Once.Release();
        }

        Require.That(installed is not null, whyNot ?? "");
        return installed!;
    }

    /// <summary>Runs a script of <c>tests/Contract.Tests/node</c> with JSON on its standard input; answers its JSON output.</summary>
    public async Task<JsonElement> RunAsync(string script, object input)
    {
        var (exitCode, output, errors) = await RunAsync("node", [script], folder, JsonSerializer.Serialize(input), ScriptTimeout);
        Assert.True(exitCode == 0, $"{script} failed: {errors}");
        return JsonDocument.Parse(output).RootElement.Clone();
    }

    /// <summary>Starts a server of one of the installed packages, and answers once it listens on its port. Dispose it to stop it and to delete its scratch folder.</summary>
    public Task<NodeServer> StartAsync(int port, DirectoryInfo scratch, params string[] arguments) => NodeServer.StartAsync(folder, port, scratch, arguments);

    private static async Task<(NodeToolchain? Toolchain, string? WhyNot)> InstallAsync(string source, string target)
    {
        Directory.CreateDirectory(target);
        foreach (var script in Directory.EnumerateFiles(source, "*.mjs"))
            File.Copy(script, Path.Combine(target, Path.GetFileName(script)), overwrite: true);

        try
        {
            // The stamp says which packages are there, so that the next run needs neither npm nor a network.
            var packages = await File.ReadAllTextAsync(Path.Combine(source, "package.json"));
            var stamp = Path.Combine(target, "installed");
            var wanted = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(packages)));
            if (!File.Exists(stamp) || await File.ReadAllTextAsync(stamp) != wanted)
            {
                File.Delete(stamp);
                await File.WriteAllTextAsync(Path.Combine(target, "package.json"), packages);
                var npm = OperatingSystem.IsWindows() ? "npm.cmd" : "npm";
                var (exitCode, _, errors) = await RunAsync(npm, ["install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"], target, "", InstallTimeout);
                if (exitCode != 0)
                    return (null, $"npm could not install the vendors' libraries: {errors.Trim()}");
                await File.WriteAllTextAsync(stamp, wanted);
            }

            var (nodeExit, _, nodeErrors) = await RunAsync("node", ["--version"], target, "", ScriptTimeout);
            return nodeExit == 0 ? (new NodeToolchain(target), null) : (null, $"node does not run: {nodeErrors.Trim()}");
        }
        catch (Win32Exception exception)
        {
            return (null, $"Node.js is not installed: {exception.Message}");
        }
        catch (OperationCanceledException)
        {
            return (null, "npm took too long to install the vendors' libraries.");
        }
    }

    private static async Task<(int ExitCode, string Output, string Errors)> RunAsync(string program, string[] arguments, string folder, string input, TimeSpan timeout)
    {
        using var deadline = new CancellationTokenSource(timeout);
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder, UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false), StandardOutputEncoding = Encoding.UTF8, StandardErrorEncoding = Encoding.UTF8,
        };
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
            var errors = process.StandardError.ReadToEndAsync(deadline.Token);
            await process.StandardInput.WriteAsync(input.AsMemory(), deadline.Token);
            process.StandardInput.Close();
            await process.WaitForExitAsync(deadline.Token);
            return (process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private static string? FindRoot(string marker)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, marker)))
                return folder.FullName;
        }

        return null;
    }
}
