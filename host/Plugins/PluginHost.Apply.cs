using System.Collections.Concurrent;
using IntegrationHub.Loading;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Plugins;

/// <summary>One folder at a time: what it should be now, and how it gets there. Everything here runs under the slot's gate.</summary>
internal sealed partial class PluginHost
{
    // By plugin id: a folder that comes back goes on counting.
    private readonly ConcurrentDictionary<string, int> generations = new(StringComparer.Ordinal);

    /// <summary>Brings one plugin to what the list, the decisions and its files say.</summary>
    /// <param name="slot">Its folder.</param>
    /// <param name="seen">Its manifest, if that was read just now.</param>
    /// <param name="forced">Whether files that were tried before are tried again.</param>
    /// <param name="cancellationToken">Gives up.</param>
    private async Task ApplyAsync(PluginSlot slot, PluginManifestFile? seen, bool forced, CancellationToken cancellationToken)
    {
        // Looked at before anything is read: whatever changes from now on is seen as a change.
        slot.Stamp = TryStamp(slot.Folder);
        slot.ConflictId = null;
        slot.Unsettled = null;
        slot.UnsettledSince = null;
        var file = seen ?? await PluginManifestFile.ReadAsync(slot.Source, cancellationToken);
        var record = Describe(file);
        if (!slot.Source.Enabled)
        {
            Hold(slot, record with { State = PluginState.Disabled, Reason = ListDisables });
            claims.KeepOnly(slot);
            return;
        }

        if (file.Manifest is not null && claims.Claim(file.Id, slot) is var holder && holder != slot)
        {
            slot.ConflictId = file.Id;
            var message = $"Two plugins have the id '{file.Id}': '{holder.Folder}', which has it, and '{slot.Folder}', which is not loaded.";
            Fail(slot, record, [new("/id", message, "Give one of them another id, or take it off the plugin list.")]);
            return;
        }

        var standing = standings.Of(file.Id);
        if (standing.DisabledAt is not null || await IsQuarantinedAsync(standing, slot.Folder, cancellationToken))
        {
            Hold(slot, Held(record, standing));
            claims.KeepOnly(slot, file.Manifest?.Id);
            return;
        }

        if (file.Manifest is null)
        {
            Fail(slot, record, file.Errors);
            return;
        }

        await LoadAsync(slot, file, record, forced, cancellationToken);
        if (slot.Serving?.Id == file.Id)
            await standings.SetAsync(standing with { Quarantine = null }, cancellationToken);
    }

    private async Task LoadAsync(PluginSlot slot, PluginManifestFile file, PluginRecord record, bool forced, CancellationToken cancellationToken)
    {
        var copy = await loader.CopyAsync(file, cancellationToken);
        if (copy.Snapshot is not { } snapshot)
        {
            // Nothing was tried: these files are looked at again, unless the pins refuse them.
            slot.Tried = copy.RefusedSha256;
            if (copy.RefusedSha256 is null)
                slot.Stamp = null;
            else if (slot.Serving is { } serving && PluginPins.Compare(file.Source, serving.Snapshot.Sha256, options.Value.RequirePins) is not null)
                StopServing(slot); // what served before is not what the operator wants either

            Fail(slot, record, copy.File.Errors);
            return;
        }

        slot.Tried = snapshot.Sha256;
        if (!forced && slot.Serving is { } same && same.Snapshot.Sha256 == snapshot.Sha256)
        {
            snapshot.TryDelete();
            slot.Record = slot.Record! with { PendingErrors = [], PendingVersion = null };
            claims.KeepOnly(slot, same.Id);
            return;
        }

        record = record with { Sha256 = snapshot.Sha256 };
        var result = await loader.LoadAsync(copy, cancellationToken);
        record = record with { Warnings = [.. copy.File.Warnings, .. result.Warnings] };
        if (result.Instance is { } instance)
            Serve(slot, instance, record);
        else
            Fail(slot, record, result.Errors);
    }

    private void Serve(PluginSlot slot, PluginInstance instance, PluginRecord record)
    {
        instance.Generation = generations.AddOrUpdate(instance.Id, 1, static (_, count) => count + 1);
        if (!TrySwap(slot, instance, out var former, out var drained))
        {
            unloader.Retire(instance, Task.CompletedTask);
            return;
        }

        slot.Record = record with { State = PluginState.Loaded, LoadedAt = time.GetUtcNow(), Generation = instance.Generation };
        claims.KeepOnly(slot, instance.Id);
        Log.Serves(logger, instance.Id, instance.Version, instance.Generation, instance.Snapshot.Sha256);
        foreach (var issue in slot.Record.Warnings)
            Log.Warning(logger, instance.Id, issue.Pointer, issue.Message);

        if (former is not null)
            unloader.Retire(former, drained);
    }

