using System.Collections.Concurrent;
using System.Text.Json;
using IntegrationHub.Host.Plugins.Install;
using IntegrationHub.Loading;

namespace IntegrationHub.Host.Plugins;

internal enum ScanMode
{
    /// <summary>Whatever has changed is complete: somebody says so.</summary>
    Now,

    /// <summary>Only what looks complete: the manifest is whole JSON, and two looks in a row saw the same files.</summary>
    WhenSettled,
}

/// <summary>What a look at the list and the folders came to.</summary>
/// <param name="Settled">Whether nothing has to be looked at again soon.</param>
/// <param name="Changes">What began to serve, or serves no more.</param>
internal sealed record ScanResult(bool Settled, IReadOnlyList<PluginChange> Changes);

/// <param name="Action">As the audit calls it.</param>
/// <param name="Id">The plugin.</param>
/// <param name="Version">The version that serves now, or did.</param>
/// <param name="Sha256">Its files.</param>
internal sealed record PluginChange(string Action, string Id, string? Version, string? Sha256);

/// <summary>The list and the folders as a whole.</summary>
internal sealed partial class PluginHost
{
    private static readonly StringComparer PathComparer = OperatingSystem.IsWindows() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;
    private readonly SemaphoreSlim scanning = new(1, 1);
    private readonly Lock publishing = new();
    private volatile PluginSlot[] slots = [];
    private volatile IReadOnlyList<PluginListEntry> entries = [];
    private volatile PluginListRecord? list;

    /// <summary>In the order of the list.</summary>
    private IReadOnlyList<PluginSlot> Slots => slots;

    public Task<ScanResult> ScanAsync(ScanMode mode, CancellationToken cancellationToken) => ScanAsync(mode, null, cancellationToken);

    /// <param name="mode">What counts as complete.</param>
    /// <param name="only">The one folder to look at: that somebody says it is complete says nothing about the others. <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">Gives up.</param>
    private async Task<ScanResult> ScanAsync(ScanMode mode, string? only, CancellationToken cancellationToken)
    {
        await scanning.WaitAsync(cancellationToken);
        try
        {
            ConcurrentQueue<PluginChange> changes = [];
            var starting = list is null;
            var sources = await ReadListAsync(mode, cancellationToken);
            if (only is not null)
                sources = Narrow(sources, only);

            foreach (var gone in Slots.Where(slot => !sources.ContainsKey(slot)))
                await RemoveAsync(gone, changes, cancellationToken);

            slots = [.. sources.Keys];
            var settled = true;
            List<PluginSlot> due = [];
            foreach (var (slot, source) in sources.Where(pair => only is null || PathComparer.Equals(pair.Key.Folder, only)))
            {
                var look = await LookAsync(slot, source, mode, cancellationToken);
                settled &= look != SlotLook.Unsettled;
                if (look == SlotLook.Due)
                    due.Add(slot);
            }

            await ApplyAllAsync(due, sources, changes, starting ? null : Publish, cancellationToken);
            await SettleConflictsAsync(changes, cancellationToken);
            return new ScanResult(settled, [.. changes]);
        }
        finally
        {
            Publish();
            scanning.Release();
        }
    }

    /// <summary>What was found of the one folder; of all others what was there before.</summary>
    private OrderedDictionary<PluginSlot, PluginSource> Narrow(OrderedDictionary<PluginSlot, PluginSource> found, string only)
    {
        OrderedDictionary<PluginSlot, PluginSource> sources = [];
        foreach (var (slot, source) in found)
            if (PathComparer.Equals(slot.Folder, only))
                sources.Add(slot, source);
            else if (Slots.Contains(slot))
                sources.Add(slot, slot.Source);

        foreach (var slot in Slots.Where(slot => !PathComparer.Equals(slot.Folder, only) && !sources.ContainsKey(slot)))
            sources.Add(slot, slot.Source);

        return sources;
    }

    private enum SlotLook
    {
        Unchanged,
        Unsettled,
        Due,
    }

