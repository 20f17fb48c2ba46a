using System.Diagnostics;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Contract.Tests.Authoring;

/// <summary>
/// An author's machine in a folder: the hub's packages as they were just built, the template installed from them, and a package cache in which no earlier build of them lies.
/// Other packages are taken from the machine's own cache and sources.
/// </summary>
public sealed class AuthorWorkspace : IAsyncLifetime
{
    private const string Configuration =
#if DEBUG
        "Debug";
#else
        "Release";
#endif

    /// <summary>Makes a command that builds the checkout use what the tests were built with: nothing is compiled twice, and nothing that other tests run is replaced under them.</summary>
    public static IReadOnlyDictionary<string, string> AsBuilt { get; } = new Dictionary<string, string>
    {
        ["NoBuild"] = "true",
        ["KeepEarlierBuilds"] = "true",

        // "dotnet publish" means the configuration of the tests then, also where these are built for debugging.
        ["DOTNET_CLI_DISABLE_PUBLISH_AND_PACK_RELEASE"] = Configuration == "Debug" ? "true" : "false",

        // Servers of the compiler and of MSBuild would outlive the test and hold its pipes.
        ["UseSharedCompilation"] = "false",
        ["MSBUILDDISABLENODEREUSE"] = "1",
    };

    private readonly string root = Directory.CreateTempSubdirectory("hub-author-").FullName;

    /// <summary>The packages for authors.</summary>
    public string Packages => Make("packages");

    /// <summary>The environment of everything an author runs.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; private set; } = new Dictionary<string, string>();

    /// <summary>A folder of its own for a test.</summary>
    public string NewFolder(string name) => Directory.CreateDirectory(Path.Combine(root, "work", name + "-" + Guid.NewGuid().ToString("N")[..8])).FullName;

    public async Task InitializeAsync()
    {
        if (!HasSdk)
            return;

        Variables = new Dictionary<string, string>
        {
            ["DOTNET_CLI_HOME"] = HomeWithSources(),
            ["NUGET_PACKAGES"] = Make("cache"),
            ["NUGET_FALLBACK_PACKAGES"] = MachineCache(),
            ["NuGetAudit"] = "false",
            ["DOTNET_NOLOGO"] = "1",
            ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
            ["UseSharedCompilation"] = "false",
            ["MSBUILDDISABLENODEREUSE"] = "1",
        };

        // What the tests were built with is packed, not built again. The cache is the machine's here: a restore into another would change the checkout's own state.
        var packed = await RunAsync(
            "dotnet", ["build", Repository.At("build", "packages.proj"), "--nologo", "-v", "q", $"-p:Configuration={Configuration}", $"-p:PackageFolder={Packages}/"], Repository.Root, AsBuilt);
        Assert.True(packed.Code == 0, packed.Output);
        await MustRunAsync(["new", "install", Directory.GetFiles(Packages, "IntegrationHub.Templates.*.nupkg").Single()], root);
    }

    public Task DisposeAsync()
    {
        Directory.Delete(root, recursive: true);
        return Task.CompletedTask;
    }

    /// <summary>Skips the test where nothing can be built.</summary>
    public static void RequireSdk() => Require.That(HasSdk, "There is no .NET SDK on the PATH.");

    /// <summary>Makes a plugin from the installed template, and returns its folder.</summary>
    public async Task<string> NewAsync(string folder, params string[] options)
    {
        await MustRunAsync(["new", "intg-plugin", "-o", folder, .. options], root);
        return folder;
    }

    /// <summary>Runs <c>dotnet</c> as an author does, and fails the test when it fails.</summary>
    public async Task<string> MustRunAsync(IEnumerable<string> arguments, string folder)
    {
        var (code, output) = await RunAsync("dotnet", arguments, folder, Variables);
        Assert.True(code == 0, output);
        return output;
    }

    /// <summary>Runs a program to its end.</summary>
    public static async Task<(int Code, string Output)> RunAsync(string program, IEnumerable<string> arguments, string folder, IReadOnlyDictionary<string, string> variables)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in variables)
            start.Environment[name] = value;

        // The test runner's own settings are not the author's.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBuild", StringComparison.Ordinal) || name.StartsWith("VSTEST", StringComparison.OrdinalIgnoreCase)).ToList())
            start.Environment.Remove(name);

        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output + await errors);
    }

    private static bool HasSdk { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .SelectMany(folder => (IEnumerable<string>)[Path.Combine(folder, "dotnet"), Path.Combine(folder, "dotnet.exe")])
        .FirstOrDefault(File.Exists) is { } dotnet && Directory.Exists(Path.Combine(Path.GetDirectoryName(File.ResolveLinkTarget(dotnet, returnFinalTarget: true)?.FullName ?? dotnet)!, "sdk"));

    // As the dotnet command and NuGet find it.
    private static string UserHome => Environment.GetEnvironmentVariable("DOTNET_CLI_HOME") is { Length: > 0 } given ? given : Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    private string Make(string name) => Directory.CreateDirectory(Path.Combine(root, name)).FullName;

    /// <summary>A home for the template engine, with the package sources that the user has.</summary>
    private string HomeWithSources()
    {
        var home = Make("home");
        foreach (var file in (string[])[Path.Combine(UserHome, ".nuget", "NuGet", "NuGet.Config"), Path.Combine(UserHome, "AppData", "Roaming", "NuGet", "NuGet.Config")])
            if (File.Exists(file))
                File.Copy(file, Path.Combine(Directory.CreateDirectory(Path.Combine(home, ".nuget", "NuGet")).FullName, "NuGet.Config"), overwrite: true);

        return home;
    }

    /// <summary>The machine's packages without the hub's own: versions of these do not change while they are being developed.</summary>
    private string MachineCache()
    {
        var machine = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } given
            ? given
            : Path.Combine(UserHome, ".nuget", "packages");
        var others = Make("machine-cache");
        if (Directory.Exists(machine))
            foreach (var package in Directory.EnumerateDirectories(machine).Where(package => !Path.GetFileName(package).StartsWith("integrationhub.", StringComparison.OrdinalIgnoreCase)))
                Directory.CreateSymbolicLink(Path.Combine(others, Path.GetFileName(package)), package);

        return others;
    }
}

/// <summary>What is tested with one workspace, one test after the other.</summary>
[CollectionDefinition(Name)]
public sealed class AuthoringCollection : ICollectionFixture<AuthorWorkspace>
{
    public const string Name = "Authoring";
}
