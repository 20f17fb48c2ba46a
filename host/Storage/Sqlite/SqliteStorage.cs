using IntegrationHub.Host.Events;
using IntegrationHub.Host.Storage.Sqlite.EventIndex;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Storage.Sqlite;

/// <summary>The embedded database: one file in the data folder, one writer, a few readers, one process.</summary>
internal sealed partial class SqliteStorage : IHubStorage
{
    public const string FileName = "hub.db";
    public const string LockName = "hub.lock";

    public const string Schema1 = """
        CREATE TABLE health (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            checked_at INTEGER NOT NULL
        );
        """;

    private const string UpsertHealth =
        "INSERT INTO health (id, checked_at) VALUES (1, $now) ON CONFLICT (id) DO UPDATE SET checked_at = excluded.checked_at";

    private const string SelectHealth = "SELECT checked_at FROM health";

    private const int WriterCacheKilobytes = 16 * 1024;

    /// <summary>EROFS, which Linux and macOS number alike: the folder is not taken, it cannot be written.</summary>
    private const int ReadOnlyFileSystem = 30;

    private readonly SqliteOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Action? _beforeCommit;
    private readonly string _folder;
    private readonly string _file;
    private readonly DiskSpace _space;
    private Opened? _opened;
    private int _disposed;

    public SqliteStorage(IOptions<HubOptions> hub, IOptions<SqliteOptions> options, TimeProvider time, ILogger<SqliteStorage> logger)
        : this(hub.Value.Data, options.Value, time, logger, beforeCommit: null)
    {
    }

    /// <summary>For tests: <paramref name="beforeCommit"/> is called on the writer's thread before each commit; to make it fail or wait there.</summary>
    internal SqliteStorage(string folder, SqliteOptions options, TimeProvider time, ILogger logger, Action? beforeCommit)
    {
        _folder = Path.GetFullPath(folder);
        _file = Path.Combine(_folder, FileName);
        _space = new DiskSpace(_folder);
        _options = options;
        _time = time;
        _logger = logger;
        _beforeCommit = beforeCommit;
    }

    /// <summary>How many transactions have been begun and committed.</summary>
    public long Commits => Current.Writer.LastCommitted;

    public SqliteCheckpointer Checkpointer => Current.Checkpointer;

    public SqliteEventIndex EventIndex => Current.Index;

    private Opened Current => Volatile.Read(ref _opened) ?? throw new InvalidOperationException("The storage is not open. Start-up opens it before anything uses it.");

    public Task OpenAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        if (_opened is not null)
            throw new InvalidOperationException("The storage is open already.");

