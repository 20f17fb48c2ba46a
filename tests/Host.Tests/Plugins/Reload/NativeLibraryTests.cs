using System.Diagnostics;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Host.Tests.Plugins.Reload;

/// <summary>A plugin with a native library of its own, which the test compiles.</summary>
public sealed class NativeLibraryTests
{
    [SkippableTheory]
    [InlineData("")]
    [InlineData("runtimes/linux-x64/native")]
    public async Task Reload_NativeLibraryOverwrittenWhileLoaded_ServesTheNewOneAndUnloadsTheOld(string place)
    {
        Require.That(OperatingSystem.IsLinux(), "What is loaded is read from /proc.");
        Require.That(place.Length == 0 || System.Runtime.InteropServices.RuntimeInformation.RuntimeIdentifier == "linux-x64", "The runtime identifier is another.");
        Require.Program("cc");
        await using var plugins = new TestPluginHost();
        var folder = PluginFolder.Write(Path.Combine(plugins.Folder, "p"), "NativeUser");
        var library = Path.Combine(Directory.CreateDirectory(Path.Combine(folder, place)).FullName, "libhubtest.so");
        await CompileAsync(library, 41);
        await plugins.LoadAsync(folder);
        Assert.Equal(41, (await plugins.RunAsync("native-user")).GetInt32());
        var first = Assert.Single(Loaded(plugins));

        // In place, not by a rename: were it mapped from here, this would change the running code or be refused.
        await CompileAsync(library, 42);
        Assert.Equal(41, (await plugins.RunAsync("native-user")).GetInt32());
        Assert.Equal(2, (await plugins.Host.ReloadAsync("native-user", CancellationToken.None))!.Generation);
        Assert.Equal(42, (await plugins.RunAsync("native-user")).GetInt32());

        await plugins.GoneAsync(1, "native-user");
        Assert.NotEqual(first, Assert.Single(Loaded(plugins)));
        File.Delete(library);
        Assert.Equal(42, (await plugins.RunAsync("native-user")).GetInt32());

        await plugins.Host.DisableAsync("native-user", CancellationToken.None);
        await plugins.GoneAsync(2, "native-user");
        Assert.Empty(Loaded(plugins));
    }

    private static HashSet<string> Loaded(TestPluginHost plugins) =>
        [.. File.ReadLines("/proc/self/maps").Where(line => line.Contains(plugins.Folder, StringComparison.Ordinal) && line.Contains("libhubtest", StringComparison.Ordinal)).Select(line => line[line.IndexOf('/', StringComparison.Ordinal)..])];

    private static async Task CompileAsync(string library, int answer)
    {
        var built = Path.Combine(Directory.CreateTempSubdirectory("hub-native-").FullName, "built.so");
        var source = Path.ChangeExtension(built, ".c");
        await File.WriteAllTextAsync(source, $"int hubtest_answer(void) {{ return {answer}; }}\n");
        using var compiler = Process.Start("cc", ["-shared", "-fPIC", "-o", built, source]);
        await compiler.WaitForExitAsync();
        Assert.Equal(0, compiler.ExitCode);
        await using (var target = new FileStream(library, FileMode.Create, FileAccess.Write))
            await target.WriteAsync(await File.ReadAllBytesAsync(built));

        Directory.Delete(Path.GetDirectoryName(built)!, recursive: true);
    }
}