    /// <summary>The folders that the list names now. When the list cannot be understood, those it named before: a slip of the pen must not stop every plugin.</summary>
    private async Task<OrderedDictionary<PluginSlot, PluginSource>> ReadListAsync(ScanMode mode, CancellationToken cancellationToken)
    {
        var read = await PluginList.ReadAsync(PluginList.Locate(hubOptions.Value.PluginsFile), cancellationToken);
        var installed = InstalledPlugins.Root(hubOptions.Value);
        var found = PluginDiscovery.Find(read, installed);
        SetList(new PluginListRecord(read.File, [.. read.Errors, .. found.Errors], read.Warnings));
        OrderedDictionary<PluginSlot, PluginSource> sources = [];
        if (read.Entries.Count == 0 && (read.Errors.Count > 0 || read.Warnings.Count > 0) && entries.Count > 0)
        {
            foreach (var slot in Slots.Where(slot => Directory.Exists(slot.Folder)))
                sources.Add(slot, slot.Source);

            // These do not depend on the list.
            foreach (var source in found.Sources.Where(source => InstalledPlugins.Contains(installed, source.Folder) && !sources.Keys.Any(slot => PathComparer.Equals(slot.Folder, source.Folder))))
                sources.Add(new PluginSlot(source), source);

            return sources;
        }

        var sameList = entries.SequenceEqual(read.Entries);
        entries = read.Entries;
        var known = Slots.ToDictionary(slot => slot.Folder, PathComparer);
        foreach (var source in found.Sources)
            sources.Add(known.GetValueOrDefault(source.Folder) ?? new PluginSlot(source), source);

        foreach (var slot in sources.Keys)
            slot.Vanished = false;

        if (sameList && mode == ScanMode.WhenSettled)
            foreach (var slot in Slots.Where(slot => !sources.ContainsKey(slot) && IsBeingReplaced(slot)))
                sources.Add(slot, slot.Source);

        return sources;
    }

    /// <summary>As far as anybody can tell: a folder that has lost only its manifest, or that was there at the last look.</summary>
    private static bool IsBeingReplaced(PluginSlot slot)
    {
        if (Directory.Exists(slot.Folder))
            return !File.Exists(slot.Source.ManifestPath);

        var before = slot.Vanished;
        slot.Vanished = true;
        return !before;
    }

    private void SetList(PluginListRecord next)
    {
        var told = list is { } former && former.Errors.SequenceEqual(next.Errors) && former.Warnings.SequenceEqual(next.Warnings);
        list = next;
        if (told)
            return;

        foreach (var issue in next.Errors.Concat(next.Warnings))
            Log.ListIssue(logger, next.File, issue.Pointer, issue.Message, issue.Hint ?? "");
    }

    private async Task<SlotLook> LookAsync(PluginSlot slot, PluginSource source, ScanMode mode, CancellationToken cancellationToken)
    {
        if (slot.Record is null && mode == ScanMode.Now)
            return SlotLook.Due;

        await slot.Gate.WaitAsync(cancellationToken);
        try
        {
            if (slot.Source != source)
                return SlotLook.Due;

            var touched = slot.Touched || mode == ScanMode.Now;
            slot.Touched = false;
            var stamp = TryStamp(slot.Folder);
            if (!touched && slot.Unsettled is null && slot.Record is not null && stamp is not null && stamp.Equals(slot.Stamp))
                return SlotLook.Unchanged;

            var digest = await Task.Run(() => TryDigest(slot.Folder), cancellationToken);
            if (digest is not null && digest == slot.Tried)
            {
                slot.Stamp = stamp;
                slot.Unsettled = null;
                slot.UnsettledSince = null;
                return SlotLook.Unchanged;
            }

            if (mode == ScanMode.Now)
                return SlotLook.Due;

            var agrees = digest is not null && digest == slot.Unsettled;
            slot.Unsettled = digest ?? "";
            slot.UnsettledSince ??= time.GetUtcNow();
            var waitedLong = time.GetUtcNow() - slot.UnsettledSince >= options.Value.SettleLimit;
            if (agrees)
                return waitedLong || IsWholeJson(source.ManifestPath) ? SlotLook.Due : SlotLook.Unsettled;

            if (waitedLong)
            {
                var record = slot.Record ?? Unknown(slot);
                Fail(slot, record, [new("", $"The plugin's files cannot be read, or have kept changing for {options.Value.SettleLimit.TotalSeconds:0} s.", "The hub goes on looking. Write them once, as a whole.")]);
                slot.UnsettledSince = time.GetUtcNow();
            }

            return SlotLook.Unsettled;
        }
        finally
        {
            slot.Gate.Release();
        }
    }

