using System.Text.RegularExpressions;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Host.Tests.Architecture;

/// <summary>Nothing that a test needs may be missing where CI runs: a skipped test is one that nobody sees fail.</summary>
public sealed partial class RequirementTests
{
    private static IEnumerable<(string File, string Text)> Tests =>
        from file in Directory.EnumerateFiles(Repository.At("tests"), "*.cs", SearchOption.AllDirectories)
        let path = Path.GetRelativePath(Repository.Root, file)
        where !path.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj")
        select (path, File.ReadAllText(file));

    [Fact]
    public void EveryProgramThatTestsRequire_IsInstalledByCi()
    {
        var installed = Needed().Matches(File.ReadAllText(Repository.At(".ci", "run"))).Select(match => match.Groups[1].Value).ToHashSet();

        // The script itself runs in it.
        installed.Add("bash");
        var required = Tests.SelectMany(test => Required().Matches(test.Text)).Select(match => match.Groups[1].Value).Distinct().ToList();
        Assert.Contains("node", required);
        Assert.Empty(required.Where(program => !installed.Contains(program)).Select(program => $".ci/run has no 'need {program}'."));
    }

    /// <summary>An operating system cannot be installed; all else is asked for through <see cref="Require"/>, which fails instead where everything is required.</summary>
    [Fact]
    public void NoTest_SkipsByItselfButForItsOperatingSystem()
    {
        var skips =
            from test in Tests
            where test.File != Path.Combine("tests", "Support", "Require.cs")
            from Match skip in Skipped().Matches(test.Text)
            where !skip.Groups[1].Value.StartsWith("OperatingSystem.Is", StringComparison.Ordinal)
            select $"{test.File}: {skip.Value}";
        Assert.Empty(skips);
    }

    [GeneratedRegex(@"^need (\S+) \S+$", RegexOptions.Multiline)]
    private static partial Regex Needed();

    [GeneratedRegex(@"Require\.Program\(""([^""]+)""\)")]
    private static partial Regex Required();

    [GeneratedRegex(@"\bSkip\.If(?:Not)?\(([^,]+),")]
    private static partial Regex Skipped();
}
