namespace IntegrationHub.Host.Plugins.Install;

/// <summary>
/// A folder beside the installed plugins, on the same disk, in which one package is unpacked and checked before a rename puts it in its place.
/// While a plugin is being replaced its former files are here, under a name that says whose they are, so that a hub that ends in between puts them back when it starts.
/// </summary>
internal sealed partial class StagingFolder : IDisposable
{
    private const string FormerName = "former";
    private readonly string path;
    private readonly ILogger logger;

    private StagingFolder(string path, ILogger logger) => (this.path, this.logger) = (path, logger);

    public string Package => Path.Combine(path, "package.zip");

    public string Files => Path.Combine(path, "files");

    public static StagingFolder Create(string root, ILogger logger)
    {
        var path = Path.Combine(root, InstalledPlugins.StagingName, Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(Path.Combine(path, "files"));
        return new StagingFolder(path, logger);
    }

    /// <summary>Ends what an earlier run of the hub began: a plugin whose replacement was not confirmed is as it was before. Call it before plugins are loaded.</summary>
    public static void Recover(string root, ILogger logger)
    {
        var staging = Path.Combine(root, InstalledPlugins.StagingName);
        if (!Directory.Exists(staging))
            return;

        foreach (var folder in Directory.EnumerateDirectories(staging))
        {
            var former = Path.Combine(folder, FormerName);
            if (Directory.Exists(former))
            {
                foreach (var plugin in Directory.EnumerateDirectories(former))
                {
                    var target = Path.Combine(root, Path.GetFileName(plugin));
                    if (Directory.Exists(target))
                        Directory.Move(target, Path.Combine(folder, "unconfirmed"));

                    Directory.Move(plugin, target);
                    Log.PutBack(logger, Path.GetFileName(plugin));
                }
            }

            Delete(folder, logger);
        }
    }

    /// <summary>Puts the files in the plugin's place, and what was there aside.</summary>
    public void Swap(string target)
    {
        if (Directory.Exists(target))
            SetAside(target);

        Directory.Move(Files, target);
    }

    /// <summary>Takes a plugin's files away, for now.</summary>
    public void SetAside(string target)
    {
        Directory.CreateDirectory(Path.Combine(path, FormerName));
        Directory.Move(target, Former(target));
    }

    /// <summary>Undoes what was begun, as far as it went.</summary>
    public void Undo(string target)
    {
        var hasFormer = Directory.Exists(Former(target));
        if (Directory.Exists(target) && (hasFormer || !Directory.Exists(Files)))
            Directory.Move(target, Path.Combine(path, "failed"));

        if (hasFormer)
            Directory.Move(Former(target), target);
    }

    /// <summary>From here on a restart keeps what is in place now.</summary>
    public void Confirm(string target)
    {
        var former = Path.Combine(path, FormerName);
        if (Directory.Exists(former))
            Directory.Move(former, Path.Combine(path, "replaced"));

        // What an earlier attempt could not put back is out of date now.
        foreach (var other in Directory.EnumerateDirectories(Path.GetDirectoryName(path)!))
            if (Path.Combine(other, FormerName, Path.GetFileName(target)) is var stale && Directory.Exists(stale))
                Delete(stale, logger);
    }

    /// <summary>Deletes the folder, unless it holds the only copy of somebody's former files, which could not be put back: the next start tries that again.</summary>
    public void Dispose()
    {
        var former = Path.Combine(path, FormerName);
        if (Directory.Exists(former) && Directory.EnumerateFileSystemEntries(former).Any())
            Log.Kept(logger, former);
        else
            Delete(path, logger);
    }

    private string Former(string target) => Path.Combine(path, FormerName, Path.GetFileName(target));

    private static void Delete(string folder, ILogger logger)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // The next start tries again; nothing is read from here until then.
            Log.Remains(logger, fault, folder);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1045, LogLevel.Error, "The former files of a plugin could not be put back; they are kept in {Folder}, and the next start puts them back")]
        public static partial void Kept(ILogger logger, string folder);

        [LoggerMessage(1040, LogLevel.Warning, "Plugin {Plugin}: the hub ended while it was being replaced; the former version is back")]
        public static partial void PutBack(ILogger logger, string plugin);

        [LoggerMessage(1047, LogLevel.Warning, "The folder {Folder} could not be deleted; the next start tries again")]
        public static partial void Remains(ILogger logger, Exception fault, string folder);
    }
}
