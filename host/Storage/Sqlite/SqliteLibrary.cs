using System.Reflection;
using System.Runtime.InteropServices;
using SQLitePCL;

namespace IntegrationHub.Host.Storage.Sqlite;

/// <summary>Chooses the native SQLite: the system's when it is newer than the bundled one and safe to use from several threads, else the bundled one.</summary>
internal static class SqliteLibrary
{
    private const string BundledName = "e_sqlite3";

    private static readonly string[] SystemNames = OperatingSystem.IsMacOS() ? ["libsqlite3.dylib"] : OperatingSystem.IsWindows() ? [] : ["libsqlite3.so.0"];

    private static readonly Lazy<string> Loaded = new(Load);

    /// <summary>Loads the library once a process and returns its version.</summary>
    public static string EnsureLoaded() => Loaded.Value;

    private static string Load()
    {
        NativeLibrary.SetDllImportResolver(typeof(SQLite3Provider_e_sqlite3).Assembly, Resolve);
        Batteries_V2.Init();
        return raw.sqlite3_libversion().utf8_to_string();
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath)
    {
        if (name != BundledName)
            return 0;

        var hasBundled = NativeLibrary.TryLoad(BundledName, assembly, searchPath, out var bundled);
        var bundledVersion = hasBundled ? VersionOf(bundled) : 0;
        foreach (var systemName in SystemNames)
        {
            if (!NativeLibrary.TryLoad(systemName, out var system))
                continue;

            if (VersionOf(system) > bundledVersion && IsThreadSafe(system))
                return system;

            NativeLibrary.Free(system);
        }

        return bundled;
    }

    private static int VersionOf(nint library) => Call(library, "sqlite3_libversion_number");

    private static bool IsThreadSafe(nint library) => Call(library, "sqlite3_threadsafe") != 0;

    private static int Call(nint library, string function) =>
        NativeLibrary.TryGetExport(library, function, out var address) ? Marshal.GetDelegateForFunctionPointer<NoArguments>(address)() : 0;

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int NoArguments();
}
