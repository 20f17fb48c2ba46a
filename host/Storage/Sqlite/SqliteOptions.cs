namespace IntegrationHub.Host.Storage.Sqlite;

/// <summary>How the embedded database is run, section <c>Hub:Sqlite</c>. The defaults suit a hub of any size that one machine can carry.</summary>
internal sealed class SqliteOptions
{
    public const string Section = HubOptions.Section + ":Sqlite";

    /// <summary>How many writes may wait to be committed. Default 4096; when it is full, appends are refused and other writes wait.</summary>
    public int QueueCapacity { get; set; } = 4096;

    /// <summary>The most writes that one commit takes. Default 512.</summary>
    public int MaxGroupItems { get; set; } = 512;

    /// <summary>The most bytes of payload that one commit takes; a single larger write is committed alone. Default 8 MB.</summary>
    public int MaxGroupBytes { get; set; } = 8 * 1024 * 1024;

    /// <summary>How many connections read at the same time. Default 4.</summary>
    public int ReadConnections { get; set; } = 4;

    /// <summary>
    /// How many pages (4 KB) are written to the log before they are copied to the database in the background. Default 32000 (125 MB): a page that changed many times is copied once,
    /// and indexes over providers' ids change all over. The more it is, the more there is to read after a crash.
    /// </summary>
    public int CheckpointPages { get; set; } = 32_000;

    /// <summary>How many pages the log may hold before the writer itself stops to empty it. Default 65536 (256 MB).</summary>
    public int MaxLogPages { get; set; } = 65_536;

    /// <summary>
    /// How many events are found through memory before what they are found by is written as a run. Default 65536: about 60 bytes each, twice while a run is written. Fewer take less memory and are
    /// read faster at a start; more make fewer runs to look into. At least 1.
    /// </summary>
    public int EventsPerRun { get; set; } = 65_536;
}