    private async Task ApplyAllAsync(
        List<PluginSlot> due, OrderedDictionary<PluginSlot, PluginSource> sources, ConcurrentQueue<PluginChange> changes, Action? whenApplied, CancellationToken cancellationToken)
    {
        var together = new ParallelOptions { MaxDegreeOfParallelism = options.Value.StartTogether, CancellationToken = cancellationToken };
        var files = new PluginManifestFile[due.Count];
        await Parallel.ForAsync(0, due.Count, together, async (i, token) => files[i] = await PluginManifestFile.ReadAsync(sources[due[i]], token));

        // Of two folders with one id, the first in the list has it, whichever starts faster. Disabled ones claim none: the same plugin may be listed twice with one copy switched off.
        foreach (var (slot, file) in due.Zip(files))
            if (file is { Source.Enabled: true, Manifest: not null })
                claims.Claim(file.Id, slot);

        await Parallel.ForAsync(0, due.Count, together, async (i, token) =>
        {
            await due[i].Gate.WaitAsync(token);
            try
            {
                due[i].Source = files[i].Source;
                await ApplyNotingAsync(due[i], files[i], changes, token);
            }
            finally
            {
                due[i].Gate.Release();

                // Not when all are done: one of them may hang for a while. At the start nobody asks yet.
                whenApplied?.Invoke();
            }
        });
    }

    // Under the gate: what the API changes meanwhile is the API's to tell.
    private async Task ApplyNotingAsync(PluginSlot slot, PluginManifestFile? seen, ConcurrentQueue<PluginChange>? changes, CancellationToken cancellationToken)
    {
        var former = slot.Serving;
        try
        {
            await ApplyAsync(slot, seen, forced: false, cancellationToken);
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            // Such as a storage that fails: no reason to leave the other plugins as they are.
            var record = seen is null ? slot.Record ?? Unknown(slot) : Describe(seen);
            Log.Unexpected(logger, fault, record.Id, slot.Folder);
            Fail(slot, record, [new("", "The hub failed to bring the plugin up to date.", "The hub tries again when it looks next; its log tells more.")]);
            slot.Stamp = null;
            slot.Tried = null;
        }
        finally
        {
            Note(former, slot.Serving, changes);
        }
    }

    /// <summary>A folder whose id another one had is loaded when that one lets go of it.</summary>
    private async Task SettleConflictsAsync(ConcurrentQueue<PluginChange>? changes, CancellationToken cancellationToken)
    {
        foreach (var slot in Slots.Where(slot => slot.ConflictId is { } id && claims.HolderOf(id) is null))
        {
            await slot.Gate.WaitAsync(cancellationToken);
            try
            {
                if (slot is { ConflictId: not null, Removed: false })
                    await ApplyNotingAsync(slot, null, changes, cancellationToken);
            }
            finally
            {
                slot.Gate.Release();
                Publish();
            }
        }
    }

    private async Task RemoveAsync(PluginSlot slot, ConcurrentQueue<PluginChange> changes, CancellationToken cancellationToken)
    {
        await slot.Gate.WaitAsync(cancellationToken);
        try
        {
            var former = slot.Serving;
            slot.Removed = true;
            StopServing(slot);
            claims.KeepOnly(slot);
            Note(former, null, changes);
        }
        finally
        {
            slot.Gate.Release();
        }
    }

    private static void Note(PluginInstance? former, PluginInstance? now, ConcurrentQueue<PluginChange>? changes)
    {
        if (now is not null && now != former)
            changes?.Enqueue(new PluginChange(former is null ? "plugin.loaded" : "plugin.reloaded", now.Id, now.Version, now.Snapshot.Sha256));
        else if (now is null && former is not null)
            changes?.Enqueue(new PluginChange("plugin.unloaded", former.Id, former.Version, former.Snapshot.Sha256));
    }

    private static PluginRecord Unknown(PluginSlot slot) => new() { Id = Path.GetFileName(slot.Folder), Path = slot.Folder, State = PluginState.Failed };

    private void Publish()
    {
        // Looked at and set in one step: of two changes at once, the later must be seen last.
        lock (publishing)
            if (list is { } read)
                registry.Set(read, [.. Slots.Select(slot => slot.Record).OfType<PluginRecord>()]);
    }

    private static bool IsWholeJson(string path)
    {
        try
        {
            var json = SharedFile.ReadAllBytes(path);
            using var document = JsonDocument.Parse(
                json.AsMemory(json.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            return true;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            return false;
        }
    }
}
