namespace IntegrationHub.Loading.Packaging;

/// <summary>How much a package may hold. All of it is counted while it is unpacked: what an archive says of itself is not believed.</summary>
internal sealed record PackageLimits
{
    /// <summary>Files and folders. Default 5,000.</summary>
    public int Entries { get; init; } = 5_000;

    /// <summary>Bytes of all files together, unpacked. Default 512 MB.</summary>
    public long ExpandedBytes { get; init; } = 512L * 1024 * 1024;

    /// <summary>How many times larger than in the package a file may become, once it is larger than 1 MB. Default 200: JSON text comes to 20 or so.</summary>
    public int Ratio { get; init; } = 200;
}
