using System.Text.Json;
using IntegrationHub.Manifests;
using IntegrationHub.Schemas;

namespace IntegrationHub.Abstractions.Tests.Schemas;

/// <summary>The screen passes values before NJsonSchema sees them, so it must pass none in which that would find something.</summary>
public sealed class ValueScreenTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Passes_RandomSchemasAndValues_NothingThatNJsonSchemaRefuses(int seed)
    {
        var some = new Arbitrary(new Random(seed));
        var (passed, valid) = (0, 0);
        for (var i = 0; i < 150; i++)
        {
            var text = some.Schema();
            var read = SchemaCompiler.Read(Json(text));
            Assert.Empty(read.Issues);
            var explainer = new CompiledSchema(read.Nodes);
            for (var j = 0; j < 40; j++)
            {
                var value = some.Value(depth: 3);
                var passes = ValueScreen.Passes(Json(value), read.Nodes[0]);
                var issues = explainer.Validate(Json(value));
                Assert.True(!passes || issues.Count == 0, $"Schema {text}, value {value}: {string.Join("; ", issues)}");
                passed += passes ? 1 : 0;
                valid += issues.Count == 0 ? 1 : 0;
            }
        }

        // It is of use only if it passes most of what is valid; and the sample, only if much is valid and much is not.
        Assert.InRange(valid, 1_000, 5_000);
        Assert.True(passed > valid * 0.8, $"{passed} of {valid} valid values passed.");
    }

    [Theory]
    [InlineData("""{"not":{"properties":{"a":{"type":"string"}}}}""", """{"a":1,"a":"x"}""")]
    [InlineData("""{"oneOf":[{"properties":{"a":{"type":"integer"}}},{"properties":{"a":{"type":"string"}}}]}""", """{"a":"x","a":1,"a":"x"}""")]
    [InlineData("""{"not":{"properties":{"a":{"enum":[1]}},"required":["a"]}}""", """{"a":null}""")]
    [InlineData("{}", """{"a":["\udc00"]}""")]
    [InlineData("{}", """{"\ud800":1}""")]
    public void Passes_WhereTheTwoMayDiffer_LeavesItToNJsonSchema(string schema, string value) =>
        Assert.False(ValueScreen.Passes(Json(value), SchemaCompiler.Read(Json(schema)).Nodes[0]));

    [Theory]
    [InlineData(100, true)]
    [InlineData(101, false)]
    public void Passes_NestedArrays_AsDeepAsIsRead(int depth, bool passes)
    {
        using var document = JsonDocument.Parse(new string('[', depth) + new string(']', depth), new JsonDocumentOptions { MaxDepth = 200 });

        Assert.Equal(passes, ValueScreen.Passes(document.RootElement, SchemaCompiler.Read(Json("{}")).Nodes[0]));
    }

    [Fact]
    public void Passes_InvalidUtf8_LeavesItToNJsonSchema()
    {
        using var document = JsonDocument.Parse(new byte[] { (byte)'"', 0xC3, 0x28, (byte)'"' });

        Assert.False(ValueScreen.Passes(document.RootElement, SchemaCompiler.Read(Json("{}")).Nodes[0]));
    }

    [Fact]
    public void Passes_DocumentWithComments_ReadsOverThem()
    {
        using var document = JsonDocument.Parse("""[1, /* two */ 2,]""", new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });

        Assert.True(ValueScreen.Passes(document.RootElement, SchemaCompiler.Read(Json("""{"items":{"type":"integer"}}""")).Nodes[0]));
    }

    [Fact]
    public void Passes_ManifestSchema_PassesAWholeManifest()
    {
        using var manifest = JsonDocument.Parse(Manifests.Some.Manifest, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });

        Assert.True(ValueScreen.Passes(manifest.RootElement, SchemaCompiler.Read(Json(ManifestReader.SchemaText)).Nodes[0]));
    }

    /// <summary>Schemas and values that meet often: of few names and few values.</summary>
    private sealed class Arbitrary(Random random)
    {
        private static readonly string[] Names = ["a", "b", "c", "x-n"];
        private static readonly string[] Types = ["string", "number", "integer", "boolean", "object", "array", "null"];
        private static readonly string[] Scalars = ["\"x\"", "\"\"", "\"xyz\"", "0", "1", "1.0", "1.5", "-2", "true", "false", "null"];

        public string Schema() =>
            $$$"""{"definitions":{"d":{{{Schema(2)}}},"e":{{{Schema(1)}}}},"allOf":[{{{Schema(3)}}},{}]}""";

        public string Value(int depth)
        {
            switch (depth == 0 ? 0 : random.Next(5))
            {
                case 3:
                    return $"[{string.Join(",", Many(3, () => Value(depth - 1)))}]";
                case 2 or 4:
                    // Now and then the same name twice.
                    return $"{{{string.Join(",", Many(4, () => $"\"{Pick(Names)}\":{Value(depth - 1)}"))}}}";
                default:
                    return Pick(Scalars);
            }
        }

        private string Schema(int depth)
        {
            if (random.Next(12) == 0)
                return random.Next(4) == 0 ? "false" : "true";

            if (depth < 3 && random.Next(8) == 0)
                return depth == 2 ? """{"$ref":"#/definitions/e"}""" : """{"type":["object","string","number"]}""";

            if (depth == 3 && random.Next(6) == 0)
                return """{"$ref":"#/definitions/d"}""";

            var keywords = new SortedDictionary<string, string>(StringComparer.Ordinal);
            for (var i = random.Next(4); i >= 0; i--)
            {
                var (keyword, text) = Keyword(depth);
                keywords[keyword] = text;
            }

            return $"{{{string.Join(",", keywords.Select(pair => $"\"{pair.Key}\":{pair.Value}"))}}}";
        }

        private (string Keyword, string Text) Keyword(int depth)
        {
            switch (random.Next(depth == 0 ? 6 : 17))
            {
                case 0:
                    return ("type", random.Next(2) == 0 ? $"\"{Pick(Types)}\"" : $"[\"{Pick(Types)}\",\"{Pick(Types)}\",\"object\"]");
                case 1:
                    return ("enum", $"[{Pick(Scalars)},{Pick(Scalars)},{{}},{{\"a\":1}}]");
                case 2:
                    return Pick<(string, string)>([("minLength", "1"), ("maxLength", "1"), ("pattern", "\"^x\""), ("minimum", "0"), ("exclusiveMaximum", "1"), ("multipleOf", "0.5")]);
                case 3:
                    return Pick<(string, string)>([("minItems", "1"), ("maxItems", "1"), ("uniqueItems", "true"), ("minProperties", "1"), ("maxProperties", "2")]);
                case 4 or 5:
                    return ("required", $"[\"{Pick(Names)}\",\"{Pick(Names)}\"]");
                case 6 or 7 or 8:
                    return ("properties", $"{{{string.Join(",", Names.Where(_ => random.Next(2) == 0).Select(name => $"\"{name}\":{Schema(depth - 1)}"))}}}");
                case 9:
                    return ("patternProperties", $"{{\"^x-\":{Schema(depth - 1)}}}");
                case 10:
                    return ("additionalProperties", random.Next(2) == 0 ? "false" : Schema(depth - 1));
                case 11:
                    return ("items", random.Next(2) == 0 ? Schema(depth - 1) : $"[{Schema(depth - 1)},{Schema(depth - 1)}]");
                case 12:
                    return ("additionalItems", random.Next(2) == 0 ? "false" : Schema(depth - 1));
                case 13:
                    return ("not", Schema(depth - 1));
                case 14:
                    return ("allOf", Alternatives(depth));
                case 15:
                    return ("anyOf", Alternatives(depth));
                default:
                    return ("oneOf", Alternatives(depth));
            }
        }

        private string Alternatives(int depth) => $"[{string.Join(",", Enumerable.Range(0, random.Next(1, 4)).Select(_ => Schema(depth - 1)))}]";

        private List<string> Many(int most, Func<string> one) => Enumerable.Range(0, random.Next(most + 1)).Select(_ => one()).ToList();

        private T Pick<T>(T[] from) => from[random.Next(from.Length)];
    }

    private static JsonElement Json(string text)
    {
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }
}
