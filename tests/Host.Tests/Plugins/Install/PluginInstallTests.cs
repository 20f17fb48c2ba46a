using System.Net.Http.Headers;
using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Loading;

namespace IntegrationHub.Host.Tests.Plugins.Install;

public sealed class PluginInstallTests : IAsyncLifetime
{
    private InstallHub hub = null!;

    public async Task InitializeAsync() => hub = await InstallHub.StartAsync("--Hub:Plugins:MaxPackageBytes", "200000");

    [Fact]
    public async Task Install_NewPlugin_ServesAtOnceAndAfterARestart()
    {
        var answer = await hub.InstallAsync(InstallHub.Package("acme"));

        Assert.Equal(201, answer.Status);
        Assert.Equal("/api/plugins/acme", answer.Headers.Location!.ToString());
        Assert.Equal("installed", answer["outcome"]);
        Assert.Equal("loaded", answer.Json.GetProperty("plugin").GetProperty("state").GetString());
        Assert.Equal(200, (await hub.SendAsync("GET", "/api/providers/acme")).Status);
        Assert.Equal(PluginDigest.Compute(Path.Combine(hub.Installed, "acme")), answer["sha256"]);
        Assert.Equal(["icon.svg", "manifest.json"], Files("acme"));
        Assert.Empty(Staged());

        await hub.RestartAsync();

        Assert.Equal(200, (await hub.SendAsync("GET", "/api/providers/acme")).Status);
        Assert.Equal(200, (await hub.SendAsync("GET", "/api/providers/operators")).Status);
    }

    [Fact]
    public async Task Install_NewPlugin_IsAuditedWithItsDigest()
    {
        var answer = await hub.InstallAsync(InstallHub.Package("acme"));

        var audit = (await hub.SendAsync("GET", "/api/audit?action=plugin.installed")).Json.GetProperty("items")[0];
        Assert.Equal("acme", audit.GetProperty("target").GetString());
        Assert.Equal(answer["sha256"], audit.GetProperty("details").GetProperty("sha256").GetString());
    }

    [Fact]
    public async Task Install_AsAForm_IsTheSame()
    {
        using var form = new MultipartFormDataContent { { new StringContent("ignored"), "note" }, { new StreamContent(InstallHub.Package("acme")), "file", "acme.zip" } };

        Assert.Equal(201, (await hub.PostAsync(form)).Status);
        Assert.Equal(["icon.svg", "manifest.json"], Files("acme"));
    }

    [Fact]
    public async Task InstallAndRemove_NotAllowed_AreRefusedEvenForAdmins()
    {
        await using var closed = await InstallHub.StartAsync("--Hub:Plugins:AllowInstall", "false");

        var install = await closed.InstallAsync(InstallHub.Package("acme"));

        Assert.Equal((403, "forbidden"), (install.Status, install["code"]));
        Assert.Contains("AllowInstall", install["detail"], StringComparison.Ordinal);
        Assert.Equal(403, (await closed.SendAsync("DELETE", "/api/plugins/operators")).Status);
        Assert.Equal(404, (await closed.SendAsync("GET", "/api/providers/acme")).Status);
        Assert.False(Directory.Exists(closed.Installed) && Directory.EnumerateFileSystemEntries(closed.Installed).Any());
    }

    [Fact]
    public async Task Install_CodePlugin_RunsItsCode()
    {
        Assert.Equal(201, (await hub.InstallAsync(InstallHub.CodePackage("WellBehaved", "coded", "1.0.0"))).Status);

        var plugin = await hub.SendAsync("GET", "/api/plugins/coded");
        Assert.Equal("code", plugin["kind"]);
        Assert.Equal("loaded", plugin["state"]);
    }

