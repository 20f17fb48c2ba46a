using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace IntegrationHub.Loading;

/// <summary>
/// Reads files that belong to somebody else, without a lock of any kind: whoever replaces a plugin, or builds one in place, must never find that the hub is in the way.
/// </summary>
/// <remarks>
/// On Windows sharing says that. On Unix .NET locks each file that it opens for reading (<c>flock</c>, shared), whatever it is told to share, and refuses others of its kind to
/// write to it meanwhile: builds and <see cref="File.Copy(string, string, bool)"/> among them. So there the file is opened without .NET.
/// </remarks>
internal static class SharedFile
{
    private const int ReadOnly = 0;

    // O_CLOEXEC, by system (fcntl.h); for all processors that .NET runs on.
    private const int CloseOnExecuteLinux = 0x80000;
    private const int CloseOnExecuteMac = 0x1000000;

    /// <exception cref="IOException">It is not there, or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static FileStream OpenRead(string path)
    {
        // What does not work is tried once more: .NET knows how to say why.
        if ((OperatingSystem.IsLinux() || OperatingSystem.IsMacOS())
            && Open(Encoding.UTF8.GetBytes(path + '\0'), ReadOnly | (OperatingSystem.IsLinux() ? CloseOnExecuteLinux : CloseOnExecuteMac)) is >= 0 and var descriptor)
            return new FileStream(new SafeFileHandle(descriptor, ownsHandle: true), FileAccess.Read);

        return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
    }

    /// <exception cref="IOException">It is not there, or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static byte[] ReadAllBytes(string path)
    {
        using var file = OpenRead(path);
        using var bytes = new MemoryStream();
        file.CopyTo(bytes);
        return bytes.ToArray();
    }

    /// <summary>Copies it to a file that is not there yet, with its permissions.</summary>
    /// <exception cref="IOException">One of them cannot be opened, read or written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read or written.</exception>
    public static void Copy(string path, string target)
    {
        using var from = OpenRead(path);
        using var to = new FileStream(target, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        from.CopyTo(to);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(to.SafeFileHandle, File.GetUnixFileMode(from.SafeFileHandle) | UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [DllImport("libc", EntryPoint = "open")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open(byte[] path, int flags);
}
