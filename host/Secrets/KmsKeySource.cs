using System.Security.Cryptography;
using System.Text.Json;
using Amazon;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;

namespace IntegrationHub.Host.Secrets;

/// <summary>
/// Master keys that AWS KMS wraps, kept in the data folder, the current one first. KMS is asked to open them at the start and to make one at a rotation: never for an
/// operation, so that the hub is neither slowed by KMS, nor limited by its quota, nor down with it.
/// </summary>
internal sealed partial class KmsKeySource(string folder, KmsOptions options, ILogger<KmsKeySource> logger, AWSCredentials? credentials = null) : IMasterKeySource
{
    public const string FileName = "master.kms.json";

    // Bound by KMS to each wrapped key, and in the clear in CloudTrail: a wrapped key of another program does not open here.
    private static readonly Dictionary<string, string> Context = new() { ["integration-hub:purpose"] = "master-key" };
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public MasterKeySourceKind Kind => MasterKeySourceKind.Kms;

    public string FilePath { get; } = Path.GetFullPath(Path.Combine(folder, FileName));

    public string Place => $"AWS KMS, wrapped in '{FilePath}'";

    public bool CanMake => !string.IsNullOrWhiteSpace(options.KeyId);

    public async Task<IReadOnlyList<MasterKey>> LoadAsync(CancellationToken cancellationToken)
    {
        var entries = Read();
        if (entries.Count == 0)
            return [];

        using var kms = Client();
        var keys = new List<MasterKey>(entries.Count);
        foreach (var entry in entries)
        {
            try
            {
                keys.Add(await OpenAsync(kms, entry, cancellationToken));
            }
            catch (MasterKeyException fault) when (keys.Count > 0)
            {
                // A former key that nothing may need any more; whoever needs it says so.
                Log.FormerUnavailable(logger, entry.Id, fault.Message);
            }
        }

        return keys;
    }

    public async Task<MasterKey> MakeAsync(CancellationToken cancellationToken)
    {
        var before = Read();
        using var kms = Client();
        var answer = await AskAsync(
            () => kms.GenerateDataKeyAsync(new GenerateDataKeyRequest { KeyId = options.KeyId, NumberOfBytes = MasterKey.Size, EncryptionContext = Context }, cancellationToken),
            $"make a key under '{options.KeyId}'");
        var made = new MasterKey(Take(answer.Plaintext));
        var entry = new Entry(made.Id, answer.KeyId, answer.CiphertextBlob.ToArray());
        Write([entry, .. before], isFirst: before.Count == 0);

        // What was written is what the next start reads.
        var now = Read();
        return now.Count > 0 && now[0].Id == made.Id && now[0].Wrapped.AsSpan().SequenceEqual(entry.Wrapped)
            ? made
            : throw new MasterKeyException($"The new key is not in '{FilePath}' after it was written there. Nothing was encrypted with it.");
    }

    public Task<IReadOnlyList<string>> RetireAsync(IReadOnlyCollection<string> ids, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var entries = Read();
        var kept = entries.Where((entry, index) => index == 0 || !ids.Contains(entry.Id)).ToList();
        if (kept.Count < entries.Count)
            Write(kept, isFirst: false);

        return Task.FromResult<IReadOnlyList<string>>([]);
    }

    private async Task<MasterKey> OpenAsync(AmazonKeyManagementServiceClient kms, Entry entry, CancellationToken cancellationToken)
    {
        using var wrapped = new MemoryStream(entry.Wrapped, writable: false);
        var answer = await AskAsync(
            () => kms.DecryptAsync(new DecryptRequest { CiphertextBlob = wrapped, KeyId = entry.KmsKeyId, EncryptionContext = Context }, cancellationToken),
            $"open the master key {entry.Id}, which '{entry.KmsKeyId}' wraps");
        var key = new MasterKey(Take(answer.Plaintext));
        return key.Id == entry.Id ? key : throw new MasterKeyException($"The entry {entry.Id} in '{FilePath}' opens to another key ({key.Id}). Restore the file from a backup.");
    }