        // Migrations may take long; they must not hold up whoever starts the hub.
        return Task.Run(() => Volatile.Write(ref _opened, Open()), cancellationToken);
    }

    public async Task<bool> IsHealthyAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _opened) is null)
            return false;

        if (!_space.HasRoom())
        {
            Log.Full(_logger, _folder);
            return false;
        }

        try
        {
            var now = _time.GetUtcNow().ToStored();
            await WriteAsync(session => session.Execute(UpsertHealth, ("$now", now)), cancellationToken);
            if (_space.WasFull)
                _space.Recovered();

            return await ReadAsync(static session => session.First(SelectHealth, static row => row.GetInt64(0)), cancellationToken) >= now;
        }
        catch (StorageException exception)
        {
            Log.Unhealthy(_logger, exception);
            return false;
        }
    }

    /// <summary>Completes when the work is committed. The work may run more than once, and must change nothing but the database.</summary>
    public Task<T> WriteAsync<T>(Func<SqliteSession, T> work, CancellationToken cancellationToken, int size = 0) =>
        Current.Writer.WriteAsync(work, size, cancellationToken);

    /// <summary>As <see cref="WriteAsync"/>, but does not wait for room in the queue.</summary>
    /// <exception cref="StoreBusyException">The queue is full.</exception>
    public Task<T> WriteOrBusyAsync<T>(Func<SqliteSession, T> work, int size, CancellationToken cancellationToken) =>
        Current.Writer.TryWriteAsync(work, size, cancellationToken) ?? Task.FromException<T>(new StoreBusyException());

    public Task<T> ReadAsync<T>(Func<SqliteSession, T> work, CancellationToken cancellationToken) =>
        Current.Readers.ReadAsync(work, cancellationToken);

    /// <summary>Commits what has been accepted, copies the log into the database, and lets go of the data folder.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0 || _opened is not { } opened)
            return;

        await opened.Writer.DisposeAsync();
        await opened.Checkpointer.DisposeAsync();
        await opened.Readers.DisposeAsync();
        try
        {
            opened.WriteSession.Run("PRAGMA wal_checkpoint(TRUNCATE)");
        }
        catch (SqliteException exception)
        {
            // Nothing is lost: the log is read again at the next start.
            Log.LogLeft(_logger, exception);
        }

        opened.WriteSession.Dispose();
        await opened.Lock.DisposeAsync();
    }

    private Opened Open()
    {
        FileStream? folderLock = null;
        SqliteSession? session = null;
        try
        {
            var version = SqliteLibrary.EnsureLoaded();
            CreateFolder();
            folderLock = LockFolder();
            CreateFile();
            session = SqliteSession.Open(_file, SqliteOpenMode.ReadWrite, WriterCacheKilobytes);

            // FULL: a commit returns when the log is on the disk. The checkpointer, not the writer, copies the log.
            session.Run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;");
            SqliteMigrator.Migrate(session, _file, SqliteMigration.All, _time);
            Log.Ready(_logger, _file, version);

            var readers = new SqliteReaders(_file, _options.ReadConnections);
            var checkpoints = SqliteSession.Open(_file, SqliteOpenMode.ReadWrite, cacheKilobytes: 64);
            checkpoints.Run("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;");
            var index = SqliteEventIndex.Load(session, SqliteEventStore.Last(session), _time.GetUtcNow().ToStored(), Math.Max(1, _options.EventsPerRun), out var events);
            if (events >= _options.EventsPerRun)
                Log.Indexed(_logger, events);

            var writer = new SqliteWriter(session, index, _file, _options, _beforeCommit, _logger) { OutOfSpace = size => _space.RanOut(size) };
            return new Opened(folderLock, session, index, writer, readers, new SqliteCheckpointer(checkpoints, writer, _options, _logger));
        }
        catch (Exception exception)
        {
            session?.Dispose();
            folderLock?.Dispose();
            throw SqliteErrors.Translate(exception, _file);
        }
    }

    private void CreateFolder()
    {
        try
        {
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(_folder);
            else
                Directory.CreateDirectory(_folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The system's own words for either name a file that "could not be found" or "already exists".
            throw new StorageException(
                File.Exists(_folder)
                    ? $"The data folder {_folder} is a file. Name a folder with --data."
                    : $"The data folder {_folder} cannot be made ({exception.Message}). Make it for the hub's user, or name another with --data.",
                exception);
        }
    }

    /// <summary>Made before SQLite opens it, so that it is never readable by others, not even for a moment; the log inherits its mode.</summary>
    private void CreateFile()
    {
        using var created = new FileStream(_file, PrivateFile(FileMode.OpenOrCreate, FileShare.ReadWrite));
    }

    private FileStream LockFolder()
    {
        var path = Path.Combine(_folder, LockName);
        try
        {
            return new FileStream(path, PrivateFile(FileMode.OpenOrCreate, FileShare.None));
        }
        catch (IOException exception) when (exception is not (DirectoryNotFoundException or PathTooLongException) && exception.HResult != ReadOnlyFileSystem)
        {
            throw new StorageException(
                $"The data folder {_folder} is in use by another hub ({path} is locked). Stop that one, or give this one its own folder with --data.", exception);
        }
    }

    private static FileStreamOptions PrivateFile(FileMode mode, FileShare share)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = share };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

        return options;
    }

    private sealed record Opened(FileStream Lock, SqliteSession WriteSession, SqliteEventIndex Index, SqliteWriter Writer, SqliteReaders Readers, SqliteCheckpointer Checkpointer);

    private static partial class Log
    {
        [LoggerMessage(7021, LogLevel.Information, "The database {File} is open (SQLite {Version})")]
        public static partial void Ready(ILogger logger, string file, string version);

        [LoggerMessage(7022, LogLevel.Warning, "The database cannot be read and written")]
        public static partial void Unhealthy(ILogger logger, Exception exception);

        [LoggerMessage(7025, LogLevel.Warning, "There is not enough room on the disk that holds {Folder}; the hub is not ready until there is")]
        public static partial void Full(ILogger logger, string folder);

        [LoggerMessage(7024, LogLevel.Information, "{Count} events of the log were indexed")]
        public static partial void Indexed(ILogger logger, int count);

        [LoggerMessage(7023, LogLevel.Warning, "The database's log could not be emptied at shutdown; the next start reads it")]
        public static partial void LogLeft(ILogger logger, Exception exception);
    }
}
