using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;

namespace IntegrationHub.Host.Secrets;

/// <summary>Keys in a file of the data folder, one a line in base64, the current one first; lines that begin with # are comments.</summary>
internal sealed class KeyFileSource(string folder) : IMasterKeySource
{
    public const string FileName = "master.key";

    private static readonly byte[] FormerNote =
        "# The first key is in use. The keys below it are former ones: the hub removes them when nothing is encrypted with them any more.\n"u8.ToArray();

    public MasterKeySourceKind Kind => MasterKeySourceKind.File;

    public string FilePath { get; } = Path.GetFullPath(Path.Combine(folder, FileName));

    public string Place => $"the key file '{FilePath}'";

    public bool CanMake => true;

    public Task<IReadOnlyList<MasterKey>> LoadAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult<IReadOnlyList<MasterKey>>([.. Lines(keep: false).Select(line => line.Key)]);
    }

    public Task<MasterKey> MakeAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var lines = Lines(keep: true);
        var key = RandomNumberGenerator.GetBytes(MasterKey.Size);
        var line = new byte[Base64.GetMaxEncodedToUtf8Length(key.Length)];
        Base64.EncodeToUtf8(key, line, out _, out _);
        var made = new MasterKey(key);
        try
        {
            var isFirst = lines.Count == 0;
            Write([(made, line), .. lines], isFirst ? static (path, content) => PrivateFile.Create(path, content) : Replace);
        }
        finally
        {
            Clear(lines);
            CryptographicOperations.ZeroMemory(line);
        }

        // What was written is what the next start reads.
        var now = Lines(keep: false);
        var isThere = now.Count > 0 && now[0].Key.Id == made.Id;
        Clear(now);
        return isThere
            ? Task.FromResult(made)
            : throw new MasterKeyException($"The new key is not in '{FilePath}' after it was written there. Nothing was encrypted with it.");
    }

    public Task<IReadOnlyList<string>> RetireAsync(IReadOnlyCollection<string> ids, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var lines = Lines(keep: true);
        try
        {
            // The first is in use, whatever is asked.
            var kept = lines.Where((line, index) => index == 0 || !ids.Contains(line.Key.Id)).ToList();
            if (kept.Count < lines.Count)
                Write(kept, Replace);
        }
        finally
        {
            Clear(lines);
        }

        return Task.FromResult<IReadOnlyList<string>>([]);
    }

    private delegate void Put(string path, ReadOnlySpan<byte> content);

    private static void Replace(string path, ReadOnlySpan<byte> content) => PrivateFile.Replace(path, content);

    private void Write(List<(MasterKey Key, byte[] Text)> lines, Put put)
    {
        // Not a stream that grows: each growth would leave a copy behind.
        var content = new ArrayBufferWriter<byte>(FormerNote.Length + (lines.Count * 64));
        if (lines.Count > 1)
            content.Write(FormerNote);

        foreach (var (_, text) in lines)
        {
            content.Write(text);
            content.Write("\n"u8);
        }

        try
        {
            put(FilePath, content.WrittenSpan);
        }
        finally
        {
            content.Clear();
        }
    }

    private List<(MasterKey Key, byte[] Text)> Lines(bool keep)
    {
        if (PrivateFile.TryRead(FilePath) is not { } content)
            return [];

        try
        {
            var lines = new List<(MasterKey, byte[])>();
            foreach (var range in content.AsSpan().Split((byte)'\n'))
            {
                var line = content.AsSpan(range).Trim(" \t\r"u8);
                if (!line.IsEmpty && line[0] != '#')
                    lines.Add((MasterKey.Parse(line, $"The key file '{FilePath}'"), keep ? line.ToArray() : []));
            }

            return lines.Count > 0
                ? lines
                : throw new MasterKeyException($"The key file '{FilePath}' holds no key. Restore it from a backup; remove it only when nothing was ever encrypted with it.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }

    // The keys are copies that were read to be written again.
    private static void Clear(List<(MasterKey Key, byte[] Text)> lines)
    {
        foreach (var (key, text) in lines)
        {
            key.Forget();
            CryptographicOperations.ZeroMemory(text);
        }
    }
}
