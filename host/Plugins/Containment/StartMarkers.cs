using System.Text.Json;

namespace IntegrationHub.Host.Plugins;

/// <summary>What a marker says.</summary>
/// <param name="Plugin">Its id.</param>
/// <param name="Sha256">Its files.</param>
/// <param name="Doing">What it was doing, as the rest of a sentence that begins with the plugin.</param>
/// <param name="Certain">Whether it surely ended the process itself.</param>
internal sealed record StartMarker(string Plugin, string? Sha256, string Doing, bool Certain = false);

/// <summary>
/// A file in <c>&lt;data&gt;/plugins-starting</c> for each plugin whose code is being started. One that is there when the hub starts means that the process ended in the middle.
/// Thread-safe.
/// </summary>
/// <remarks>
/// The files are not flushed to the disk: what they are to survive is the end of the process, and written bytes do. After a power cut they may be lost, and rightly so.
/// </remarks>
internal sealed partial class StartMarkers(string dataFolder, ILogger<StartMarkers> logger)
{
    private const string Extension = ".json";

    /// <summary>More than start together.</summary>
    private const int Places = 64;

    private readonly string folder = Path.Combine(Path.GetFullPath(dataFolder), "plugins-starting");
    private readonly SemaphoreSlim places = new(Places, Places);
    private readonly SemaphoreSlim oneSuspect = new(1, 1);
    private readonly HashSet<string> suspects = new(StringComparer.Ordinal);

    /// <summary>The markers of a process that ended while it started plugins. Call it before any is started.</summary>
    public IReadOnlyList<StartMarker> Left()
    {
        List<StartMarker> left = [];
        try
        {
            if (Directory.Exists(folder))
                foreach (var file in Directory.EnumerateFiles(folder, "*" + Extension).Order(StringComparer.Ordinal))
                    left.Add(Read(file));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            Log.Unreadable(logger, fault, folder);
        }

        return left;
    }

    /// <summary>Forgets the markers, once what they say has been kept elsewhere. Suspects are started one by one from now on, with nothing else starting beside them.</summary>
    public void Clear(IEnumerable<string> suspected)
    {
        lock (suspects)
            suspects.UnionWith(suspected);

        try
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            Log.Unreadable(logger, fault, folder);
        }
    }

    /// <summary>Marks the plugin as being started, until the answer is disposed.</summary>
    public async Task<IDisposable> BeginAsync(string plugin, string? sha256, CancellationToken cancellationToken)
    {
        bool alone;
        lock (suspects)
            alone = suspects.Contains(plugin);

        var taken = 0;
        if (alone)
            await oneSuspect.WaitAsync(cancellationToken);

        try
        {
            for (; taken < (alone ? Places : 1); taken++)
                await places.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Release(taken, alone);
            throw;
        }

        Write(new StartMarker(plugin, sha256, "was being started"));
        return new Mark(() =>
        {
            Remove(plugin);
            lock (suspects)
                suspects.Remove(plugin);

            Release(taken, alone);
        });
    }

    /// <summary>Leaves a marker for the next start. Never throws.</summary>
    public void Write(StartMarker marker)
    {
        try
        {
            Directory.CreateDirectory(folder);
            File.WriteAllBytes(FileOf(marker.Plugin), JsonSerializer.SerializeToUtf8Bytes(marker));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            Log.NotWritten(logger, fault, marker.Plugin);
        }
    }

    private static StartMarker Read(string file)
    {
        // A process may end in the middle of writing, too: the name says enough.
        var name = Path.GetFileNameWithoutExtension(file);
        try
        {
            return JsonSerializer.Deserialize<StartMarker>(File.ReadAllBytes(file)) is { Plugin: { } id, Doing: not null } marker && id == name ? marker : new StartMarker(name, null, "was being started");
        }
        catch (JsonException)
        {
            return new StartMarker(name, null, "was being started");
        }
    }

    private void Remove(string plugin)
    {
        try
        {
            File.Delete(FileOf(plugin));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            Log.NotRemoved(logger, fault, plugin, folder);
        }
    }

    private void Release(int taken, bool alone)
    {
        if (taken > 0)
            places.Release(taken);

        if (alone)
            oneSuspect.Release();
    }

    // Ids are lower-case letters, digits and dashes.
    private string FileOf(string plugin) => Path.Combine(folder, plugin + Extension);

    private sealed class Mark(Action end) : IDisposable
    {
        private Action? end = end;

        public void Dispose() => Interlocked.Exchange(ref end, null)?.Invoke();
    }

    private static partial class Log
    {
        [LoggerMessage(1240, LogLevel.Warning, "It cannot be noted that plugin {Plugin} is being started: if that ends the hub, the next start will not know")]
        public static partial void NotWritten(ILogger logger, Exception fault, string plugin);

        [LoggerMessage(1241, LogLevel.Error, "The note that plugin {Plugin} is being started cannot be removed from {Folder}: the next start will take it for the plugin that ended the hub")]
        public static partial void NotRemoved(ILogger logger, Exception fault, string plugin, string folder);

        [LoggerMessage(1242, LogLevel.Error, "{Folder} cannot be read or cleared: whether a plugin ended the hub is not known")]
        public static partial void Unreadable(ILogger logger, Exception fault, string folder);
    }
}
