using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Secrets;

namespace IntegrationHub.Host.Encryption;

/// <summary>Starts rotations of the master key, and tells where they stand. Thread-safe.</summary>
internal sealed class MasterKeyRotation(
    MasterKeyRing ring, IMasterKeySource source, IWrappedKeyStore rows, KeyRing dataKeys, RewrapWorker worker, IAuditTrail audit, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim one = new(1);

    public async Task<EncryptionModel> StatusAsync(CancellationToken cancellationToken)
    {
        var counts = await rows.CountAsync(cancellationToken);
        var current = ring.Current.Id;
        var former = ring.FormerIds.Where(id => counts.ContainsKey(id) || worker.Progress.State != RewrapState.Idle);
        return new EncryptionModel(
            source.Kind,
            source.Place,
            new MasterKeyModel(current, counts.GetValueOrDefault(current)),
            [.. former.Select(id => new MasterKeyModel(id, counts.GetValueOrDefault(id)))],
            source.CanMake,
            RotationModel.Of(worker.Progress));
    }

    /// <summary>Makes a new master key and new keys for the hub's own data, and has everything wrapped anew.</summary>
    /// <exception cref="ProblemException">The key is given from outside, or a rotation is under way.</exception>
    public async Task<EncryptionModel> RotateAsync(Caller caller, string correlationId, CancellationToken cancellationToken)
    {
        await one.WaitAsync(cancellationToken);
        try
        {
            if (!source.CanMake)
                throw Problem.Conflict(
                    $"The master key comes from {source.Place}, where the hub cannot make one.",
                    "",
                    "Start the hub with a new key in HUB_MASTER_KEY and this one in HUB_MASTER_KEY_PREVIOUS; everything is then wrapped anew by itself.").ToException();

            if (worker.Progress.State != RewrapState.Idle)
                throw Problem.Conflict("A rotation is under way.", "", "GET /api/encryption says where it stands.").ToException();

            // Before anything happens: no new key without a record of who asked for it.
            var before = ring.Current.Id;
            await audit.RecordAsync(time, caller, "encryption.rotation_requested", before, null, correlationId, new { source = source.Kind }, cancellationToken);

            // From here on it goes through, whether the caller waits or not: the key is in place.
            var made = await MakeAsync(cancellationToken);
            ring.Promote(made);
            worker.Wake(correlationId);
            await dataKeys.RenewAsync(CancellationToken.None);
            await audit.RecordAsync(time, caller, "encryption.rotated", made.Id, null, correlationId, new { from = before, source = source.Kind }, CancellationToken.None);
        }
        finally
        {
            one.Release();
        }

        return await StatusAsync(cancellationToken);
    }

    public void Dispose() => one.Dispose();

    private async Task<MasterKey> MakeAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await source.MakeAsync(cancellationToken);
        }
        catch (Exception fault) when (fault is MasterKeyException or KeyServiceUnavailableException)
        {
            throw new Problem(StatusCodes.Status503ServiceUnavailable, "master_key_unavailable", "No master key could be made", $"{fault.Message} The key in use stays in use.")
                .ToException();
        }
    }
}

/// <summary>How the hub's data is encrypted.</summary>
/// <param name="Source">Where the master key comes from.</param>
/// <param name="Place">That, in words.</param>
/// <param name="Current">The master key that is in use.</param>
/// <param name="Former">Those that are on their way out.</param>
/// <param name="CanRotate">Whether the hub can make a new one there.</param>
/// <param name="Rotation">Where the present or last rotation stands.</param>
internal sealed record EncryptionModel(
    MasterKeySourceKind Source, string Place, MasterKeyModel Current, IReadOnlyList<MasterKeyModel> Former, bool CanRotate, RotationModel Rotation);

/// <param name="Id">Derived from the key; tells nothing about it.</param>
/// <param name="DataKeys">How many data keys it wraps.</param>
internal sealed record MasterKeyModel(string Id, long DataKeys);

internal sealed record RotationModel(RewrapState State, DateTimeOffset? StartedAt, DateTimeOffset? FinishedAt, long Rewrapped, IReadOnlyList<string> Unreadable)
{
    public static RotationModel Of(RewrapProgress progress) => new(progress.State, progress.StartedAt, progress.FinishedAt, progress.Rewrapped, progress.Unreadable);
}
