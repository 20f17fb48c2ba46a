using System.ComponentModel;
using System.Security.Cryptography;
using System.Text;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Contract.Tests.Providers.Rig;

/// <summary>
/// The validator, the mock and the emulators, installed once into <c>artifacts/contract</c>. Where there is no Node, or no packages, the calling test is skipped with the
/// reason; with <c>HUB_REQUIRE_ALL=1</c> it fails.
/// </summary>
internal static class NodePackages
{
    private static readonly TimeSpan InstallLimit = TimeSpan.FromMinutes(10);
    private static readonly SemaphoreSlim Once = new(1, 1);
    private static string? whyNot = "not tried yet";

    public static string Folder { get; } = Repository.At("artifacts", "contract");

    /// <summary>Our own scripts beside the packages.</summary>
    public static string Script(string name) => Repository.At("tests", "Contract.Tests", "node", "contract", name);

    /// <summary>A program that a package brings.</summary>
    public static string Program(string name) => Path.Combine(Folder, "node_modules", ".bin", OperatingSystem.IsWindows() ? name + ".cmd" : name);

    public static async Task RequireAsync()
    {
        Require.Program("node");
        await Once.WaitAsync();
        try
        {
            if (whyNot == "not tried yet")
                whyNot = await InstallAsync();
        }
        finally
        {
            Once.Release();
        }

        Require.That(whyNot is null, whyNot ?? "");
    }

    private static async Task<string?> InstallAsync()
    {
        // The stamp says which packages are there, so that the next run needs neither npm nor a network.
        var packages = await File.ReadAllTextAsync(Script("package.json"));
        var wanted = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(packages)));
        var stamp = Path.Combine(Folder, "installed");
        if (File.Exists(stamp) && await File.ReadAllTextAsync(stamp) == wanted)
            return null;

        Directory.CreateDirectory(Folder);
        File.Delete(stamp);
        await File.WriteAllTextAsync(Path.Combine(Folder, "package.json"), packages);
        try
        {
            // Scripts are left out: none of these packages needs one, and a test run should execute as little of others' code as it can.
            var npm = OperatingSystem.IsWindows() ? "npm.cmd" : "npm";
            var (exitCode, errors) = await NodeProcess.RunAsync(npm, ["install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"], Folder, InstallLimit);
            if (exitCode != 0)
                return $"npm could not install the contract rig: {errors.Trim()}";
        }
        catch (Win32Exception exception)
        {
            return $"npm is not installed: {exception.Message}";
        }

        await File.WriteAllTextAsync(stamp, wanted);
        return null;
    }
}
