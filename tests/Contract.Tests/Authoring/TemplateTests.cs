using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using IntegrationHub.Manifests;
using IntegrationHub.Testing;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Contract.Tests.Authoring;

/// <summary>The packed template, installed and used for real.</summary>
[Collection(AuthoringCollection.Name)]
public sealed partial class TemplateTests(AuthorWorkspace workspace)
{
    private static readonly string[] Kinds = ["manifest", "code"];
    private static readonly string[] Auths = ["api_key", "basic", "bearer", "oauth2", "none"];
    private static readonly string[] Webhooks = ["hmac", "standard", "token", "none"];
    private static readonly string[][] Languages = [["en", "ar"], ["en"]];

    /// <summary>Any three options meet in each of their combinations; the fourth follows from them.</summary>
    private static IEnumerable<(string Kind, string Auth, string Webhooks, string[] Languages)> Combinations =>
        from kind in Kinds.Index() from auth in Auths.Index() from webhooks in Webhooks.Index()
        select (kind.Item, auth.Item, webhooks.Item, Languages[(kind.Index + auth.Index + webhooks.Index) % Languages.Length]);

    [SkippableFact]
    public async Task New_CombinedOptions_YieldCleanFilesAndAValidManifest()
    {
        AuthorWorkspace.RequireSdk();
        var folder = workspace.NewFolder("combinations");

        await Parallel.ForEachAsync(Combinations, new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (options, cancellation) =>
        {
            var plugin = await workspace.NewAsync(
                Path.Combine(folder, $"{options.Kind}-{options.Auth}-{options.Webhooks}-{string.Join("-", options.Languages)}"),
                ["-n", "Zain Pay", "--kind", options.Kind, "--auth", options.Auth, "--webhooks", options.Webhooks, "--languages", .. options.Languages]);
            AssertClean(plugin);
            var manifest = AssertValid(plugin);

            Assert.Equal(options.Kind == "code", manifest.Entry is not null);
            Assert.Equal(options.Kind == "code", File.Exists(Path.Combine(plugin, "ZainPay.csproj")));
            Assert.Equal(options.Webhooks != "none", manifest.Webhooks is not null);
            Assert.Equal(options.Auth, JsonNamingPolicy.SnakeCaseLower.ConvertName(manifest.Auth.Single().Type.ToString()));
            Assert.Equal(options.Languages.Contains("ar"), manifest.Description!.ByLanguage.ContainsKey("ar"));

            // Code has to be built first; these are below.
            if (options is { Kind: "manifest", Languages.Length: 2 })
                await PluginConformance.AssertAsync(plugin, new ConformanceOptions { MinimumLevel = QualityLevel.Gold, WarningsAreErrors = true }, cancellation);
        });
    }

    [SkippableTheory]
    [InlineData("--kind", "manifest", "--auth", "oauth2", "--webhooks", "hmac")]
    [InlineData("--kind", "code", "--auth", "basic", "--webhooks", "standard")]
    [InlineData("--kind", "code", "--auth", "none", "--webhooks", "none", "--languages", "en")]
    public async Task New_Plugin_BuildsWithoutWarningsAndPassesItsOwnTests(params string[] options)
    {
        AuthorWorkspace.RequireSdk();
        var plugin = await workspace.NewAsync(workspace.NewFolder("built"), ["-n", "Zain", "--packages", workspace.Packages, .. options]);

        var output = await workspace.MustRunAsync(["test", "tests", "--nologo", "-warnaserror"], plugin);

        Assert.Matches(OnePassed(), output);
        Assert.Equal(options.Contains("code"), File.Exists(Path.Combine(plugin, "bin", "Zain.dll")));
        Assert.False(File.Exists(Path.Combine(plugin, "bin", "IntegrationHub.Abstractions.dll")), "The contract must come from the hub.");
    }

