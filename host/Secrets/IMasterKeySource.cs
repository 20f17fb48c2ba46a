namespace IntegrationHub.Host.Secrets;

/// <summary>Where master keys come from and are kept: a file, a setting, or a key service. Asked at the start and at rotations only, never for an operation.</summary>
internal interface IMasterKeySource
{
    MasterKeySourceKind Kind { get; }

    /// <summary>Where the keys are, in words: <c>the key file '/var/lib/hub/master.key'</c>.</summary>
    string Place { get; }

    /// <summary>Whether <see cref="MakeAsync"/> can be used.</summary>
    bool CanMake { get; }

    /// <summary>The keys, the current one first; empty when there are none yet. Makes nothing.</summary>
    /// <exception cref="MasterKeyException">There is something, and it cannot be used.</exception>
    Task<IReadOnlyList<MasterKey>> LoadAsync(CancellationToken cancellationToken);

    /// <summary>Makes a new key and makes it the current one; those before it stay. When this completes the key survives a crash.</summary>
    Task<MasterKey> MakeAsync(CancellationToken cancellationToken);

    /// <summary>Removes former keys. Those that are not there are passed over.</summary>
    /// <returns>The ids of those that could not be removed from here: only the operator can.</returns>
    Task<IReadOnlyList<string>> RetireAsync(IReadOnlyCollection<string> ids, CancellationToken cancellationToken);
}

internal enum MasterKeySourceKind
{
    File,
    Setting,
    Kms,
}
