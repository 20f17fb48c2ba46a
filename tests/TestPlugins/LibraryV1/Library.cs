namespace ExampleLibrary;

/// <summary>Version 1 of a library whose versions are not compatible with each other.</summary>
public static class Library
{
    public static string Version => "one";
}