    /// <returns><see langword="false"/> when the hub has ended meanwhile: then nothing begins to serve any more.</returns>
    private bool TrySwap(PluginSlot slot, PluginInstance instance, out PluginInstance? former, out Task drained)
    {
        lock (swapping)
        {
            (former, drained) = (slot.Serving, Task.CompletedTask);
            if (ended)
                return false;

            // In one step for callers: each sees the former version or this one.
            slot.Serving = instance;
            drained = catalog.Replace(instance.Provider);
            if (former is not null && former.Id != instance.Id)
                drained = catalog.Remove(former.Id);

            return true;
        }
    }

    /// <summary>What served before serves on, and the record tells of both.</summary>
    private void Fail(PluginSlot slot, PluginRecord record, IReadOnlyList<ValidationIssue> errors)
    {
        if (slot.Serving is { } serving)
        {
            slot.Record = slot.Record! with { PendingVersion = record.Version, PendingErrors = errors };
            claims.KeepOnly(slot, serving.Id);
            foreach (var issue in errors)
                Log.NewerFailed(logger, serving.Id, serving.Version, slot.Folder, issue.Pointer, issue.Message, issue.Hint ?? "");

            return;
        }

        slot.Record = record with { State = PluginState.Failed, Errors = errors };
        claims.KeepOnly(slot, record.Kind is null ? null : record.Id);
        foreach (var issue in errors)
            Log.Error(logger, record.Id, slot.Folder, issue.Pointer, issue.Message, issue.Hint ?? "");
    }

    private void Hold(PluginSlot slot, PluginRecord record)
    {
        StopServing(slot);
        slot.Record = record;
    }

    private void StopServing(PluginSlot slot)
    {
        if (Withdraw(slot) is { } former)
            Log.Stopped(logger, former.Id, former.Version);
    }

    /// <returns>What served, and is seen off now.</returns>
    private PluginInstance? Withdraw(PluginSlot slot)
    {
        PluginInstance? former;
        Task drained;
        lock (swapping)
        {
            former = slot.Serving;
            slot.Serving = null;
            drained = former is null ? Task.CompletedTask : catalog.Remove(former.Id);
        }

        if (former is not null)
            unloader.Retire(former, drained);

        return former;
    }

    private static PluginRecord Describe(PluginManifestFile file) => new()
    {
        Id = file.Id,
        Path = file.Source.Folder,
        State = PluginState.Failed,
        Name = file.Manifest?.Name,
        Version = file.Manifest?.Version,
        Kind = file.Manifest is null ? null : file.Manifest.Entry is null ? PluginKind.Manifest : PluginKind.Code,
        Errors = file.Errors,
        Warnings = file.Warnings,
    };

    private static readonly ValidationIssue ListDisables = new("/enabled", "The plugin list says \"enabled\": false.", "Change the list to load it.");

    private static PluginRecord Held(PluginRecord record, PluginStanding standing) => record with
    {
        State = standing.DisabledAt is null ? PluginState.Quarantined : PluginState.Disabled,
        Reason = standing.DisabledAt is null ? standing.Quarantine!.Reason : new("/enabled", "It was disabled through the API.", "Enable it: POST /api/plugins/{id}/enable."),
        Since = standing.DisabledAt ?? standing.Quarantine!.Since,
        LoadedAt = null,
        Generation = null,
        PendingErrors = [],
        PendingVersion = null,
    };

    // Other files than those that misbehaved are given a chance.
    private static Task<bool> IsQuarantinedAsync(PluginStanding standing, string folder, CancellationToken cancellationToken) =>
        standing.Quarantine is not { } quarantine
            ? Task.FromResult(false)
            : Task.Run(() => quarantine.Sha256 is null || TryDigest(folder) is not { } digest || digest == quarantine.Sha256, cancellationToken);

    private static FolderStamp? TryStamp(string folder) => Try(() => FolderStamp.Of(folder));

    private static string? TryDigest(string folder) => Try(() => PluginDigest.Compute(folder));

    // Null when the files are being replaced just now, or cannot be read: loading them says which.
    private static T? Try<T>(Func<T> look)
        where T : class
    {
        try
        {
            return look();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
