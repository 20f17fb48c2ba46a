namespace IntegrationHub.Host.Secrets;

/// <summary>All rows that hold a data key wrapped by a master key, whichever feature they belong to.</summary>
internal interface IWrappedKeyStore
{
    /// <summary>How many rows name each master key.</summary>
    Task<IReadOnlyDictionary<string, long>> CountAsync(CancellationToken cancellationToken);

    /// <summary>Rows that name the master key, in a fixed order, from after a row on.</summary>
    Task<IReadOnlyList<WrappedKeyRow>> ListAsync(string masterKeyId, WrappedKeyRow? after, int limit, CancellationToken cancellationToken);

    /// <summary>Gives rows another wrapping of the same data key, where they still hold the one it was made from; all in one step.</summary>
    /// <returns>How many rows were changed.</returns>
    Task<int> ReplaceAsync(IReadOnlyList<Rewrapping> rows, CancellationToken cancellationToken);

    /// <summary>Refuses rows that name the master key from now on, if there are none now: looking and deciding are one step that no write comes between.</summary>
    /// <returns>Whether it did.</returns>
    Task<bool> TryRetireAsync(string masterKeyId, CancellationToken cancellationToken);

    /// <summary>Allows rows that name the master key again: it has become the current one.</summary>
    Task ReviveAsync(string masterKeyId, CancellationToken cancellationToken);
}

/// <summary>A wrapped data key where it is kept.</summary>
/// <param name="Kind">What it belongs to: <c>connection</c>, <c>subscription</c>, <c>data key</c>.</param>
/// <param name="Id">The row's id.</param>
/// <param name="Context">What the key is bound to.</param>
/// <param name="Wrapped">The wrapped key.</param>
internal sealed record WrappedKeyRow(string Kind, string Id, string Context, byte[] Wrapped);

/// <summary>A row and its new wrapping.</summary>
internal sealed record Rewrapping(WrappedKeyRow Row, byte[] Wrapped, string MasterKeyId);

/// <summary>Keeps wrapped keys in memory, and reads them again once all rows have been wrapped anew: what it had names a master key that is going.</summary>
internal interface IRewrapListener
{
    Task ReloadAsync(CancellationToken cancellationToken);
}
