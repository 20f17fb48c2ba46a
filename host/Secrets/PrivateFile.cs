using System.Runtime.InteropServices;

namespace IntegrationHub.Host.Secrets;

/// <summary>Small files that only the hub's own user may read.</summary>
internal static class PrivateFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute |
        UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private const int MaxLength = 4096;

    /// <summary>Reads the file; makes it with the given content when there is none.</summary>
    /// <exception cref="MasterKeyException">Others may read it, or it cannot be read or made.</exception>
    public static (string Content, bool Created) ReadOrCreate(string path, Func<string> newContent)
    {
        try
        {
            if (!File.Exists(path))
            {
                CreateFolder(Path.GetDirectoryName(path)!);
                var content = newContent();
                if (TryCreate(path, content))
                    return (content, true);
            }

            return (Read(path), false);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new MasterKeyException($"The file '{path}' cannot be read or made: {fault.Message} The hub's user needs read and write access to it.", fault);
        }
    }

    private static string Read(string path)
    {
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Others) != 0)
            throw new MasterKeyException($"The file '{path}' can be read or changed by other users. Run: chmod 600 '{path}'. If others may have read it, replace the key.");

        if (new FileInfo(path).Length > MaxLength)
            throw new MasterKeyException($"The file '{path}' is too long to hold a key.");

        return File.ReadAllText(path).Trim();
    }

    // The content is complete and durable before the name exists, so that neither a crash nor a second hub sees half a key.
    private static bool TryCreate(string path, string content)
    {
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerOnly;

        try
        {
            using (var stream = new FileStream(temporary, options))
            {
                stream.Write(System.Text.Encoding.ASCII.GetBytes(content + "\n"));
                stream.Flush(flushToDisk: true);
            }

            return TryName(temporary, path);
        }
        finally
        {
            File.Delete(temporary);
        }
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

    [DllImport("libc", EntryPoint = "link")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Link(byte[] existing, byte[] name);

    private static byte[] NativePath(string path) => System.Text.Encoding.UTF8.GetBytes(path + "\0");

    private static void CreateFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);
    }
}
