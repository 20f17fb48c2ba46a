using IntegrationHub.Loading.Packaging;

namespace IntegrationHub.Host.Plugins.Install;

/// <summary>Whether plugins may be installed, and what a package may hold, section <c>Hub:Plugins</c>.</summary>
internal sealed class PluginInstallOptions
{
    /// <summary>Whether the API may bring and remove plugins. Default true. Off, only who can write to the machine says what code runs in the hub.</summary>
    public bool AllowInstall { get; set; } = true;

    /// <summary>The largest package that is taken, in bytes. Default 100 MB.</summary>
    public long MaxPackageBytes { get; set; } = 100L * 1024 * 1024;

    /// <summary>The most that a package may unpack to, in bytes. Default 512 MB.</summary>
    public long MaxExpandedBytes { get; set; } = 512L * 1024 * 1024;

    /// <summary>The most files and folders in a package. Default 5,000.</summary>
    public int MaxEntries { get; set; } = 5_000;

    public PackageLimits Limits => new() { Entries = MaxEntries, ExpandedBytes = MaxExpandedBytes };
}
