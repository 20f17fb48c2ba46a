namespace IntegrationHub.Host.Encryption;

/// <summary>How a rotation of the master key goes about its work.</summary>
internal sealed class EncryptionOptions
{
    public const string Section = HubOptions.Section + ":Encryption";

    /// <summary>Data keys that are wrapped anew in one commit. Default: 100.</summary>
    public int RewrapBatch { get; set; } = 100;

    /// <summary>The pause after each batch, for everybody else. Default: 5 ms.</summary>
    public TimeSpan RewrapPause { get; set; } = TimeSpan.FromMilliseconds(5);

    /// <summary>How long after the last row left a former key it is removed from where it is kept: time for whoever took it just before to write. Default: 30 seconds.</summary>
    public TimeSpan RetireAfter { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a removed key stays in memory, for calls that began with a copy of a row from before. Default: 15 minutes.</summary>
    public TimeSpan ForgetAfter { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>When rows that could not be read, or a storage that failed, are tried again. Default: 1 minute.</summary>
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How often secrets that were rotated out are looked through for those whose overlap is over, which are deleted. Default: 1 hour.</summary>
    public TimeSpan PurgeEvery { get; set; } = TimeSpan.FromHours(1);
}
