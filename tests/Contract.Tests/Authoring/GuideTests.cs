using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using IntegrationHub.Manifests;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Contract.Tests.Authoring;

/// <summary>What the guides tell authors to write is what the reader takes.</summary>
public sealed partial class GuideTests
{
    private static readonly JsonDocumentOptions Comments = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    public static TheoryData<int> AuthExamples => Numbers("auth.md");

    public static TheoryData<int> SignatureExamples => Numbers("signatures.md");

    public static TheoryData<string> Pages => [.. Directory.EnumerateFiles(Repository.At("docs", "plugins"), "*.md").Select(file => Path.GetFileName(file))];

    [Theory]
    [MemberData(nameof(AuthExamples))]
    public void Auth_Example_IsValid(int number)
    {
        var manifest = Minimal();
        foreach (var (key, value) in JsonNode.Parse(Examples("auth.md")[number].Json, documentOptions: Comments)!.AsObject().ToList())
        {
            if (key == "network")
                foreach (var host in value!["allow"]!.AsArray())
                    manifest["network"]!["allow"]!.AsArray().Add(host!.DeepClone());
            else
                manifest[key] = value?.DeepClone();
        }

        AssertValid(manifest);
    }

    [Theory]
    [MemberData(nameof(SignatureExamples))]
    public void Signatures_Example_IsValid(int number)
    {
        var (_, json) = Examples("signatures.md")[number];
        var manifest = Minimal();
        manifest["webhooks"] = new JsonObject
        {
            ["verify"] = JsonNode.Parse(json, documentOptions: Comments),
            ["event"] = new JsonObject { ["id"] = "/id", ["type"] = "/type" },
            ["types"] = new JsonObject { ["order.created"] = "An order was made" },
        };
        foreach (Match field in ConfigField().Matches(json))
            manifest["config"]!["properties"]![field.Groups[1].Value] = new JsonObject { ["type"] = "string", ["title"] = field.Groups[1].Value, ["x-secret"] = true };

        if (json.Contains("\"custom\"", StringComparison.Ordinal))
            manifest["entry"] = new JsonObject { ["assembly"] = "Example.dll", ["type"] = "Example.Adapter" };

        AssertValid(manifest);
    }

    [Theory]
    [InlineData("auth.md", "auth", "type")]
    [InlineData("signatures.md", "verify", "scheme")]
    public void Guide_EveryKind_HasASectionWithAnExampleOfIt(string page, string definition, string property)
    {
        using var schema = JsonDocument.Parse(ManifestReader.SchemaText);
        var kinds = schema.RootElement.GetProperty("definitions").GetProperty(definition).GetProperty("properties").GetProperty(property).GetProperty("enum");
        var examples = Examples(page);

        Assert.All(
            kinds.EnumerateArray().Select(kind => kind.GetString()!),
            kind => Assert.Contains(examples, example => example.Section == kind && example.Json.Contains($"\"{property}\": \"{kind}\"", StringComparison.Ordinal)));
        Assert.All(examples, example => Assert.Contains(kinds.EnumerateArray(), kind => kind.GetString() == example.Section));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Page_EveryLink_LeadsSomewhere(string page)
    {
        var text = Text(page);

        MarkdownLinks.AssertAnchors(text);
        MarkdownLinks.AssertFiles(text, Repository.At("docs", "plugins"));
    }

    private static void AssertValid(JsonObject manifest)
    {
        var read = ManifestReader.Read(manifest.ToJsonString());

        Assert.Empty(read.Errors);
        Assert.Empty(read.Warnings);
        Assert.NotNull(read.Manifest);
    }

    private static JsonObject Minimal() => JsonNode.Parse("""
        {
          "manifestVersion": 1, "id": "example", "name": "Example", "version": "1.0.0", "category": "other", "description": "An example.", "setup": ["Enter the credentials."],
          "config": { "type": "object", "additionalProperties": false, "properties": {} },
          "environments": { "prod": { "baseUrl": "https://api.example.com" } },
          "network": { "allow": ["api.example.com"] },
          "operations": {
            "getAccount": { "title": "Get the account", "params": { "type": "object", "additionalProperties": false }, "http": { "method": "GET", "path": "/account" } }
          },
          "tests": [{ "id": "example-connection", "operation": "getAccount" }]
        }
        """)!.AsObject();

    private static TheoryData<int> Numbers(string page) => [.. Enumerable.Range(0, Examples(page).Count)];

    /// <summary>The examples of a page, each with the heading above it.</summary>
    private static List<(string Section, string Json)> Examples(string page)
    {
        var text = Text(page);
        var headings = Heading().Matches(text);
        return [.. Block().Matches(text).Select(block => (headings.Last(heading => heading.Index < block.Index).Groups[1].Value.Trim(), block.Groups[1].Value))];
    }

    private static string Text(string page) => File.ReadAllText(Repository.At("docs", "plugins", page)).ReplaceLineEndings("\n");

    [GeneratedRegex("```jsonc\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("^## (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"\{config\.([A-Za-z]+)\}")]
    private static partial Regex ConfigField();
}
