namespace IntegrationHub.Loading;

/// <summary>
/// What a plugin's folder looks like without reading its files: their names, lengths and times. Two that differ mean that something may have changed; the digest says whether it did.
/// </summary>
internal sealed class FolderStamp : IEquatable<FolderStamp>
{
    private readonly (string Name, long Length, long Time)[] files;

    private FolderStamp((string Name, long Length, long Time)[] files) => this.files = files;

    /// <exception cref="IOException">The folder is not there, or is being replaced just now.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static FolderStamp Of(string folder) => new([.. PluginFiles.List(folder).Select(name => Look(folder, name))]);

    public bool Equals(FolderStamp? other) => other is not null && files.AsSpan().SequenceEqual(other.files);

    public override bool Equals(object? obj) => Equals(obj as FolderStamp);

    public override int GetHashCode() => files.Length == 0 ? 0 : HashCode.Combine(files.Length, files[^1]);

    private static (string Name, long Length, long Time) Look(string folder, string name)
    {
        var file = new FileInfo(Path.Combine(folder, name));
        return (name, file.Length, file.LastWriteTimeUtc.Ticks);
    }
}
