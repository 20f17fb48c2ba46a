using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Secrets;

/// <summary>Makes the source that the settings ask for, and the others by name.</summary>
internal sealed class MasterKeySources(IOptions<HubOptions> hub, IOptions<KmsOptions> kms, ILoggerFactory loggers)
{
    /// <summary>The source of the current key.</summary>
    /// <exception cref="MasterKeyException">The settings contradict each other, or are not complete.</exception>
    public IMasterKeySource Configured()
    {
        var options = hub.Value;
        var given = !string.IsNullOrWhiteSpace(options.MasterKey);
        var name = string.IsNullOrWhiteSpace(options.MasterKeySource) ? NameOf(given ? MasterKeySourceKind.Setting : MasterKeySourceKind.File) : options.MasterKeySource.Trim();
        if (given && !Is(name, MasterKeySourceKind.Setting))
            throw new MasterKeyException($"Hub:MasterKeySource is '{name}', and Hub:MasterKey (HUB_MASTER_KEY) is given as well. Remove one; a key to move away from is given in HUB_MASTER_KEY_PREVIOUS.");

        if (Is(name, MasterKeySourceKind.Setting) && !given)
            throw new MasterKeyException("Hub:MasterKeySource is 'setting', and Hub:MasterKey (HUB_MASTER_KEY) is not given.");

        if (Is(name, MasterKeySourceKind.Kms) && string.IsNullOrWhiteSpace(kms.Value.KeyId))
            throw new MasterKeyException("Hub:MasterKeySource is 'kms', and Hub:Kms:KeyId is not given: the id, ARN or alias of a symmetric key for encryption.");

        return Named(name) ?? throw new MasterKeyException($"Hub:MasterKeySource is '{name}'. It is file, setting or kms.");
    }

    /// <summary>The source with the name; <see langword="null"/> when there is none.</summary>
    public IMasterKeySource? Named(string name)
    {
        if (Is(name, MasterKeySourceKind.File))
            return new KeyFileSource(hub.Value.Data);

        if (Is(name, MasterKeySourceKind.Setting))
            return new SettingKeySource(hub.Value.MasterKey ?? "");

        return Is(name, MasterKeySourceKind.Kms) ? new KmsKeySource(hub.Value.Data, kms.Value, loggers.CreateLogger<KmsKeySource>()) : null;
    }

    public static string NameOf(MasterKeySourceKind kind) => kind switch
    {
        MasterKeySourceKind.Kms => "kms",
        MasterKeySourceKind.Setting => "setting",
        _ => "file",
    };

    private static bool Is(string name, MasterKeySourceKind kind) => string.Equals(name, NameOf(kind), StringComparison.OrdinalIgnoreCase);
}
