using System.Globalization;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;
using IntegrationHub.Loading;
using IntegrationHub.Loading.Compatibility;
using IntegrationHub.Loading.Packaging;
using IntegrationHub.Schemas;
using Microsoft.Extensions.Options;
using NuGet.Versioning;

namespace IntegrationHub.Host.Plugins.Install;

internal enum InstallOutcome
{
    /// <summary>The plugin is new here.</summary>
    Installed,

    /// <summary>Another version of it, or other files of the same version, were here before.</summary>
    Updated,

    /// <summary>The very same files were here before; nothing was touched.</summary>
    Unchanged,
}

/// <summary>What came of an installation.</summary>
/// <param name="Plugin">The plugin as it is now.</param>
/// <param name="Outcome">What was done.</param>
/// <param name="FormerVersion">The version that was here before.</param>
/// <param name="Sha256">The plugin's digest, which <c>plugins.json</c> can pin.</param>
internal sealed record PluginInstallation(PluginRecord Plugin, InstallOutcome Outcome, string? FormerVersion, string Sha256);

/// <summary>
/// Installs packages into <c>&lt;data&gt;/plugins</c> and removes them. A package is unpacked and checked aside; a rename puts it in its place; what was there before comes back
/// when the new files cannot be loaded. One change at a time. Thread-safe.
/// </summary>
internal sealed partial class PluginInstaller(
    IOptions<HubOptions> hubOptions,
    IOptions<PluginInstallOptions> options,
    PluginRegistry registry,
    IPluginControl control,
    IEnumerable<IPluginUsage> users,
    IAuditTrail audit,
    TimeProvider time,
    ILogger<PluginInstaller> logger) : IDisposable
{
    private readonly SemaphoreSlim gate = new(1, 1);

    private string Root => InstalledPlugins.Root(hubOptions.Value);

    /// <summary>Ends what an earlier run of the hub began. Call it before plugins are loaded.</summary>
    public void Recover()
    {
        try
        {
            StagingFolder.Recover(Root, logger);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            Log.NotRecovered(logger, fault);
        }
    }

    /// <param name="receive">Writes the package's bytes.</param>
    /// <param name="force">Whether an older version may replace a newer one.</param>
    /// <param name="caller">Who installs it.</param>
    /// <param name="correlationId">The request's.</param>
    /// <param name="cancellationToken">Gives up, as long as nothing has been put in place.</param>
    /// <exception cref="ProblemException">It is refused; every reason is in the problem.</exception>
    public async Task<PluginInstallation> InstallAsync(Func<Stream, CancellationToken, Task> receive, bool force, Caller caller, string correlationId, CancellationToken cancellationToken)
    {
        using var staging = StagingFolder.Create(Root, logger);
        await using (var file = new FileStream(staging.Package, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 0, useAsync: true))
        {
            await receive(file, cancellationToken);
            await UnpackAsync(file, staging.Files, cancellationToken);
        }

        var manifest = await PluginManifestFile.ReadAsync(new PluginSource(staging.Files, Enabled: true), cancellationToken);
        if (manifest.Manifest is null)
            throw Invalid("The package's manifest has errors.", manifest.Errors).ToException();

        CheckFiles(manifest);
        var sha256 = PluginDigest.Compute(staging.Files);
        var target = Path.Combine(Root, manifest.Id);

        await gate.WaitAsync(cancellationToken);
        try
        {
            RefuseTaken(manifest.Id, target);
            var former = await FormerAsync(target, cancellationToken);
            if (former is not null && PluginDigest.Compute(target) == sha256 && Find(target) is { } same)
                return new PluginInstallation(same, InstallOutcome.Unchanged, former.Manifest?.Version, sha256);

            RefuseOlder(manifest, former, force);

            // From here on nobody's impatience leaves things half done.
            var record = await ReplaceAsync(staging, target, manifest, former, sha256);
            var details = new { version = record.Version, sha256, formerVersion = former?.Manifest?.Version, state = record.State, forced = force };
            await audit.RecordAsync(time, caller, "plugin.installed", manifest.Id, null, correlationId, details, CancellationToken.None);
            return new PluginInstallation(record, former is null ? InstallOutcome.Installed : InstallOutcome.Updated, former?.Manifest?.Version, sha256);
        }
        finally
        {
            gate.Release();
        }
    }

    /// <exception cref="ProblemException">There is no such plugin, it was not installed through the API, or it is used and this is not forced.</exception>
    public async Task RemoveAsync(string id, bool force, Caller caller, string correlationId, CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            var records = registry.All.Where(record => record.Id == id).ToList();
            var record = records.Find(one => InstalledPlugins.Contains(Root, one.Path)) ?? records.FirstOrDefault() ?? throw Problem.NotFound("plugin", id).ToException();
            if (!InstalledPlugins.Contains(Root, record.Path))
            {
                throw Problem.Conflict(
                    $"The plugin '{id}' was not installed through the API: it comes from '{record.Path}', which {registry.List?.File ?? "plugins.json"} names.",
                    "/id", "Take it off that list, or set \"enabled\": false there. Only what was installed can be removed here.").ToException();
            }

            List<string> uses = [];
            foreach (var user in users)
                uses.AddRange(await user.UsesAsync(id, cancellationToken));

            if (uses.Count > 0 && !force)
                throw Problem.Conflict($"The plugin '{id}' is in use: {string.Join(", ", uses)}.", "/id", "Delete these first, or force it (?force=true, --force): they stay then, fail meanwhile, and work again when the plugin is back.").ToException();

            await TakeAwayAsync(record.Path);
            var details = new { version = record.Version, sha256 = record.Sha256, inUse = uses.Count > 0 };
            await audit.RecordAsync(time, caller, "plugin.removed", id, null, correlationId, details, CancellationToken.None);
        }
        finally
        {
            gate.Release();
        }
    }

    public void Dispose() => gate.Dispose();

    private async Task UnpackAsync(Stream package, string folder, CancellationToken cancellationToken)
    {
        try
        {
            var unpacked = await PackageReader.UnpackAsync(package, folder, options.Value.Limits, cancellationToken);

            // Symbols, sources and the like may be packed by hand; they are no part of the plugin, so they do not stay.
            foreach (var extra in unpacked.Files.Except(PluginFiles.List(folder)))
                File.Delete(Path.Combine(folder, extra));
        }
        catch (PackageException fault)
        {
            throw new Problem(StatusCodes.Status400BadRequest, "invalid_package", "The package is refused", fault.Issues.Count == 1 ? fault.Message : "The package has several faults.") { Errors = fault.Issues }.ToException();
        }
    }

    // The loader proves the same once more, of the copy it loads; here nothing has been put in place yet.
    private static void CheckFiles(PluginManifestFile manifest)
    {
        var folder = manifest.Source.Folder;
        if (PluginCompatibility.Check(folder, manifest.Manifest!).Errors is { Count: > 0 } errors)
            throw Invalid("The plugin does not fit this hub.", [.. errors.Select(issue => issue with { Message = issue.Message.Replace(folder, "the package", StringComparison.Ordinal) })]).ToException();
    }

    private void RefuseTaken(string id, string target)
    {
        if (PackageNames.Problem(id) is { } problem)
            throw Invalid("The plugin cannot have this id.", [new("/id", $"The id '{id}' {problem}, and the plugin's folder is named by it.", "Choose another id.")]).ToException();

        foreach (var record in registry.All)
        {
            var isHere = InstalledPlugins.IsSame(record.Path, target);
            if (record.Id == id && !isHere)
            {
                throw Problem.Conflict(
                    $"The id '{id}' is taken by the plugin in '{record.Path}'{(InstalledPlugins.Contains(Root, record.Path) ? "" : $", which {registry.List?.File ?? "plugins.json"} names")}.",
                    "/id", "Take that one off the list first, or replace the files in its folder instead of installing.").ToException();
            }

            if (isHere && record.Id != id)
                throw Problem.Conflict($"The folder '{target}' already holds another plugin, '{record.Id}'.", "/id", "Somebody put it there by hand. Remove it first.").ToException();
        }
    }

    private static async Task<PluginManifestFile?> FormerAsync(string target, CancellationToken cancellationToken) =>
        Directory.Exists(target) ? await PluginManifestFile.ReadAsync(new PluginSource(target, Enabled: true), cancellationToken) : null;

    private static void RefuseOlder(PluginManifestFile manifest, PluginManifestFile? former, bool force)
    {
        if (!force && former?.Manifest is { } installed
            && SemanticVersion.TryParse(installed.Version, out var has) && SemanticVersion.TryParse(manifest.Manifest!.Version, out var comes) && comes < has)
        {
            throw Problem.Conflict(
                string.Create(CultureInfo.InvariantCulture, $"Version {installed.Version} of '{manifest.Id}' is installed, and the package has the older {manifest.Manifest.Version}."),
                "/version", "To go back on purpose, force it (?force=true, --force).").ToException();
        }
    }

    private async Task<PluginRecord> ReplaceAsync(StagingFolder staging, string target, PluginManifestFile manifest, PluginManifestFile? former, string sha256)
    {
        IReadOnlyList<ValidationIssue> errors;
        try
        {
            staging.Swap(target);
            await control.RescanAsync(target, CancellationToken.None);
            var record = Find(target);
            errors = TroublesOf(record, sha256);
            if (errors.Count == 0)
            {
                staging.Confirm(target);
                Log.Installed(logger, manifest.Id, manifest.Manifest!.Version, sha256);
                return record!;
            }
        }
        catch (Exception fault)
        {
            Log.Failed(logger, fault, manifest.Id);
            await UndoAsync(staging, target);
            throw;
        }

        await UndoAsync(staging, target);
        var serves = former?.Manifest is { } old ? $"; version {old.Version} is back in its place" : ", so it was not installed";
        throw new Problem(StatusCodes.Status409Conflict, "plugin_not_loaded", "The plugin could not be loaded", $"'{manifest.Id}' {manifest.Manifest!.Version} was unpacked and could not be loaded{serves}.") { Errors = errors }.ToException();
    }

    private static IReadOnlyList<ValidationIssue> TroublesOf(PluginRecord? record, string sha256) => record switch
    {
        null => [new("", "The hub did not find the plugin in its folder.", "Look at the plugin list's errors in GET /api/plugins.")],
        { State: PluginState.Failed } => record.Errors,
        { PendingErrors.Count: > 0 } => record.PendingErrors,
        { State: PluginState.Loaded } when record.Sha256 is { } loaded && loaded != sha256 => [new("", "The plugin's files changed while they were installed.", "Somebody else writes into the folder. Try again.")],
        _ => [],
    };

    private async Task UndoAsync(StagingFolder staging, string target)
    {
        staging.Undo(target);
        await control.RescanAsync(target, CancellationToken.None);
    }

    private async Task TakeAwayAsync(string target)
    {
        using var staging = StagingFolder.Create(Root, logger);
        staging.SetAside(target);
        try
        {
            await control.RescanAsync(target, CancellationToken.None);
        }
        catch (Exception)
        {
            staging.Undo(target);
            throw;
        }

        staging.Confirm(target);
    }

    private PluginRecord? Find(string folder) => registry.All.FirstOrDefault(record => InstalledPlugins.IsSame(record.Path, folder));

    private static Problem Invalid(string detail, IReadOnlyList<ValidationIssue> errors) =>
        new(StatusCodes.Status400BadRequest, "invalid_plugin", "The plugin is not valid", detail) { Errors = errors };

    private static partial class Log
    {
        [LoggerMessage(1042, LogLevel.Information, "Plugin {Plugin} {Version} was installed, SHA-256 {Sha256}")]
        public static partial void Installed(ILogger logger, string plugin, string version, string sha256);

        [LoggerMessage(1043, LogLevel.Error, "Plugin {Plugin} could not be put in place; what was there before is put back")]
        public static partial void Failed(ILogger logger, Exception fault, string plugin);

        [LoggerMessage(1044, LogLevel.Error, "An installation that an earlier run began could not be undone; see the folder .staging beside the installed plugins")]
        public static partial void NotRecovered(ILogger logger, Exception fault);
    }
}
