using ExampleLibrary;

namespace Replaceable;

/// <summary>Asks version 2 of the library.</summary>
internal static class LibraryVersion
{
    public static string Text => Library.VersionOf(2);
}
