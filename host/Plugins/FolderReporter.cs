using System.Collections.Concurrent;

namespace IntegrationHub.Host.Plugins;

/// <summary>
/// Reports what changes below some folders, with one system watcher for each folder at the top: systems have few of them (128 for a user on most Linux systems). Where one
/// cannot be had, nothing is reported. <see cref="Watch"/> is called from one thread at a time; reports come from any.
/// </summary>
internal sealed partial class FolderReporter(Action<string> onReport, Action onLost, ILogger logger) : IDisposable
{
    private static readonly StringComparison PathComparison = OperatingSystem.IsWindows() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
    private readonly Dictionary<WatchedFolder, FileSystemWatcher> watchers = [];
    private readonly HashSet<WatchedFolder> refused = [];

    // A watcher goes on watching the folder that it was given, wherever that is moved to: when another comes in its place, a new one is needed.
    private readonly ConcurrentDictionary<WatchedFolder, byte> stale = new();
    private volatile WatchedFolder[] watched = [];

    /// <summary>From now on these folders are watched, and no others. Folders that are not there are tried again at the next call.</summary>
    public void Watch(IReadOnlyCollection<WatchedFolder> folders)
    {
        var needed = folders.Where(folder => Directory.Exists(folder.Path) && !folders.Any(other => Covers(other, folder))).ToHashSet();
        foreach (var (folder, watcher) in watchers.Where(pair => stale.TryRemove(pair.Key, out _) || !needed.Contains(pair.Key)).ToArray())
        {
            watchers.Remove(folder);
            watcher.Dispose();
        }

        foreach (var folder in needed.Where(folder => !watchers.ContainsKey(folder)))
            if (Create(folder) is { } watcher)
                watchers.Add(folder, watcher);

        watched = [.. watchers.Keys];
    }

    public void Dispose()
    {
        foreach (var watcher in watchers.Values)
            watcher.Dispose();
    }

    private static bool Covers(WatchedFolder other, WatchedFolder folder) =>
        other != folder && other.Deep
        && IsWithin(folder.Path, other.Path);

    private static bool IsWithin(string path, string folder) =>
        path.Equals(folder, PathComparison) || path.StartsWith(Path.TrimEndingDirectorySeparator(folder) + Path.DirectorySeparatorChar, PathComparison);

    // Before it is reported: whoever is told looks which folders to watch.
    private void OnMoved(string path)
    {
        foreach (var folder in watched)
            if (IsWithin(folder.Path, path))
                stale.TryAdd(folder, 0);

        onReport(path);
    }

    private FileSystemWatcher? Create(WatchedFolder folder)
    {
        FileSystemWatcher? watcher = null;
        try
        {
            watcher = new FileSystemWatcher(folder.Path)
            {
                IncludeSubdirectories = folder.Deep,
                NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName | NotifyFilters.LastWrite | NotifyFilters.Size | NotifyFilters.CreationTime,
            };
            watcher.Changed += (_, change) => onReport(change.FullPath);
            watcher.Created += (_, change) => OnMoved(change.FullPath);
            watcher.Deleted += (_, change) => OnMoved(change.FullPath);
            watcher.Renamed += (_, change) =>
            {
                OnMoved(change.OldFullPath);
                OnMoved(change.FullPath);
            };
            watcher.Error += (_, _) => onLost();
            watcher.EnableRaisingEvents = true;
            refused.Remove(folder);
            return watcher;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
        {
            watcher?.Dispose();
            if (refused.Add(folder))
                Log.NotWatched(logger, folder.Path, fault.Message);

            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1046, LogLevel.Warning, "Changes below {Folder} are not reported by the system ({Problem}): they are found when the folders are looked through")]
        public static partial void NotWatched(ILogger logger, string folder, string problem);
    }
}

/// <param name="Path">A full path.</param>
/// <param name="Deep">Whether everything below it counts, or only what lies in it.</param>
internal sealed record WatchedFolder(string Path, bool Deep);