    [Fact]
    public async Task Install_NewerVersion_ReplacesTheOlder()
    {
        await hub.InstallAsync(InstallHub.Package("acme", "1.9.0"));

        var answer = await hub.InstallAsync(InstallHub.Package("acme", "1.10.0"));

        Assert.Equal(200, answer.Status);
        Assert.Equal("updated", answer["outcome"]);
        Assert.Equal("1.9.0", answer["formerVersion"]);
        Assert.Equal("1.10.0", (await hub.SendAsync("GET", "/api/plugins/acme"))["version"]);
        Assert.Empty(Staged());
    }

    [Fact]
    public async Task Install_OlderVersion_NeedsForce()
    {
        await hub.InstallAsync(InstallHub.Package("acme", "2.0.0"));

        var refused = await hub.InstallAsync(InstallHub.Package("acme", "2.0.0-rc.1"));
        Assert.Equal(409, refused.Status);
        Assert.Contains("the older 2.0.0-rc.1", refused["detail"], StringComparison.Ordinal);
        Assert.Equal("2.0.0", (await hub.SendAsync("GET", "/api/plugins/acme"))["version"]);

        Assert.Equal(200, (await hub.InstallAsync(InstallHub.Package("acme", "2.0.0-rc.1"), "?force=true")).Status);
        Assert.Equal("2.0.0-rc.1", (await hub.SendAsync("GET", "/api/plugins/acme"))["version"]);
    }

    [Fact]
    public async Task Install_TheSameFilesAgain_ChangesNothing()
    {
        await hub.InstallAsync(InstallHub.Package("acme"));
        var before = await hub.SendAsync("GET", "/api/plugins/acme");

        var answer = await hub.InstallAsync(InstallHub.Package("acme"));

        Assert.Equal("unchanged", answer["outcome"]);
        Assert.Equal(before["loadedAt"], (await hub.SendAsync("GET", "/api/plugins/acme"))["loadedAt"]);
    }

    [Fact]
    public async Task Install_FaultyManifest_IsRefusedWithEveryFinding()
    {
        var answer = await hub.InstallAsync(RawZip.Plugin("""{ "manifestVersion": 1, "id": "acme", "version": "one", "category": "nothing", "colour": "red" }""").Build());

        Assert.Equal(400, answer.Status);
        Assert.Equal("invalid_plugin", answer["code"]);
        Assert.Superset(new HashSet<string> { "/name", "/version", "/category", "/colour" }, answer.Pointers.ToHashSet());
        Assert.False(Directory.Exists(Path.Combine(hub.Installed, "acme")));
        Assert.Empty(Staged());
    }

    [Theory]
    [InlineData("../../escaped.txt")]
    [InlineData("..\\escaped.txt")]
    [InlineData("/tmp/escaped.txt")]
    public async Task Install_PackageThatReachesOut_IsRefusedAndLeavesNothing(string name)
    {
        var answer = await hub.InstallAsync(RawZip.Plugin(InstallHub.Manifest("acme")).Add(name, "x").Build());

        Assert.Equal(400, answer.Status);
        Assert.Equal("invalid_package", answer["code"]);
        Assert.Empty(Directory.GetFiles(hub.Data, "escaped.txt", SearchOption.AllDirectories));
        Assert.Empty(Staged());
    }

    [Fact]
    public async Task Install_IdOfAnOperatorsPlugin_IsRefusedAndSaysWhereThatIs()
    {
        var answer = await hub.InstallAsync(InstallHub.Package("operators", "9.0.0"));

        Assert.Equal(409, answer.Status);
        Assert.Contains(hub.OperatorsPlugin, answer["detail"], StringComparison.Ordinal);
        Assert.Equal("1.0.0", (await hub.SendAsync("GET", "/api/plugins/operators"))["version"]);
    }

