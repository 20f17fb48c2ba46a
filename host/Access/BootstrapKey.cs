using IntegrationHub.Host.Secrets;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Access;

/// <summary>The first admin key: the operator's, or the one in the data folder. It is not in the store, so it works when nothing else does and cannot be deleted over the API.</summary>
internal sealed class BootstrapKey(IOptions<HubOptions> options)
{
    public const string FileName = "admin.key";
    public const string KeyId = "bootstrap";
    private const int MinLength = 32;

    private volatile byte[]? hash;

    /// <summary>Where the key stands; <see langword="null"/> when the operator gave it as a setting.</summary>
    public string? FilePath { get; private set; }

    /// <summary>Whether this start made it.</summary>
    public bool Created { get; private set; }

    /// <summary>The hash of the key.</summary>
    public ReadOnlySpan<byte> Hash => hash ?? throw new InvalidOperationException("The bootstrap key has not been initialised.");

    /// <summary>Reads the key; makes it at the first start.</summary>
    /// <exception cref="MasterKeyException">The key is too weak, or its file cannot be used.</exception>
    public Task InitializeAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var key = options.Value.AdminKey;
        var source = "The setting Hub:AdminKey (HUB_ADMIN_KEY)";
        if (string.IsNullOrEmpty(key))
        {
            var path = Path.GetFullPath(Path.Combine(options.Value.Data, FileName));
            (key, Created) = PrivateFile.ReadOrCreate(path, ApiKeySecret.New);
            FilePath = path;
            source = $"The key in '{path}'";
        }

        if (key.Length < MinLength)
            throw new MasterKeyException($"{source} has {key.Length} characters; an admin key needs {MinLength} or more. Make one with: openssl rand -hex 32");

        if (key.Any(c => c is <= ' ' or > '~'))
            throw new MasterKeyException($"{source} has a character that cannot stand in an HTTP header. Use letters, digits and punctuation without spaces.");

        hash = ApiKeySecret.HashOf(key);
        return Task.CompletedTask;
    }
}