    [SkippableTheory]
    [InlineData("Zain Pay", "zain-pay", "ZainPay", "ZAIN_PAY_API_KEY")]
    [InlineData("zain.pay", "zain-pay", "Zain.pay", "ZAIN_PAY_API_KEY")]
    [InlineData("3M", "m", "_3M", "M_API_KEY")]
    [InlineData("سداد", "my-provider", "MyProvider", "MY_PROVIDER_API_KEY")]
    [InlineData("R&D \"beta\"", "r-d-beta", "RDbeta", "R_D_BETA_API_KEY")]
    public async Task New_Name_BecomesIdNamespaceAndVariables(string name, string id, string space, string variable)
    {
        AuthorWorkspace.RequireSdk();
        var plugin = await workspace.NewAsync(workspace.NewFolder("named"), "-n", name, "--kind", "code");
        AssertClean(plugin);
        var manifest = AssertValid(plugin);

        Assert.Equal(name, manifest.Name);
        Assert.Equal(id, manifest.Id);
        Assert.Equal(space + ".dll", manifest.Entry!.Assembly);
        Assert.Contains($"\"{variable}\"", manifest.Config!.Value.GetRawText(), StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(plugin, space + ".csproj")));
        Assert.True(File.Exists(Path.Combine(plugin, "tests", space + ".Tests.csproj")));
        Assert.Contains($"namespace {space};", await File.ReadAllTextAsync(Path.Combine(plugin, "Adapter.cs")), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task New_IdAddressAndPackages_AreWrittenAsGiven()
    {
        AuthorWorkspace.RequireSdk();
        const string sources = "/opt/R&D <hub>/sdk";
        var plugin = await workspace.NewAsync(
            workspace.NewFolder("given"), "-n", "Zain", "--id", "zain-ksa", "--base-url", "https://eu.zain.example:8443/api/", "--auth", "oauth2", "--packages", sources, "--hub-version", "1.2.3");
        var manifest = AssertValid(plugin);

        Assert.Equal("zain-ksa", manifest.Id);
        Assert.All(manifest.Environments.Values, environment => Assert.Equal("https://eu.zain.example:8443/api", environment.BaseUrl));
        Assert.Equal(["eu.zain.example:8443"], manifest.Network.Allow);
        Assert.Equal("https://eu.zain.example:8443/api/oauth/token", manifest.Auth.Single().TokenUrl);
        Assert.Equal(sources, XDocument.Load(Path.Combine(plugin, "nuget.config")).Descendants("add").Single().Attribute("value")!.Value);
        Assert.Contains("\"IntegrationHub.Testing\" Version=\"1.2.3\"", await File.ReadAllTextAsync(Path.Combine(plugin, "tests", "Zain.Tests.csproj")), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task New_Schema_IsTheReadersOwn()
    {
        AuthorWorkspace.RequireSdk();
        var plugin = await workspace.NewAsync(workspace.NewFolder("schema"), "-n", "Zain");
        using var manifest = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(plugin, "manifest.json")));

        var schema = Path.Combine(plugin, manifest.RootElement.GetProperty("$schema").GetString()!);

        Assert.Equal(ManifestReader.SchemaText, await File.ReadAllTextAsync(schema));
    }

    [SkippableFact]
    public async Task HubPluginNew_TemplateInstalledAlready_TakesItsOwnAndLeavesThat()
    {
        AuthorWorkspace.RequireSdk();
        var folder = workspace.NewFolder("command");
        var packages = Directory.CreateDirectory(Path.Combine(folder, "sdk")).FullName;
        foreach (var package in Directory.GetFiles(workspace.Packages))
            File.Copy(package, Path.Combine(packages, Path.GetFileName(package)));

        var before = await InstalledAsync();
        var made = await workspace.MustRunAsync(
            [Path.Combine(AppContext.BaseDirectory, "hub.dll"), "plugin", "new", "Zain Pay", "--packages", packages, "--id", "zain", "--base-url", "https://api.zain.example/v2/", "--languages", "ar;en", "--json"], folder);

        Assert.Contains("\"ok\": true", made, StringComparison.Ordinal);
        var manifest = AssertValid(Path.Combine(folder, "Zain Pay"));
        Assert.Equal("zain", manifest.Id);
        Assert.Equal("https://api.zain.example/v2", manifest.Environments.Values.First().BaseUrl);
        Assert.Equal(packages, XDocument.Load(Path.Combine(folder, "Zain Pay", "nuget.config")).Descendants("add").Single().Attribute("value")!.Value);
        Assert.Equal(before, await InstalledAsync());

        Task<string> InstalledAsync() => workspace.MustRunAsync(["new", "uninstall"], folder);
    }

    [Fact]
    public void Template_Versions_AreThisCheckouts()
    {
        using var template = JsonDocument.Parse(File.ReadAllText(Repository.At("plugin-template", "content", ".template.config", "template.json")));
        Assert.Equal(ManifestReader.ContractVersion.ToString(3), template.RootElement.GetProperty("symbols").GetProperty("hubVersion").GetProperty("defaultValue").GetString());

        var central = XDocument.Load(Repository.At("Directory.Packages.props")).Descendants("PackageVersion")
            .ToDictionary(package => package.Attribute("Include")!.Value, package => package.Attribute("Version")!.Value);
        var used = XDocument.Load(Repository.At("plugin-template", "content", "tests", "AcmeNamespace.Tests.csproj")).Descendants("PackageReference")
            .Where(package => !package.Attribute("Include")!.Value.StartsWith("IntegrationHub.", StringComparison.Ordinal))
            .ToList();
        Assert.NotEmpty(used);
        Assert.All(used, package => Assert.Equal(central[package.Attribute("Include")!.Value], package.Attribute("Version")!.Value));
    }

    private static ProviderManifest AssertValid(string plugin)
    {
        var read = ManifestReader.Read(File.ReadAllBytes(Path.Combine(plugin, "manifest.json")));

        Assert.Empty(read.Errors);
        Assert.Empty(read.Warnings);
        return read.Manifest!;
    }

    /// <summary>Nothing of the template's own language is left, and JSON is plain JSON without gaps.</summary>
    private static void AssertClean(string plugin)
    {
        foreach (var file in Directory.EnumerateFiles(plugin, "*", SearchOption.AllDirectories).Where(file => !file.Contains(".schema", StringComparison.Ordinal)))
        {
            var text = File.ReadAllText(file);
            Assert.False(Leftover().IsMatch(text + Path.GetFileName(file)), $"{file}: {Leftover().Match(text + Path.GetFileName(file)).Value}");
            if (!file.EndsWith(".json", StringComparison.Ordinal))
                continue;

            using var strict = JsonDocument.Parse(text);
            Assert.DoesNotMatch(Gap(), text);
            AssertIndented(file, text);
        }
    }

    /// <summary>Each line stands as deep as the brackets above it are open.</summary>
    private static void AssertIndented(string file, string text)
    {
        var depth = 0;
        foreach (var line in text.Split('\n').Where(line => line.Length > 0))
        {
            var bare = Quoted().Replace(line, "\"\"");
            var closes = bare.TrimStart()[0] is '}' or ']';
            Assert.True(line.Length - line.TrimStart().Length == 2 * (depth - (closes ? 1 : 0)), $"{file}: {line}");
            depth += bare.Count(c => c is '{' or '[') - bare.Count(c => c is '}' or ']');
        }
    }

    [GeneratedRegex(@"Acme(Namespace|Display|Title)|acme-id|ACME-ENV|HUB-VERSION|PACKAGE-FOLDER|api-host\.acme|#(if|else|endif)\b|/\*(if|end)|\*/|^\[(if|end|else)|hasArabic|isCode", RegexOptions.Multiline)]
    private static partial Regex Leftover();

    [GeneratedRegex(@"\n[ \t]*\n|[ \t]\n|,\s*[}\]]|\{ ,")]
    private static partial Regex Gap();

    [GeneratedRegex("\"(\\\\.|[^\"\\\\])*\"")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"Passed!\s+- Failed:\s+0, Passed:\s+1,")]
    private static partial Regex OnePassed();
}