    [Fact]
    public async Task Install_EntryAssemblyMissing_IsRefusedBeforeAnythingIsPutInPlace()
    {
        var manifest = InstallHub.Manifest("acme", more: """, "entry": { "assembly": "Acme.dll", "type": "Acme.Adapter" }""");

        var answer = await hub.InstallAsync(RawZip.Plugin(manifest).Build());

        Assert.Equal(400, answer.Status);
        Assert.Equal(["/entry/assembly"], answer.Pointers);
        Assert.DoesNotContain(hub.Data, answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Install_NewVersionThatCannotStart_PutsTheFormerBack()
    {
        await hub.InstallAsync(InstallHub.CodePackage("WellBehaved", "coded", "1.0.0"));

        var answer = await hub.InstallAsync(InstallHub.CodePackage("ThrowsInConstructor", "coded", "1.1.0"));

        Assert.Equal(409, answer.Status);
        Assert.Equal("plugin_not_loaded", answer["code"]);
        Assert.Contains("version 1.0.0 is back", answer["detail"], StringComparison.Ordinal);
        Assert.NotEmpty(answer.Pointers);
        var plugin = await hub.SendAsync("GET", "/api/plugins/coded");
        Assert.Equal("loaded", plugin["state"]);
        Assert.Equal("1.0.0", plugin["version"]);
        Assert.Equal("null", plugin["pendingVersion"]);
        Assert.Contains("WellBehaved.dll", Files("coded"));
        Assert.Empty(Staged());
    }

    [Fact]
    public async Task Install_FirstVersionCannotStart_IsNotInstalled()
    {
        var answer = await hub.InstallAsync(InstallHub.CodePackage("ThrowsInConstructor", "coded", "1.0.0"));

        Assert.Equal(409, answer.Status);
        Assert.False(Directory.Exists(Path.Combine(hub.Installed, "coded")));
        Assert.Equal(404, (await hub.SendAsync("GET", "/api/plugins/coded")).Status);
    }

    [Fact]
    public async Task Install_TooLarge_IsRefused()
    {
        var package = RawZip.Plugin(InstallHub.Manifest("acme")).Add(new RawEntry("large.bin") { Content = new byte[250_000] }).Build();
        Assert.Equal(413, (await hub.InstallAsync(package)).Status);

        // Without a length in advance, and hidden by the form around it.
        using var form = new MultipartFormDataContent { { new StreamContent(new MemoryStream(new byte[210_000])), "file", "acme.zip" } };
        form.Headers.ContentLength = null;
        Assert.Equal(413, (await hub.PostAsync(form)).Status);
        Assert.Empty(Staged());
    }

    [Theory]
    [InlineData("application/json", 415)]
    [InlineData("application/x-www-form-urlencoded", 415)]
    [InlineData("multipart/form-data", 400)]
    [InlineData("multipart/form-data; boundary=b", 400)]
    [InlineData("application/zip", 400)]
    public async Task Install_NoPackage_SaysHowToSendOne(string type, int status)
    {
        using var content = new StringContent("{}") { Headers = { ContentType = MediaTypeHeaderValue.Parse(type) } };

        Assert.Equal(status, (await hub.PostAsync(content)).Status);
    }

    [Fact]
    public async Task Install_FormCutOff_IsRefused()
    {
        using var content = new StringContent("--b\r\nContent-Disposition: form-data; name=file; filename=a.zip\r\n\r\nPK") { Headers = { ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=b") } };

        Assert.Equal(400, (await hub.PostAsync(content)).Status);
        Assert.Empty(Staged());
    }

    [Theory]
    [InlineData("operator")]
    [InlineData("admin", "shop")]
    public async Task InstallAndRemove_KeyWithoutTheRight_AreRefused(string role, params string[] projects)
    {
        using var client = await hub.ClientAsync(role, projects);

        Assert.Equal(403, (await hub.InstallAsync(InstallHub.Package("acme"), by: client)).Status);
        Assert.Equal(403, (await client.SendAsync("DELETE", "/api/plugins/operators")).Status);
    }

    [Fact]
    public async Task Install_ManyAtOnce_EachIsThereWhole()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => hub.InstallAsync(InstallHub.Package($"acme-{i % 4}", $"1.0.{i / 4}"), "?force=true")));

        Assert.All(answers, answer => Assert.InRange(answer.Status, 200, 201));
        for (var i = 0; i < 4; i++)
            Assert.Equal("loaded", (await hub.SendAsync("GET", $"/api/plugins/acme-{i}"))["state"]);

        Assert.Empty(Staged());
    }

    [Fact]
    public async Task Remove_Installed_IsGoneAndAudited()
    {
        await hub.InstallAsync(InstallHub.Package("acme"));

        Assert.Equal(204, (await hub.SendAsync("DELETE", "/api/plugins/acme")).Status);

        Assert.Equal(404, (await hub.SendAsync("GET", "/api/plugins/acme")).Status);
        Assert.Equal(404, (await hub.SendAsync("GET", "/api/providers/acme")).Status);
        Assert.False(Directory.Exists(Path.Combine(hub.Installed, "acme")));
        Assert.Equal("acme", (await hub.SendAsync("GET", "/api/audit?action=plugin.removed")).Json.GetProperty("items")[0].GetProperty("target").GetString());
        Assert.Equal(404, (await hub.SendAsync("DELETE", "/api/plugins/acme")).Status);
    }

    [Fact]
    public async Task Remove_OperatorsPlugin_IsRefusedAndSaysWhereItIs()
    {
        var answer = await hub.SendAsync("DELETE", "/api/plugins/operators?force=true");

        Assert.Equal(409, answer.Status);
        Assert.Contains(hub.OperatorsPlugin, answer["detail"], StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(hub.OperatorsPlugin, "manifest.json")));
    }

