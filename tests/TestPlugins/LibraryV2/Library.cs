namespace ExampleLibrary;

/// <summary>Version 2 of a library whose versions are not compatible with each other.</summary>
public static class Library
{
    public static string VersionOf(int major) => major == 2 ? "two" : "unknown";
}