    private AmazonKeyManagementServiceClient Client()
    {
        var config = new AmazonKeyManagementServiceConfig { Timeout = options.Timeout, MaxErrorRetry = 3 };
        if (!string.IsNullOrWhiteSpace(options.Endpoint))
        {
            config.ServiceURL = options.Endpoint;
            config.AuthenticationRegion = options.Region;
        }
        else if (!string.IsNullOrWhiteSpace(options.Region))
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(options.Region);
        }

        try
        {
            return credentials is null ? new AmazonKeyManagementServiceClient(config) : new AmazonKeyManagementServiceClient(credentials, config);
        }
        catch (AmazonClientException fault)
        {
            throw new MasterKeyException($"AWS KMS cannot be used: {fault.Message} Set Hub:Kms:Region, and credentials where the AWS SDK looks for them.", fault);
        }
    }

    private async Task<T> AskAsync<T>(Func<Task<T>> call, string what)
    {
        try
        {
            return await call();
        }
        catch (AmazonServiceException fault) when (IsTemporary(fault))
        {
            throw new KeyServiceUnavailableException($"AWS KMS could not {what}: {fault.ErrorCode}. Starting again may help.", fault);
        }
        catch (AmazonServiceException fault)
        {
            throw new MasterKeyException(
                $"AWS KMS refused to {what}: {fault.ErrorCode}: {fault.Message} The hub needs kms:Decrypt and kms:GenerateDataKey on that key, enabled, in its region; " +
                $"the wrapped keys are in '{FilePath}'.",
                fault);
        }
        catch (AmazonClientException fault)
        {
            throw new MasterKeyException($"AWS KMS could not be asked to {what}: {fault.Message} Check the credentials and Hub:Kms:Region.", fault);
        }
        catch (Exception fault) when (fault is HttpRequestException or TimeoutException or TaskCanceledException { InnerException: TimeoutException })
        {
            throw new KeyServiceUnavailableException($"AWS KMS could not be reached to {what}: {fault.Message}", fault);
        }
    }

    private static bool IsTemporary(AmazonServiceException fault) =>
        (int)fault.StatusCode is 0 or >= 500 or 429 || fault is KeyUnavailableException or DependencyTimeoutException or KMSInternalException || fault.ErrorCode is "ThrottlingException";

    // The SDK's stream holds the key; its buffer is cleared with it.
    private static byte[] Take(MemoryStream plaintext)
    {
        var key = plaintext.ToArray();
        if (plaintext.TryGetBuffer(out var buffer))
            CryptographicOperations.ZeroMemory(buffer);

        if (key.Length == MasterKey.Size)
            return key;

        CryptographicOperations.ZeroMemory(key);
        throw new MasterKeyException($"AWS KMS gave a key of {key.Length} bytes; a master key has {MasterKey.Size}.");
    }

    private List<Entry> Read()
    {
        if (PrivateFile.TryRead(FilePath) is not { } content)
            return [];

        try
        {
            var document = JsonSerializer.Deserialize<Document>(content, Json);
            if (document is { Version: 1, Keys.Count: > 0 } && document.Keys.TrueForAll(entry => entry is { Id.Length: > 0, KmsKeyId.Length: > 0, Wrapped.Length: > 0 }))
                return document.Keys;
        }
        catch (JsonException)
        {
            // Said below.
        }

        throw new MasterKeyException($"The file '{FilePath}' is damaged: it does not hold wrapped master keys. Restore it from a backup.");
    }

    private void Write(List<Entry> entries, bool isFirst)
    {
        var content = JsonSerializer.SerializeToUtf8Bytes(new Document(1, entries), Json);
        if (isFirst)
            PrivateFile.Create(FilePath, content);
        else
            PrivateFile.Replace(FilePath, content);
    }

    private sealed record Document(int Version, List<Entry> Keys);

    /// <param name="Id">The master key's id.</param>
    /// <param name="KmsKeyId">The ARN of the key at KMS.</param>
    /// <param name="Wrapped">What KMS answered: only KMS opens it.</param>
    private sealed record Entry(string Id, string KmsKeyId, byte[] Wrapped);

    private static partial class Log
    {
        [LoggerMessage(5001, LogLevel.Warning, "The former master key {Key} could not be opened: {Why}")]
        public static partial void FormerUnavailable(ILogger logger, string key, string why);
    }
}
