namespace IntegrationHub.Host.Storage.Sqlite;

/// <summary>
/// Remembers that the disk was full. A disk that takes no webhook may still take the one row by which the storage is asked how it is: the hub would call itself ready and refuse everything.
/// Thread-safe.
/// </summary>
internal sealed class DiskSpace(string folder)
{
    private const string FileName = "hub.space";
    private const long Least = 1024 * 1024;
    private const long Most = 64 * 1024 * 1024;

    private long missing;

    /// <summary>Whether a write has failed for want of space, and none has been seen to fit since.</summary>
    public bool WasFull => Volatile.Read(ref missing) > 0;

    /// <summary>A write failed for want of space.</summary>
    /// <param name="bytes">What it carried, about.</param>
    public void RanOut(long bytes)
    {
        // A few more like it are to fit too, so that the hub is not ready and full in turn.
        var wanted = Math.Clamp(bytes * 4, Least, Most);
        for (var known = Volatile.Read(ref missing); wanted > known;)
        {
            var before = Interlocked.CompareExchange(ref missing, wanted, known);
            if (before == known)
                return;

            known = before;
        }
    }

    /// <summary>Whether what did not fit would fit now. Takes the room for a moment: free space that is promised to others, or beyond a quota, is none.</summary>
    public bool HasRoom() => Volatile.Read(ref missing) is var bytes && (bytes == 0 || Fits(folder, bytes));

    /// <summary>Writes succeed again.</summary>
    public void Recovered() => Volatile.Write(ref missing, 0);

    public static bool Fits(string folder, long bytes)
    {
        try
        {
            using var file = new FileStream(
                Path.Combine(folder, FileName),
                new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.Delete, PreallocationSize = bytes, Options = FileOptions.DeleteOnClose, BufferSize = 0 });
            return true;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
