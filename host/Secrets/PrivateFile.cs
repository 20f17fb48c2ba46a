using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace IntegrationHub.Host.Secrets;

/// <summary>Small files that only the hub's own user may read.</summary>
internal static class PrivateFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute |
        UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private const int MaxLength = 64 * 1024;

    /// <summary>Reads the file; makes it with the given content when there is none.</summary>
    /// <exception cref="MasterKeyException">Others may read it, or it cannot be read or made.</exception>
    public static (string Content, bool Created) ReadOrCreate(string path, Func<string> newContent) => Guarded(path, () =>
    {
        if (!File.Exists(path))
        {
            var content = newContent();
            if (TryCreate(path, Encoding.ASCII.GetBytes(content + "\n")))
                return (content, true);
        }

        return (Encoding.UTF8.GetString(Read(path)).Trim(), false);
    });

    /// <summary>Reads the file; <see langword="null"/> when there is none. Clear what it answers after use.</summary>
    /// <exception cref="MasterKeyException">Others may read it, or it cannot be read.</exception>
    public static byte[]? TryRead(string path) => Guarded(path, () => File.Exists(path) ? Read(path) : null);

    /// <summary>Makes the file unless it is there, and completes when content and name are on the disk.</summary>
    /// <returns>Whether this made it.</returns>
    /// <exception cref="MasterKeyException">It cannot be made.</exception>
    public static bool Create(string path, ReadOnlySpan<byte> content)
    {
        var bytes = content.ToArray();
        try
        {
            return Guarded(path, () => TryCreate(path, bytes));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <summary>Puts new content in the file's place at once and wholly: after a crash it holds either the old or the new.</summary>
    /// <exception cref="MasterKeyException">It cannot be written.</exception>
    public static void Replace(string path, ReadOnlySpan<byte> content)
    {
        var bytes = content.ToArray();
        try
        {
            Guarded(path, () =>
            {
                var temporary = WriteTemporary(path, bytes);
                File.Move(temporary, path, overwrite: true);
                FlushFolder(path);
                return true;
            });
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    private static T Guarded<T>(string path, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new MasterKeyException($"The file '{path}' cannot be read or made: {fault.Message} The hub's user needs read and write access to it.", fault);
        }
    }

    private static byte[] Read(string path)
    {
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Others) != 0)
            throw new MasterKeyException($"The file '{path}' can be read or changed by other users. Run: chmod 600 '{path}'. If others may have read it, replace the key.");

        if (new FileInfo(path).Length > MaxLength)
            throw new MasterKeyException($"The file '{path}' is too long to hold keys.");

        return File.ReadAllBytes(path);
    }

    // The content is complete and durable before the name exists, so that neither a crash nor a second hub sees half a key.
    private static bool TryCreate(string path, byte[] content)
    {
        CreateFolder(Path.GetDirectoryName(path)!);
        var temporary = WriteTemporary(path, content);
        try
        {
            var named = TryName(temporary, path);
            FlushFolder(path);
            return named;
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private static string WriteTemporary(string path, byte[] content)
    {
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerOnly;

        using var stream = new FileStream(temporary, options);
        stream.Write(content);
        stream.Flush(flushToDisk: true);
        return temporary;
    }

    // On Unix File.Move looks first and renames then, so two hubs that start at once could both win; link(2) gives a name to one only.
    private static bool TryName(string temporary, string path)
    {
        if (!OperatingSystem.IsWindows() && Link(NativePath(temporary), NativePath(path)) == 0)
            return true;

        if (File.Exists(path))
            return false;

        try
        {
            // Windows, where this is atomic, and file systems without hard links.
            File.Move(temporary, path, overwrite: false);
            return true;
        }
        catch (IOException) when (File.Exists(path))
        {
            return false;
        }
    }

    // A name is durable only when its folder is (fsync(2)). Windows journals names by itself.
    private static void FlushFolder(string path)
    {
        if (OperatingSystem.IsWindows())
            return;

        var folder = OpenFolder(NativePath(Path.GetDirectoryName(path)!), 0);
        if (folder < 0)
            throw new IOException($"The folder of '{path}' cannot be opened to be made durable.");

        var failed = Sync(folder) != 0;
        _ = CloseFolder(folder);
        if (failed)
            throw new IOException($"The folder of '{path}' cannot be made durable.");
    }

    [DllImport("libc", EntryPoint = "link")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Link(byte[] existing, byte[] name);

    [DllImport("libc", EntryPoint = "open")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int OpenFolder(byte[] path, int flags);

    [DllImport("libc", EntryPoint = "fsync")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Sync(int descriptor);

    [DllImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int CloseFolder(int descriptor);

    private static byte[] NativePath(string path) => Encoding.UTF8.GetBytes(path + "\0");

    private static void CreateFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);
    }
}
