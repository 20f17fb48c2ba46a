using NuGet.Versioning;

namespace IntegrationHub.Loading.Compatibility;

/// <summary>What does no harm and is not meant: copies that are ignored, a range of contract versions that promises too much.</summary>
internal static class FolderRule
{
    public static void CheckCopies(string folder, CompatibilityFindings findings)
    {
        foreach (var file in Directory.EnumerateFiles(folder, "*.dll").Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileNameWithoutExtension(file);
            if (SharedAssemblies.Names.Contains(name))
                findings.Warning(
                    CompatibilityFindings.AssemblyPointer,
                    $"The plugin ships its own '{Path.GetFileName(file)}', which is ignored: that assembly is shared with the host.",
                    $"Leave it out: reference {name} with Private=\"false\" ExcludeAssets=\"runtime\".");
        }
    }

    public static void CheckHostApi(string hostApi, Version builtAgainst, CompatibilityFindings findings)
    {
        var version = new NuGetVersion(builtAgainst.Major, builtAgainst.Minor, 0);
        if (!VersionRange.TryParse(hostApi, out var range))
            return;

        if (!range.Satisfies(version))
            findings.Warning("/hostApi", $"'hostApi' is {hostApi}, and the code was built against contract {builtAgainst.ToString(2)}, which that excludes.", $"Write \"[{builtAgainst.ToString(2)},{builtAgainst.Major + 1}.0)\".");
        else if (range.MinVersion is null || range.MinVersion < version)
            findings.Warning("/hostApi", $"'hostApi' is {hostApi}, but the code was built against contract {builtAgainst.ToString(2)} and cannot run on an older one.", $"Write \"[{builtAgainst.ToString(2)},{builtAgainst.Major + 1}.0)\".");
    }
}
