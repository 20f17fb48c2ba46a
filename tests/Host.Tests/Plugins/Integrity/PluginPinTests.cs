using System.Text;
using IntegrationHub.Host.Plugins;
using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Loading;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Tests.Plugins.Integrity;

public sealed class PluginPinTests : IDisposable
{
    private const string Digest = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    private readonly string root = Directory.CreateTempSubdirectory("hub-pins-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Theory]
    [InlineData("\"00\"")]
    [InlineData("\"\"")]
    [InlineData("null")]
    [InlineData("42")]
    [InlineData("\"g123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"")]
    [InlineData("\"sha256:456789abcdef0123456789abcdef0123456789abcdef0123456789abcde\"")]
    [InlineData("\" 123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"")]
    [InlineData("\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0\"")]
    public void Parse_BadPin_SaysSoAndKeepsThePluginOff(string pin)
    {
        var list = Parse($$"""{ "plugins": [{ "path": "x", "sha256": {{pin}} }] }""");

        Assert.False(Assert.Single(list.Entries).Enabled);
        var error = Assert.Single(list.Errors);
        Assert.Equal("/plugins/0/sha256", error.Pointer);
        Assert.Contains("64 hexadecimal digits", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_PinInCapitals_IsTakenInLowerCase()
    {
        var list = Parse($$"""{ "plugins": [{ "path": "x", "sha256": "{{Digest.ToUpperInvariant()}}" }] }""");

        Assert.Empty(list.Errors);
        Assert.Equal(Digest, Assert.Single(list.Entries).Sha256);
    }

    [Theory]
    [InlineData("plugins/*")]
    [InlineData("plugins/stripe?")]
    public void Parse_PinOnAPattern_IsAnErrorAndLoadsNothing(string pattern)
    {
        var list = Parse($$"""{ "plugins": [{ "path": "{{pattern}}", "sha256": "{{Digest}}" }] }""");

        Assert.False(Assert.Single(list.Entries).Enabled);
        var error = Assert.Single(list.Errors);
        Assert.Equal("/plugins/0/sha256", error.Pointer);
        Assert.Contains("one plugin", error.Message, StringComparison.Ordinal);
    }

    // The order of entries must not decide whether a plugin is checked.
    [Theory]
    [InlineData("""["*", { "path": "one", "sha256": "PIN" }]""")]
    [InlineData("""[{ "path": "one", "sha256": "PIN" }, "*"]""")]
    [InlineData("""[{ "path": "one", "sha256": "PIN" }, "one"]""")]
    public void Find_PinAndPattern_PinStays(string plugins)
    {
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(root, "one")).FullName, "manifest.json"), "{}");

        var list = PluginList.Parse(Path.Combine(root, "plugins.json"), Encoding.UTF8.GetBytes($$"""{ "plugins": {{plugins.Replace("PIN", Digest, StringComparison.Ordinal)}} }"""));

        var source = Assert.Single(PluginDiscovery.Find(list).Sources);
        Assert.Equal(Digest, source.Sha256);
        Assert.True(source.Enabled);
    }

    [Fact]
    public async Task Check_DigestMatches_IsNeitherRefusedNorAudited()
    {
        var audit = new RecordingAuditTrail();

        Assert.Null(await Pins(audit).CheckAsync("one", Source(Digest), Digest, default));
        Assert.Empty(audit.Entries);
    }

    [Fact]
    public async Task Check_DigestDiffers_IsRefusedWithBothDigestsAndAudited()
    {
        var audit = new RecordingAuditTrail();
        var found = Digest.Replace('0', '1');

        var refusal = await Pins(audit).CheckAsync("one", Source(Digest), found, default);

        Assert.NotNull(refusal);
        Assert.Contains(Digest, refusal.Message, StringComparison.Ordinal);
        Assert.Contains(found, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("restore", refusal.Hint, StringComparison.Ordinal);
        var entry = Assert.Single(audit.Entries);
        Assert.Equal(("plugin.refused", "system", "one"), (entry.Action, entry.Actor, entry.Target));
        Assert.Equal(Digest, entry.Details.GetProperty("expected").GetString());
        Assert.Equal(found, entry.Details.GetProperty("found").GetString());
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public async Task Check_NotPinned_IsRefusedOnlyWhenPinsAreRequired(bool required, bool refused)
    {
        var audit = new RecordingAuditTrail();

        var refusal = await Pins(audit, required).CheckAsync("one", Source(null), Digest, default);

        Assert.Equal(refused, refusal is not null);
        Assert.Equal(refused ? 1 : 0, audit.Entries.Count);
        if (refusal is not null)
            Assert.Contains(Digest, refusal.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_AuditFails_IsStillRefused()
    {
        Assert.NotNull(await Pins(new RecordingAuditTrail { Broken = true }).CheckAsync("one", Source(Digest), "other", default));
    }

    [Theory]
    [InlineData("changed")]
    [InlineData("added")]
    [InlineData("removed")]
    [InlineData("renamed")]
    public void Digest_FileChangedAddedRemovedOrRenamed_IsAnother(string how)
    {
        File.WriteAllText(Path.Combine(root, "manifest.json"), "{}");
        File.WriteAllText(Path.Combine(root, "a.dll"), "a");
        var before = PluginDigest.Compute(root);
        switch (how)
        {
            case "changed": File.WriteAllText(Path.Combine(root, "a.dll"), "b"); break;
            case "added": File.WriteAllText(Path.Combine(root, "b.dll"), "a"); break;
            case "removed": File.Delete(Path.Combine(root, "a.dll")); break;
            default: File.Move(Path.Combine(root, "a.dll"), Path.Combine(root, "b.dll")); break;
        }

        Assert.NotNull(PluginPins.Compare(Source(before), PluginDigest.Compute(root), requirePins: false));
    }

    [Fact]
    public void Digest_SymbolsAndTimesChange_IsTheSame()
    {
        File.WriteAllText(Path.Combine(root, "manifest.json"), "{}");
        var before = PluginDigest.Compute(root);
        File.WriteAllText(Path.Combine(root, "a.pdb"), "x");
        File.SetLastWriteTimeUtc(Path.Combine(root, "manifest.json"), new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc));

        Assert.Null(PluginPins.Compare(Source(before), PluginDigest.Compute(root), requirePins: true));
    }

    private static PluginList Parse(string json) => PluginList.Parse("/x/plugins.json", Encoding.UTF8.GetBytes(json));

    private PluginSource Source(string? pin) => new(root, Enabled: true, pin);

    private static PluginPins Pins(RecordingAuditTrail audit, bool required = false) =>
        new(audit, TimeProvider.System, Options.Create(new PluginOptions { RequirePins = required }), NullLogger<PluginPins>.Instance);
}
