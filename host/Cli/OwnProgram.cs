using System.Diagnostics;

namespace IntegrationHub.Host.Cli;

/// <summary>This program, to be started a second time, and the dotnet command beside it.</summary>
internal static class OwnProgram
{
    /// <summary>A start of this program with other arguments. Published as a program it starts itself; otherwise dotnet starts its assembly.</summary>
    public static ProcessStartInfo Start(params IEnumerable<string> arguments)
    {
        var own = Environment.ProcessPath;
        var assembly = Path.Combine(AppContext.BaseDirectory, "hub.dll");
        return own is not null && Path.GetFileNameWithoutExtension(own).Equals("hub", StringComparison.OrdinalIgnoreCase)
            ? new ProcessStartInfo(own, arguments)
            : new ProcessStartInfo(Dotnet() ?? "dotnet", [assembly, .. arguments]);
    }

    /// <summary>The dotnet command: the one that runs this program, else the first on the path; <see langword="null"/> when there is none.</summary>
    public static string? Dotnet()
    {
        var name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        var own = Environment.ProcessPath;
        if (own is not null && Path.GetFileName(own).Equals(name, StringComparison.OrdinalIgnoreCase))
            return own;

        return (Environment.GetEnvironmentVariable("DOTNET_ROOT") is { Length: > 0 } root ? (IEnumerable<string>)[root] : [])
            .Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);
    }
}
