namespace IntegrationHub.Host.Connections.Health;

/// <summary>How a connection is. In order of severity.</summary>
internal enum ConnectionHealthState
{
    /// <summary>Nothing has been learnt yet.</summary>
    Unknown,

    /// <summary>It works.</summary>
    Healthy,

    /// <summary>It works partly, slowly, or will soon stop.</summary>
    Degraded,

    /// <summary>It does not work.</summary>
    Failing,

    /// <summary>A person must authorise it again.</summary>
    NeedsReauthorization,
}

/// <summary>Something that speaks against a connection's health.</summary>
/// <param name="State">How bad it is.</param>
/// <param name="Code">A stable word for it: <c>token_refresh_failed</c>.</param>
/// <param name="Reason">What is wrong, as a sentence without secrets.</param>
/// <param name="Repair">What a person does about it, as a sentence.</param>
/// <param name="Until">When it ends or changes by itself, so that somebody looks again; <see langword="null"/> when whoever found it tells.</param>
internal sealed record HealthFinding(ConnectionHealthState State, string Code, string Reason, string Repair, DateTimeOffset? Until = null);

/// <summary>A part of the hub that knows something about the health of connections (tokens, circuits). Thread-safe and quick: it asks no provider.</summary>
internal interface IConnectionHealthSource
{
    /// <returns><see langword="null"/> when it has nothing against the connection.</returns>
    ValueTask<HealthFinding?> FindAsync(Connection connection, CancellationToken cancellationToken);
}

/// <summary>Told by the parts of the hub when what they know about a connection's health has changed, so that nobody waits for the next scheduled look. Thread-safe; returns at once.</summary>
internal interface IConnectionHealthSignal
{
    void Changed(string connectionId);
}

/// <summary>What is known of connections' health. Thread-safe.</summary>
internal interface IConnectionHealth
{
    ConnectionHealthState StateOf(string connectionId);
}
