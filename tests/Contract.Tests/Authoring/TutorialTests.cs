using System.Text;
using System.Text.RegularExpressions;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Contract.Tests.Authoring;

/// <summary>The tutorial's commands, typed as they are written, and what it says they show.</summary>
[Collection(AuthoringCollection.Name)]
public sealed partial class TutorialTests(AuthorWorkspace workspace)
{
    private const string Mark = "#### block ";

    [SkippableFact]
    public async Task Tutorial_TypedAsWritten_ShowsWhatItSays()
    {
        AuthorWorkspace.RequireSdk();
        Require.Program("bash");
        Require.Program("curl");

        // The author's own folder and the port are what a test cannot leave as they stand.
        var home = workspace.NewFolder("tutorial");
        var page = (await File.ReadAllTextAsync(Repository.At("docs", "plugins", "tutorial.md"))).ReplaceLineEndings("\n")
            .Replace("~/", home + "/", StringComparison.Ordinal)
            .Replace("$HOME/", home + "/", StringComparison.Ordinal)
            .Replace("hub --data data", $"hub --data data --urls http://127.0.0.1:{HubProcess.FreePort()}", StringComparison.Ordinal);
        var address = ServerAddress().Match(page).Value;
        page = page.Replace("http://127.0.0.1:5080", address, StringComparison.Ordinal);
        var blocks = Block().Matches(page).Select(match => (Language: match.Groups[1].Value, Text: match.Groups[2].Value)).ToList();

        var script = new StringBuilder("trap '[ -z \"${SERVER:-}\" ] || kill $SERVER 2>/dev/null || true' EXIT\n");
        for (var i = 0; i < blocks.Count; i++)
            if (blocks[i].Language == "bash")
            {
                // On a line of its own, also when what was shown last does not end in one.
                script.Append(System.Globalization.CultureInfo.InvariantCulture, $"printf '\\n{Mark}{i}\\n'\n{blocks[i].Text}\n");

                // The hub comes from the checkout, as it was built for the tests. From there on it is the author's machine, with a cache that has no earlier build of the hub's packages.
                if (i == 0)
                {
                    script.Append("unset ").AppendJoin(' ', AuthorWorkspace.AsBuilt.Keys).Append('\n');
                    foreach (var (name, value) in workspace.Variables)
                        script.Append(System.Globalization.CultureInfo.InvariantCulture, $"export {name}='{value}'\n");
                }
            }

        var (code, output) = await AuthorWorkspace.RunAsync(
            "bash", ["-eu", "-o", "pipefail", "-c", "exec 2>&1\n" + script], Repository.Root,
            new Dictionary<string, string>(AuthorWorkspace.AsBuilt) { ["HUB_URL"] = address });

        Assert.True(code == 0, output);
        var shown = Regex.Split(output, $"^{Mark}([0-9]+)\n", RegexOptions.Multiline).Skip(1).Chunk(2).ToDictionary(pair => int.Parse(pair[0], System.Globalization.CultureInfo.InvariantCulture), pair => pair[1]);
        Assert.Equal(blocks.Count(block => block.Language == "bash"), shown.Count);
        for (var i = 0; i < blocks.Count; i++)
            if (blocks[i].Language == "text")
                AssertShown(blocks[i].Text, shown[blocks.FindLastIndex(i, block => block.Language == "bash")]);
    }

    /// <summary>The lines come in their order, others between them; an ellipsis stands for anything within a line.</summary>
    private static void AssertShown(string expected, string shown)
    {
        var lines = new Queue<string>(shown.Split('\n'));
        foreach (var line in expected.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var pattern = new Regex("^" + string.Join(".*", line.Split('…').Select(Regex.Escape)), RegexOptions.CultureInvariant);
            while (lines.TryPeek(out var next) && !pattern.IsMatch(next))
                lines.Dequeue();

            Assert.True(lines.TryDequeue(out _), $"The tutorial says \"{line}\", but shown was:\n{shown}");
        }
    }

    [GeneratedRegex("^```(bash|text)\n(.*?)^```$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Block();

    [GeneratedRegex(@"http://127\.0\.0\.1:(?!5080)[0-9]+")]
    private static partial Regex ServerAddress();
}
