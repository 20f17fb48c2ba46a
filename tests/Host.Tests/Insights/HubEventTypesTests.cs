using System.Text;
using System.Text.RegularExpressions;
using IntegrationHub.Host.Connections.Health;
using IntegrationHub.Host.Health;
using IntegrationHub.Host.Insights;
using IntegrationHub.Host.Operations.Jobs;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Host.Tests.Insights;

public sealed partial class HubEventTypesTests
{
    /// <summary>Every place of the code that tells something is in the catalogue: literally, or by its fixed part when the rest is put together.</summary>
    [Fact]
    public void Catalogue_HasEverythingThatTheCodeTells()
    {
        var wrong = new List<string>();
        var seen = 0;
        foreach (var file in Directory.EnumerateFiles(Repository.At("host"), "*.cs", SearchOption.AllDirectories).Where(file => !Built().IsMatch(file)))
        {
            var source = File.ReadAllText(file);
            if (!source.Contains("new HubNotice", StringComparison.Ordinal))
                continue;

            var types = TypeOf().Matches(source).Select(match => match.Groups["text"].Value).Concat(Told().Matches(source).Select(match => match.Groups["text"].Value)).ToList();
            if (types.Count == 0)
                wrong.Add($"{file}: write the type of the notice as a text, so that this test can read it.");
            foreach (var type in types)
            {
                seen++;
                var known = type.EndsWith('.') ? HubEventTypes.All.Any(one => one.Type.StartsWith(HubEventTypes.Prefix + type, StringComparison.Ordinal)) : HubEventTypes.Find(HubEventTypes.Prefix + type) is not null;
                if (!known)
                    wrong.Add($"{file}: hub.{type} is not in {nameof(HubEventTypes)}.");
            }
        }

        Assert.Empty(wrong);
        Assert.InRange(seen, 7, int.MaxValue);
    }

    [Fact]
    public void Catalogue_HasEveryStateThatIsTold()
    {
        foreach (var state in Enum.GetValues<ConnectionHealthState>().Where(state => state != ConnectionHealthState.Unknown))
            Assert.NotNull(HubEventTypes.Find("hub.connection." + HealthWords.Of(state)));
        foreach (var state in new[] { JobState.Succeeded, JobState.Dead, JobState.Unknown })
            Assert.NotNull(HubEventTypes.Find($"hub.job.{state.ToString().ToLowerInvariant()}"));
    }

    [Fact]
    public void Catalogue_IsInOrderAndWhole()
    {
        Assert.Equal(HubEventTypes.All.Select(type => type.Type).Order(StringComparer.Ordinal), HubEventTypes.All.Select(type => type.Type));
        Assert.All(HubEventTypes.All, type =>
        {
            Assert.StartsWith(HubEventTypes.Prefix, type.Type, StringComparison.Ordinal);
            Assert.NotEmpty(type.Data);
            Assert.Equal(type.Data.Count, type.Data.Select(member => member.Name).Distinct().Count());
            Assert.All(type.Data, member => Assert.Matches("^(string|number|boolean)\\??$", member.Type));
        });
    }

    [Fact]
    public void Page_IsWhatTheCatalogueSays()
    {
        var page = Repository.At("docs", "operational-events.md");
        var current = Write();
        if (Environment.GetEnvironmentVariable("HUB_UPDATE_DOCS") == "1")
            File.WriteAllText(page, current);

        Assert.True(
            File.Exists(page) && File.ReadAllText(page).ReplaceLineEndings("\n") == current,
            "docs/operational-events.md is not what the catalogue says. Run the tests with HUB_UPDATE_DOCS=1, look at the change, and commit it.");
    }

    private static string Write()
    {
        var text = new StringBuilder("""
            # Operational events

            What the hub tells of itself, as events like any others: subscribe to `hub.**`, or to the one you need. Made from the catalogue in the code; a test keeps it so, and
            `GET /api/events/types` answers the same. Each belongs to the project of what it is about, and its `subject` is the id of that. `hub.delivery.exhausted` is told at least once, however late;
            the others are dropped, and logged, while the storage takes nothing. Nothing is told of failing deliveries of `hub.*` events themselves, so that a failing subscription to them comes to an end. `?` marks what can be null.

            """.ReplaceLineEndings("\n"));
        foreach (var type in HubEventTypes.All)
        {
            text.Append($"\n## `{type.Type}`\n\n{type.When} Subject: the {type.Subject}.\n\n| `data` | | |\n|---|---|---|\n");
            foreach (var member in type.Data)
                text.Append($"| `{member.Name}` | {member.Type} | {member.Description} |\n");
        }

        return text.ToString();
    }

    [GeneratedRegex("""[\\/](obj|bin)[\\/]""")]
    private static partial Regex Built();

    [GeneratedRegex("""\bType = \$?"(?<text>[a-z_.]+)(?:\{[^"]*)?" """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex TypeOf();

    // Helpers that take the type as an argument.
    [GeneratedRegex("""\bTellAsync\([^;]*?"(?<text>[a-z_]+(?:\.[a-z_]+)+)" """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Told();
}
