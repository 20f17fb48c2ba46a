using System.Text.RegularExpressions;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Host.Tests.Architecture;

/// <summary>Keeps the arrows of docs/architecture.md: features → catalog and plugins → plugin-abstractions; storage engines are named in the composition root only.</summary>
public sealed partial class DependencyTests
{
    private const string Root = "IntegrationHub.Host";

    /// <summary>By feature folder: the feature folders it may use.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Http"] = [],
        ["Access"] = ["Http", "Secrets"],
        ["Secrets"] = ["Http"],
        ["Encryption"] = ["Http", "Access", "Secrets"],
        ["Egress"] = ["Http", "Insights"],
        ["Catalog"] = ["Http", "Access"],
        ["Plugins"] = ["Http", "Access", "Catalog", "Egress", "Insights"],
        ["Connections"] = ["Http", "Access", "Catalog", "Plugins", "Secrets", "Insights", "Egress"],
        ["Insights"] = ["Http"],
        ["Operations"] = ["Http", "Access", "Catalog", "Connections", "Insights", "Secrets"],
        ["Health"] = ["Http", "Access", "Catalog", "Connections", "Insights", "Operations"],
        ["Capabilities"] = ["Http", "Access", "Catalog", "Connections", "Insights", "Operations"],
        ["Events"] = ["Http", "Access", "Secrets", "Egress", "Insights"],
        ["Targets"] = ["Http", "Access", "Capabilities", "Catalog", "Connections", "Egress", "Events", "Insights", "Operations", "Secrets"],
        ["Webhooks"] = ["Http", "Access", "Catalog", "Connections", "Events", "Insights", "Secrets"],
        ["Privacy"] = ["Http", "Access", "Events", "Insights", "Operations", "Secrets"],
        ["Simulators"] = ["Http", "Access", "Catalog", "Connections"],
        ["Storage"] = ["Http", "Access", "Connections", "Events", "Health", "Insights", "Operations", "Plugins", "Privacy", "Secrets"],
        ["Cli"] = ["Http", "Plugins"],
        ["Hosting"] = ["Http", "Access", "Events", "Health", "Operations", "Plugins", "Secrets", "Storage", "Insights"],
    };

    public static TheoryData<string> Folders => [.. Directory.GetDirectories(Repository.At("host")).Select(Path.GetFileName).OfType<string>().Where(name => name is not ("bin" or "obj" or "Properties"))];

    [Theory]
    [MemberData(nameof(Folders))]
    public void Feature_UsesOnlyWhatItsArrowsAllow(string folder)
    {
        Assert.True(Allowed.ContainsKey(folder), $"host/{folder} has no arrows yet: say in {nameof(DependencyTests)} what it may use.");

        var wrong =
            from file in Sources("host", folder)
            from used in Used(File.ReadAllText(file))
            where used != folder && !Allowed[folder].Contains(used)
            select $"{Path.GetRelativePath(Repository.Root, file)} uses {used}";
        Assert.Empty(wrong.Distinct());
    }

    [Fact]
    public void PluginAbstractions_KnowNothingOfTheHost()
    {
        var wrong = Sources("plugin-abstractions").Where(file => File.ReadAllText(file).Contains(Root, StringComparison.Ordinal));
        Assert.Empty(wrong);
    }

    [Fact]
    public void StorageEngine_IsNamedInTheCompositionRootOnly()
    {
        var wrong =
            from file in Sources("host")
            where !file.StartsWith(Repository.At("host", "Storage", "Sqlite"), StringComparison.Ordinal) && Path.GetFileName(file) != "HubApp.cs"
            where EngineName().IsMatch(File.ReadAllText(file))
            select file;
        Assert.Empty(wrong);
    }

    [Fact]
    public void Sql_IsWrittenInTheStorageEngineOnly()
    {
        var wrong =
            from file in Sources("host")
            where !file.StartsWith(Repository.At("host", "Storage"), StringComparison.Ordinal)
            where Statement().IsMatch(File.ReadAllText(file))
            select file;
        Assert.Empty(wrong);
    }

    private static IEnumerable<string> Sources(params string[] folder) =>
        Directory.EnumerateFiles(Repository.At(folder), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
                && !file.Contains($"{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}", StringComparison.Ordinal));

    private static IEnumerable<string> Used(string source) => Feature().Matches(source).Select(match => match.Groups[1].Value).Distinct();

    [GeneratedRegex(@"\bIntegrationHub\.Host\.([A-Z]\w+)")]
    private static partial Regex Feature();

    [GeneratedRegex(@"Sqlite", RegexOptions.IgnoreCase)]
    private static partial Regex EngineName();

    [GeneratedRegex(@"""\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE TABLE|PRAGMA)\s")]
    private static partial Regex Statement();
}
