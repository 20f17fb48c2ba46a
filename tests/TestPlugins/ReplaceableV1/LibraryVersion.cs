using ExampleLibrary;

namespace Replaceable;

/// <summary>Asks version 1 of the library.</summary>
internal static class LibraryVersion
{
    public static string Text => Library.Version;
}
