using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Http;
using IntegrationHub.Loading;
using IntegrationHub.Schemas;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Plugins;

/// <summary>
/// Keeps what serves in step with the operator's list, the folders, and what was decided about plugins. One broken plugin never stops the others, and a change that fails
/// leaves in place what served before.
/// </summary>
internal sealed partial class PluginHost(
    PluginLoader loader,
    ShadowFolders shadows,
    ProviderCatalog catalog,
    PluginRegistry registry,
    IPluginStateStore states,
    PluginUnloader unloader,
    IOptions<HubOptions> hubOptions,
    IOptions<PluginOptions> options,
    TimeProvider time,
    ILogger<PluginHost> logger) : IPluginControl, IAsyncDisposable
{
    private readonly PluginStandings standings = new(states);
    private readonly PluginClaims claims = new();

    // Never disposed: it has no timer and nothing linked, and a change that outlives the hub may still ask it.
    private readonly CancellationTokenSource ending = new();

    // What serves changes under this as well as under the slot's gate: the end of the hub waits for no gate.
    private readonly Lock swapping = new();
    private bool ended;

    /// <summary>Reads the list and loads what it names. Call it once, before the first request.</summary>
    public async Task LoadAllAsync(CancellationToken cancellationToken)
    {
        CleanShadows();
        await standings.LoadAsync(cancellationToken);
        await ScanAsync(ScanMode.Now, cancellationToken);
        Log.Summary(logger, Count(PluginState.Loaded), Count(PluginState.Failed), Count(PluginState.Disabled), Count(PluginState.Quarantined));
        int Count(PluginState state) => registry.All.Count(record => record.State == state);
    }

    public Task RescanAsync(CancellationToken cancellationToken) => ScanAsync(ScanMode.Now, cancellationToken);

    public Task RescanAsync(string folder, CancellationToken cancellationToken) => ScanAsync(ScanMode.Now, folder, cancellationToken);

    /// <exception cref="ProblemException">It is disabled, or quarantined and its files are the same.</exception>
    public Task<PluginRecord?> ReloadAsync(string id, CancellationToken cancellationToken) => ChangeAsync(id, ReloadAsync, cancellationToken);

    /// <exception cref="ProblemException">The operator's list disables it.</exception>
    public Task<PluginRecord?> EnableAsync(string id, CancellationToken cancellationToken) => ChangeAsync(id, EnableAsync, cancellationToken);

    public Task<PluginRecord?> DisableAsync(string id, CancellationToken cancellationToken) => ChangeAsync(id, DisableAsync, cancellationToken);

    public Task QuarantineAsync(string id, ValidationIssue reason, CancellationToken cancellationToken) =>
        ChangeAsync(id, (slot, token) => QuarantineAsync(slot, reason, token), cancellationToken);

    public async Task<PluginRecord?> QuarantineAsync(FaultLedger accused, ValidationIssue reason, CancellationToken cancellationToken)
    {
        var serves = false;
        var record = await ChangeAsync(
            accused.Plugin,
            (slot, token) => (serves = slot.Serving?.Ledger == accused) ? QuarantineAsync(slot, reason, token) : Task.CompletedTask,
            cancellationToken);
        return serves ? record : null;
    }

    /// <summary>Stops serving everything. A plugin that is being loaded just now is given up; no gate is waited for, since it may hang.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (swapping)
            ended = true;

        await ending.CancelAsync();
        foreach (var slot in Slots)
            Withdraw(slot);

        await unloader.DisposeAsync();
    }

    private async Task ReloadAsync(PluginSlot slot, CancellationToken cancellationToken)
    {
        // Other files than those that misbehaved are given a chance here as well.
        if (slot.Record is { State: PluginState.Disabled or PluginState.Quarantined } held
            && (held.State == PluginState.Disabled || await IsQuarantinedAsync(standings.Of(held.Id), slot.Folder, cancellationToken)))
        {
            var what = held.State == PluginState.Disabled ? "disabled" : "quarantined";
            throw Problem.Conflict($"The plugin '{held.Id}' is {what}, so it cannot be reloaded. {held.Reason?.Message}", "/state", held.Reason?.Hint ?? "Enable it.").ToException();
        }

        await ApplyAsync(slot, null, forced: true, cancellationToken);
    }

    private async Task EnableAsync(PluginSlot slot, CancellationToken cancellationToken)
    {
        var id = IdOf(slot);
        if (!slot.Source.Enabled)
        {
            throw Problem.Conflict(
                $"The plugin list disables '{id}', and the list stands above the API.",
                "/enabled",
                $"Take \"enabled\": false for '{slot.Folder}' out of {registry.List?.File ?? "plugins.json"}. The hub reads the list again by itself.").ToException();
        }

        await standings.SetAsync(new PluginStanding(id), cancellationToken);
        if (slot.Serving is null)
            await ApplyAsync(slot, null, forced: true, cancellationToken);
    }

    private async Task DisableAsync(PluginSlot slot, CancellationToken cancellationToken)
    {
        var id = IdOf(slot);
        var standing = standings.Of(id);
        await standings.SetAsync(standing with { DisabledAt = standing.DisabledAt ?? time.GetUtcNow() }, cancellationToken);
        StopServing(slot);
        if (slot.Source.Enabled)
            slot.Record = Held(slot.Record!, standings.Of(id));
    }

    private async Task QuarantineAsync(PluginSlot slot, ValidationIssue reason, CancellationToken cancellationToken)
    {
        // Stopped first, kept then: what it does wrong must end even if the storage fails.
        var id = IdOf(slot);
        var quarantine = new PluginQuarantine(reason, time.GetUtcNow(), slot.Serving?.Snapshot.Sha256 ?? slot.Record?.Sha256);
        var standing = standings.Of(id) with { Quarantine = quarantine };
        standings.Assume(standing);
        StopServing(slot);
        if (slot.Source.Enabled)
            slot.Record = Held(slot.Record!, standing);

        Log.Quarantined(logger, id, reason.Pointer, reason.Message);
        await standings.SetAsync(standing, cancellationToken);
    }

    /// <summary>Whoever asked may give up as long as the change waits for its turn. Once it is begun it is finished, unless the hub ends: half of it would be in force and nobody told.</summary>
    private async Task<PluginRecord?> ChangeAsync(string id, Func<PluginSlot, CancellationToken, Task> change, CancellationToken cancellationToken)
    {
        if (Find(id) is not { } slot)
            return null;

        await slot.Gate.WaitAsync(cancellationToken);
        try
        {
            if (slot.Removed || slot.Record is null)
                return null;

            await change(slot, ending.Token);
        }
        finally
        {
            slot.Gate.Release();
            Publish();
        }

        await SettleConflictsAsync(null, ending.Token);
        return slot.Record is { } record ? registry.All.FirstOrDefault(listed => listed.Path == record.Path) : null;
    }

    private PluginSlot? Find(string id) => claims.HolderOf(id) ?? Slots.FirstOrDefault(slot => slot.Record?.Id == id);

    private static string IdOf(PluginSlot slot) => slot.Serving?.Id ?? slot.Record?.Id ?? Path.GetFileName(slot.Folder);

    private void CleanShadows()
    {
        try
        {
            shadows.Clean();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            Log.ShadowsRemain(logger, fault);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1001, LogLevel.Information, "Plugins: {Loaded} loaded, {Failed} failed, {Disabled} disabled, {Quarantined} quarantined")]
        public static partial void Summary(ILogger logger, int loaded, int failed, int disabled, int quarantined);

        [LoggerMessage(1002, LogLevel.Warning, "Plugin list {File} at '{Pointer}': {Problem} {Hint}")]
        public static partial void ListIssue(ILogger logger, string file, string pointer, string problem, string hint);

        [LoggerMessage(1003, LogLevel.Error, "Plugin {Plugin} ({Path}) is not loaded, '{Pointer}': {Problem} {Hint}")]
        public static partial void Error(ILogger logger, string plugin, string path, string pointer, string problem, string hint);

        [LoggerMessage(1004, LogLevel.Debug, "Plugin {Plugin} at '{Pointer}': {Problem}")]
        public static partial void Warning(ILogger logger, string plugin, string pointer, string problem);

        [LoggerMessage(1007, LogLevel.Warning, "Plugin copies of an earlier run could not be removed")]
        public static partial void ShadowsRemain(ILogger logger, Exception fault);

        [LoggerMessage(1008, LogLevel.Information, "Plugin {Plugin} {Version} serves, generation {Generation}, SHA-256 {Sha256}")]
        public static partial void Serves(ILogger logger, string plugin, string version, int generation, string sha256);

        [LoggerMessage(1009, LogLevel.Information, "Plugin {Plugin} {Version} serves no more: its folder was removed, disabled, or taken off the list")]
        public static partial void Stopped(ILogger logger, string plugin, string version);

        [LoggerMessage(1010, LogLevel.Error, "Plugin {Plugin} {Version} serves on: the newer files in {Path} could not be loaded, '{Pointer}': {Problem} {Hint}")]
        public static partial void NewerFailed(ILogger logger, string plugin, string version, string path, string pointer, string problem, string hint);

        [LoggerMessage(1012, LogLevel.Error, "Plugin {Plugin} ({Path}): the hub failed to bring it up to date, and tries again")]
        public static partial void Unexpected(ILogger logger, Exception fault, string plugin, string path);

        [LoggerMessage(1011, LogLevel.Error, "Plugin {Plugin} is quarantined, '{Pointer}': {Problem}")]
        public static partial void Quarantined(ILogger logger, string plugin, string pointer, string problem);
    }
}
