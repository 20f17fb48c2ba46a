using System.Text;
using System.Text.Json;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Contract.Tests.Webhooks;

/// <summary>Keeps the table of schemes in <c>docs/webhooks-inbound.md</c>.</summary>
public sealed class SchemeTableTests
{
    private const string Begin = "<!-- schemes -->\n";
    private const string End = "<!-- /schemes -->";

    private static string Page => Repository.At("docs", "webhooks-inbound.md");

    [Fact]
    public void Page_HasTheTableOfTheProvenSchemes()
    {
        var page = File.ReadAllText(Page).ReplaceLineEndings("\n");
        var (from, to) = (page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, page.IndexOf(End, StringComparison.Ordinal));
        var expected = page[..from] + Table() + page[to..];
        if (Environment.GetEnvironmentVariable("HUB_UPDATE_DOCS") == "1")
            File.WriteAllText(Page, expected);
        else
            Assert.True(page == expected, "The table in docs/webhooks-inbound.md is not what schemes.json says. Run the tests with HUB_UPDATE_DOCS=1, look at the change, and commit it.");
    }

    [Fact]
    public void Rows_SayWhoProvesThem()
    {
        using var keys = new SchemeKeys();
        foreach (var row in SchemeRow.Read(keys, TimeProvider.System.GetUtcNow()))
            Assert.Single(new[] { row.Library, row.Example, row.Signer }, proof => proof is not null);

        Assert.Equal(SchemeRow.Names.Count, SchemeRow.Names.Distinct().Count());
    }

    private static string Table()
    {
        using var packages = JsonDocument.Parse(File.ReadAllText(Repository.At("tests", "Contract.Tests", "node", "package.json")));
        using var keys = new SchemeKeys();
        var rows = SchemeRow.Read(keys, TimeProvider.System.GetUtcNow());
        var table = new StringBuilder();
        table.Append(System.Globalization.CultureInfo.InvariantCulture, $"{rows.Count(row => row.Library is not null)} by a vendor's library, {rows.Count(row => row.Example is not null)} by a published example, {rows.Count(row => row.Signer is not null)} by an independent signer.\n\n");
        table.Append("| scheme | used by | says it | proven by |\n|---|---|---|---|\n");
        foreach (var row in rows)
        {
            var proof = row.Library is { } library ? $"npm `{library}` {packages.RootElement.GetProperty("dependencies").GetProperty(library).GetString()}"
                : row.Example is { } example ? $"[published example]({example})"
                : $"independent signer, after [this]({row.Signer!.Split(' ')[0]})";
            table.Append(System.Globalization.CultureInfo.InvariantCulture, $"| {row.Name} | {row.Users} | `{row.Scheme.Scheme.ToString().ToLowerInvariant()}`{(row.Scheme.Certificate is null ? "" : " with `certificate`")} | {proof} |\n");
        }

        return table.ToString();
    }
}