    [Fact]
    public async Task Remove_UsedByAConnection_NeedsForce()
    {
        await hub.InstallAsync(InstallHub.Package("acme", more: """, "environments": { "dev": { "baseUrl": "https://api.acme.example" } }, "network": { "allow": ["api.acme.example"] }"""));
        var created = await hub.SendAsync("POST", "/api/connections", """{ "provider": "acme", "environment": "dev", "alias": "main", "config": {} }""");
        Assert.True(created.Status == 201, created.Text);

        var refused = await hub.SendAsync("DELETE", "/api/plugins/acme");
        Assert.Equal(409, refused.Status);
        Assert.Contains("/dev/main", refused["detail"], StringComparison.Ordinal);

        Assert.Equal(204, (await hub.SendAsync("DELETE", "/api/plugins/acme?force=true")).Status);
        Assert.Equal(200, (await hub.SendAsync("GET", $"/api/connections/{created["id"]}")).Status);
    }

    [Fact]
    public async Task Start_HubEndedWhileAPluginWasReplaced_TheFormerIsBack()
    {
        await hub.InstallAsync(InstallHub.Package("acme", "1.0.0"));
        var target = Path.Combine(hub.Installed, "acme");

        await hub.RestartAsync(() =>
        {
            // As it stands between the two renames of an update, and just before it is confirmed.
            var former = Path.Combine(hub.Installed, ".staging", "abandoned", "former");
            Directory.CreateDirectory(former);
            Directory.Move(target, Path.Combine(former, "acme"));
            Directory.CreateDirectory(target);
            File.WriteAllText(Path.Combine(target, "manifest.json"), InstallHub.Manifest("acme", "2.0.0"));
        });

        Assert.Equal("1.0.0", (await hub.SendAsync("GET", "/api/plugins/acme"))["version"]);
        Assert.Empty(Staged());
    }

    public async Task DisposeAsync() => await hub.DisposeAsync();

    private IEnumerable<string> Files(string id)
    {
        var folder = Path.Combine(hub.Installed, id);
        return Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder, file)).Order(StringComparer.Ordinal);
    }

    private string[] Staged() => Path.Combine(hub.Installed, ".staging") is var staging && Directory.Exists(staging) ? Directory.GetFileSystemEntries(staging) : [];
}
