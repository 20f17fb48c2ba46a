using Xunit;

namespace IntegrationHub.Tests.Support;

/// <summary>Skips a test where something is missing, and says what; fails it instead when <c>HUB_REQUIRE_ALL=1</c>, as in CI.</summary>
public static class Require
{
    private static bool All => Environment.GetEnvironmentVariable("HUB_REQUIRE_ALL") == "1";

    public static void That(bool present, string missing)
    {
        if (All && !present)
            throw new InvalidOperationException("Everything is required here, but: " + missing);

        Skip.IfNot(present, missing);
    }

    /// <summary>A program on the PATH.</summary>
    public static void Program(string name) =>
        That(
            (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, name)) || File.Exists(Path.Combine(folder, name + ".exe"))),
            $"'{name}' is not on the PATH.");

    /// <summary>A file or folder of the shared contracts.</summary>
    public static string Shared(params string[] parts)
    {
        var path = Path.Combine([Repository.Shared, .. parts]);
        That(Path.Exists(path), $"The shared contracts lack {string.Join('/', parts)}; set HUB_SHARED to their folder.");
        return path;
    }
}
