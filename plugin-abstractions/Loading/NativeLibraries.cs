using System.Runtime.InteropServices;

namespace IntegrationHub.Loading;

/// <summary>
/// Finds a plugin's native library where <c>dotnet publish</c> puts it, also when no <c>deps.json</c> says so: beside the assembly, or in <c>runtimes/&lt;rid&gt;/native</c>.
/// </summary>
internal static class NativeLibraries
{
    private static readonly string[] RuntimeIds = [.. Rids().Distinct(StringComparer.Ordinal)];

    /// <returns>The full path; <see langword="null"/> when the folder does not have it.</returns>
    public static string? Find(string folder, string name)
    {
        // The name may be anything that stands in a DllImport: one that names a place is not searched for.
        if (name != Path.GetFileName(name))
            return null;

        return Folders(folder).SelectMany(place => FileNames(name).Select(file => Path.Combine(place, file))).FirstOrDefault(File.Exists);
    }

    private static IEnumerable<string> Folders(string folder) =>
        RuntimeIds.Select(rid => Path.Combine(folder, "runtimes", rid, "native")).Prepend(folder);

    private static IEnumerable<string> FileNames(string name)
    {
        var suffix = OperatingSystem.IsWindows() ? ".dll" : OperatingSystem.IsMacOS() ? ".dylib" : ".so";
        return OperatingSystem.IsWindows() ? [name, name + suffix] : [name + suffix, "lib" + name + suffix, name, "lib" + name];
    }

    // From the most to the least particular, as the runtime's own search goes since .NET 8: no distributions and versions.
    private static IEnumerable<string> Rids()
    {
        var architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
        yield return RuntimeInformation.RuntimeIdentifier;
        var system = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux";
        yield return $"{system}-{architecture}";
        yield return system;
        if (!OperatingSystem.IsWindows())
        {
            yield return $"unix-{architecture}";
            yield return "unix";
        }

        yield return "any";
    }
}
