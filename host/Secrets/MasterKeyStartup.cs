using System.Text;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Secrets;

/// <summary>
/// Opens the master keys at the start, and refuses to start when the storage needs one that is not there: nothing is served, and nothing written, under a key that the data
/// was not encrypted with. Makes a key only when nothing needs another.
/// </summary>
internal sealed partial class MasterKeyStartup(
    MasterKeyRing ring, IMasterKeySource source, MasterKeySources sources, IWrappedKeyStore rows, IOptions<HubOptions> options, ILogger<MasterKeyStartup> logger)
{
    /// <summary>Call it when the storage is open, and before anything opens or seals.</summary>
    /// <exception cref="MasterKeyException">A key that the storage needs is missing, or a key is not usable.</exception>
    /// <exception cref="KeyServiceUnavailableException">The service that opens the keys does not answer.</exception>
    public async Task InitializeAsync(CancellationToken cancellationToken)
    {
        var own = await source.LoadAsync(cancellationToken);
        var previous = await PreviousAsync(cancellationToken);
        var needed = await rows.CountAsync(cancellationToken);
        var missing = needed.Where(need => own.Concat(previous).All(key => key.Id != need.Key)).ToDictionary();
        if (missing.Count > 0)
            throw new MasterKeyException(await ExplainAsync(missing, needed, own, previous, cancellationToken));

        var current = own.Count > 0 ? own[0] : await source.MakeAsync(cancellationToken);
        if (own.Count == 0)
            Log.Made(logger, current.Id, source.Place);

        // An operator who goes back to a former key gave it as the current one.
        await rows.ReviveAsync(current.Id, cancellationToken);
        foreach (var key in previous.Where(key => !needed.ContainsKey(key.Id) && key.Id != current.Id))
        {
            key.Forget();
            Log.NotNeeded(logger, key.Id);
        }

        ring.Open(current, own.Skip(1).Concat(previous.Where(key => needed.ContainsKey(key.Id))));
        if (needed.Keys.Any(id => id != current.Id))
            Log.Mixed(logger, current.Id, needed.Where(need => need.Key != current.Id).Sum(need => need.Value));
    }

    private async Task<List<MasterKey>> PreviousAsync(CancellationToken cancellationToken)
    {
        var keys = new List<MasterKey>();
        foreach (var word in (options.Value.MasterKeyPrevious ?? "").Split([',', ' ', '\n', '\r', '\t'], StringSplitOptions.RemoveEmptyEntries))
            if (sources.Named(word) is { } other)
                keys.AddRange(await other.LoadAsync(cancellationToken));
            else
                keys.Add(MasterKey.Parse(word, "The setting Hub:MasterKeyPrevious (HUB_MASTER_KEY_PREVIOUS)"));

        return keys;
    }

    private async Task<string> ExplainAsync(
        Dictionary<string, long> missing, IReadOnlyDictionary<string, long> needed, IReadOnlyList<MasterKey> own, List<MasterKey> previous, CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        var names = string.Join(" and ", missing.Select(need => $"{need.Key} ({need.Value} of {needed.Values.Sum()} encrypted rows)"));
        text.Append("The storage was encrypted with the master key ").Append(names).Append(", which is not there. ");
        text.Append(own.Count == 0
            ? $"There is no key in {source.Place}"
            : $"In {source.Place} is {string.Join(", ", own.Select(key => key.Id))}");
        text.Append(previous.Count == 0 ? "; HUB_MASTER_KEY_PREVIOUS gives none. " : $"; HUB_MASTER_KEY_PREVIOUS gives {string.Join(", ", previous.Select(key => key.Id))}. ");
        text.Append("Nothing was written, and no key was made. ");

        if (await FindElsewhereAsync(missing.Keys, cancellationToken) is { } elsewhere)
            text.Append("It is in ").Append(elsewhere.Place).Append(": use that one again, or, to move to ").Append(source.Place)
                .Append(", start once with HUB_MASTER_KEY_PREVIOUS=").Append(MasterKeySources.NameOf(elsewhere.Kind)).Append(". ");
        else
            text.Append(source.Kind switch
            {
                MasterKeySourceKind.File => $"Put the backup of {KeyFileSource.FileName} back into the data folder, or give the key in HUB_MASTER_KEY. ",
                MasterKeySourceKind.Kms => $"Put the backup of {KmsKeySource.FileName} back into the data folder. ",
                _ => "Give that key in HUB_MASTER_KEY; or, when this is the new one, give that one in HUB_MASTER_KEY_PREVIOUS, and everything is wrapped anew. ",
            });

        return text.Append("A key that is lost cannot be replaced: docs/operating.md says how to begin anew.").ToString();
    }

    // Only to say where it is: a key that the settings do not name is not used.
    private async Task<IMasterKeySource?> FindElsewhereAsync(IEnumerable<string> missing, CancellationToken cancellationToken)
    {
        if (source.Kind == MasterKeySourceKind.File)
            return null;

        try
        {
            var file = sources.Named(MasterKeySources.NameOf(MasterKeySourceKind.File))!;
            var keys = await file.LoadAsync(cancellationToken);
            foreach (var key in keys)
                key.Forget();

            return missing.All(id => keys.Any(key => key.Id == id)) ? file : null;
        }
        catch (MasterKeyException)
        {
            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(5011, LogLevel.Information, "A master key was made: {Key}, in {Place}. Back it up, apart from the database")]
        public static partial void Made(ILogger logger, string key, string place);

        [LoggerMessage(5012, LogLevel.Warning, "HUB_MASTER_KEY_PREVIOUS gives the master key {Key}, which nothing is encrypted with any more: remove it from the settings")]
        public static partial void NotNeeded(ILogger logger, string key);

        [LoggerMessage(5013, LogLevel.Warning, "{Count} data keys are still wrapped by former master keys; they are being wrapped anew by {Key}")]
        public static partial void Mixed(ILogger logger, string key, long count);
    }
}
