using System.Text;
using System.Text.Json;
using IntegrationHub.Testing.Contracts;
using IntegrationHub.Tests.Support;
using Microsoft.OpenApi;
using Microsoft.OpenApi.Reader;

namespace IntegrationHub.Testing.Tests.Contracts;

public sealed class DescriptionReadingTests
{
    private const string Swagger = """
        swagger: "2.0"
        info: { version: "1" }
        host: api.example.com
        basePath: /v1
        consumes: [application/json]
        produces: [application/json]
        securityDefinitions: { basic: { type: basic } }
        parameters: { limit: { name: limit, in: query, type: integer, maximum: 10 } }
        definitions: { Thing: { type: object, required: [id], properties: { id: { type: string }, owner: { $ref: "#/definitions/Owner" } } }, Owner: { properties: { age: { type: integer } } } }
        paths:
          /things:
            get:
              parameters: [{ $ref: "#/parameters/limit" }, { name: ids, in: query, type: array, items: { type: integer } }, { name: tags, in: query, type: array, collectionFormat: multi, items: { type: string } }]
              responses: { "200": { description: "", schema: { type: array, items: { $ref: "#/definitions/Thing" } } } }
            post: { parameters: [{ name: body, in: body, required: true, schema: { $ref: "#/definitions/Thing" } }] }
          /upload:
            post:
              consumes: [multipart/form-data]
              parameters: [{ name: file, in: formData, type: file, required: true }]
          /form:
            post:
              consumes: [application/x-www-form-urlencoded]
              parameters: [{ name: count, in: formData, type: integer, required: true }, { name: ids, in: formData, type: array, items: { type: integer } }]
        """;

    [Theory]
    [InlineData("GET", "https://api.example.com/v1/things?limit=5&ids=1,2&tags=a&tags=b", "", null, "fits")]
    [InlineData("GET", "/things?limit=50", "", null, "OutOfBounds /query/limit")]
    [InlineData("GET", "/things?ids=1&ids=2", "", null, "WrongEncoding /query/ids")]
    [InlineData("GET", "/things?lim=5", "", null, "UnknownName /query/lim")]
    [InlineData("POST", "/things", """{"id":"x","owner":{"age":3}}""", "application/json", "fits")]
    [InlineData("POST", "/things", """{"id":"x","owner":{"age":"3"}}""", "application/json", "WrongType /body/owner/age")]
    [InlineData("POST", "/things", "", null, "Missing /body")]
    [InlineData("POST", "/form", "count=1&ids=1,2", "application/x-www-form-urlencoded", "fits")]
    [InlineData("POST", "/form", "ids=1&amount=3", "application/x-www-form-urlencoded", "Missing /body/count; UnknownName /body/amount")]
    [InlineData("POST", "/upload", "--b\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\nx\r\n--b--", "multipart/form-data; boundary=b", "fits")]
    [InlineData("POST", "/upload", "--b\r\nContent-Disposition: form-data; name=file\r\n\r\nx\r\n--b--", "multipart/form-data; boundary=b", "WrongType /body/file")]
    public async Task Check_Swagger2_IsUnderstood(string method, string address, string body, string? contentType, string expected) =>
        Assert.Equal(expected, (await Descriptions.ReadAsync(Swagger)).Check(Descriptions.Request(method, address, body, contentType)).Summary());

    [Theory]
    [InlineData("", "It cannot be read")]
    [InlineData("{", "It cannot be read")]
    [InlineData("a: [", "It cannot be read")]
    [InlineData("just text", "It is neither")]
    [InlineData("{\"asyncapi\":\"2.0.0\"}", "It is neither")]
    [InlineData("[1,2]", "It is neither")]
    public async Task LoadAsync_NoDescription_SaysSoAndJudgesNothing(string text, string why)
    {
        var description = await Descriptions.ReadAsync(text);

        Assert.StartsWith(why, Assert.Single(description.NotUnderstood).Why, StringComparison.Ordinal);
        Assert.Equal(VerdictOutcome.NotJudged, description.Check(Descriptions.Get("/things")).Outcome);
    }

    /// <summary>Whatever stands where something else belongs: nothing throws, and the rest is judged.</summary>
    [Theory]
    [InlineData("""{"openapi":"3.0.0","paths":{"/things":{"get":7}}}""")]
    [InlineData("""{"openapi":"3.0.0","paths":{"/things":{"get":{"parameters":7,"responses":7,"requestBody":7,"security":7}}}}""")]
    [InlineData("""{"openapi":"3.0.0","paths":{"/things":{"get":{"parameters":[7,{"in":"query"},{"name":"p","in":"nowhere"},{"$ref":"#/x"}]}}}}""")]
    [InlineData("""{"openapi":"3.0.0","servers":[7,{"url":7},{"url":"::"},{"url":"https://{a"}],"paths":{"/things":{"get":{}}}}""")]
    [InlineData("""{"openapi":"3.0.0","paths":{"/things":{"get":{"parameters":[{"name":"p","in":"query","schema":{"type":7,"enum":7,"minimum":"a","pattern":7,"required":7,"properties":7,"allOf":7,"items":7}}]}}}}""")]
    [InlineData("""{"openapi":"3.1.0","paths":{"/things":{"$ref":"#/paths/~1things"}}}""")]
    [InlineData("""{"openapi":"3.1.0","paths":{"/things":{"get":{"parameters":[{"name":"p","in":"query","schema":{"discriminator":7,"not":7,"if":7,"oneOf":[7]}}]}}}}""")]
    [InlineData("""{"openapi":"3.1.0","paths":7,"components":7}""")]
    [InlineData("""{"swagger":"2.0","host":7,"basePath":7,"consumes":7,"paths":{"/things":{"get":{"parameters":[{"in":"body","name":"b","schema":7},{"in":"formData"}]}}}}""")]
    public async Task Check_StrangeDescription_ThrowsNothing(string text)
    {
        var description = await Descriptions.ReadAsync(text);

        foreach (var request in (VendorRequest[])[Descriptions.Get("/things?p=1"), Descriptions.Json("{}"), Descriptions.Form("a=1")])
            Assert.NotNull(description.Check(request).Summary());

        foreach (var operation in description.Operations)
            Assert.NotNull(description.CheckAnswer(operation, new VendorAnswer { Status = 200, ContentType = "application/json", Body = "{}"u8.ToArray() }).Summary());
    }

    [Fact]
    public async Task LoadAsync_SeveralFiles_FollowsReferencesBetweenThem()
    {
        var description = await Descriptions.ReadAsync(
            """{"openapi":"3.0.0","paths":{"/things":{"post":{"requestBody":{"content":{"application/json":{"schema":{"$ref":"api1.json#/Thing"}}}}}}}}""",
            """{"Thing":{"type":"object","properties":{"id":{"$ref":"#/Id"}}},"Id":{"type":"integer"}}""");

        Assert.Equal("WrongType /body/id", description.Check(Descriptions.Json("""{"id":"x"}""")).Summary());
    }

    [Theory]
    [InlineData("https://example.com/other.yaml#/Thing", "another machine")]
    [InlineData("other.yaml#/Thing", "was not given")]
    [InlineData("../../../../etc/passwd", "was not given")]
    [InlineData("#anchor", "no anchors")]
    public async Task Check_ReferenceOutside_IsRefusedWithAReason(string reference, string why)
    {
        var description = await Descriptions.OfBodyAsync($"{{\"$ref\":\"{reference}\"}}");

        var verdict = description.Check(Descriptions.Json("{}"));

        Assert.Equal(VerdictOutcome.NotJudged, verdict.Outcome);
        Assert.Contains(why, Assert.Single(verdict.NotJudged).Why, StringComparison.Ordinal);
        Assert.Equal(verdict.NotJudged, description.NotUnderstood);
    }

    [Theory]
    [InlineData("a: yes\nb: ~\nc: 0x1F\nd: 1e3\ne: '1'\nf: 2020-01-01\n200: x", """{"a":"yes","b":null,"c":31,"d":1000,"e":"1","f":"2020-01-01","200":"x"}""")]
    [InlineData("base: &b { x: 1, y: 2 }\nother: { <<: *b, y: 3 }", """{"base":{"x":1,"y":2},"other":{"y":3,"x":1}}""")]
    [InlineData("a: &a [1, *b]", null)]
    [InlineData("- |\n  two\n  lines\n- >-\n  one\n  line", """["two\nlines\n","one line"]""")]
    [InlineData("a: !!str 1\nb: .5\nc: -0\nd: 12345678901234567890", """{"a":"1","b":0.5,"c":0,"d":12345678901234567890}""")]
    public void ToJson_Yaml_FollowsTheCoreSchema(string yaml, string? json)
    {
        if (json is null)
        {
            Assert.Throws<FormatException>(() => YamlText.ToJson(new StringReader(yaml)));
            return;
        }

        Assert.Equal(json, Encoding.UTF8.GetString(YamlText.ToJson(new StringReader(yaml)).Span));
    }

    [Fact]
    public void ToJson_AliasesThatUnfoldWithoutEnd_AreRefused()
    {
        var yaml = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (var i = 1; i < 12; i++)
            yaml.Append(null, $"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n");

        Assert.Throws<FormatException>(() => YamlText.ToJson(new StringReader(yaml.ToString())));
    }

    /// <summary>The library that Microsoft wrote finds the same operations in the vendors' files.</summary>
    [SkippableTheory]
    [InlineData("stripe.trimmed.json")]
    [InlineData("elasticsearch.json")]
    [InlineData("slack-web.json")]
    [InlineData("twilio-api_v2010.json")]
    [InlineData("cloudflare.json")]
    [InlineData("x-v2.json")]
    public async Task LoadAsync_DescriptionOfAVendor_HasTheOperationsThatAnotherReaderFinds(string file)
    {
        var path = Require.Shared("contracts", "openapi", file);
        var description = await VendorDescription.LoadAsync(path, CancellationToken.None);
        await using var stream = File.OpenRead(path);
        var other = await OpenApiDocument.LoadAsync(stream, "json", new OpenApiReaderSettings { LeaveStreamOpen = false, RuleSet = new ValidationRuleSet() });

        var theirs = other.Document!.Paths.SelectMany(item => (item.Value.Operations ?? []).Select(operation => $"{operation.Key.Method.ToUpperInvariant()} {item.Key}")).Order(StringComparer.Ordinal);

        Assert.Equal(theirs, description.Operations.Select(operation => operation.ToString()).Order(StringComparer.Ordinal));
    }

    /// <summary>Every operation of every description at hand: nothing throws, and every path is found again.</summary>
    [SkippableFact]
    public async Task Check_EveryOperationOfEveryVendor_IsFoundAndThrowsNothing()
    {
        var operations = 0;
        foreach (var file in Directory.EnumerateFiles(Require.Shared("contracts", "openapi")).Where(file => Path.GetExtension(file) is ".json" or ".yaml"))
        {
            var description = await VendorDescription.LoadAsync(file, CancellationToken.None);
            Assert.DoesNotContain(description.NotUnderstood, one => one.Why.StartsWith("It cannot be read", StringComparison.Ordinal));
            foreach (var operation in description.Operations)
            {
                operations++;
                var path = System.Text.RegularExpressions.Regex.Replace(operation.Path, @"\{[^}]*\}", "x1");
                var verdict = description.Check(Descriptions.Request(operation.Method, path, """{"a":1}""", "application/json"));
                var answer = description.CheckAnswer(operation, new VendorAnswer { Status = 200, ContentType = "application/json", Body = """{"a":1}"""u8.ToArray() });

                Assert.NotNull(verdict.Operation);
                Assert.DoesNotContain(verdict.NotJudged.Concat(answer.NotJudged), one => one.What.EndsWith("Exception", StringComparison.Ordinal));
            }
        }

        Assert.True(operations > 7500, $"Only {operations} operations were found.");
    }

    [Theory]
    [InlineData("""{"id":"1"}""", "", 200)]
    [InlineData("""{"id":1}""", "WrongType /body/id Error", 200)]
    [InlineData("""{}""", "Missing /body/id Warning", 200)]
    [InlineData("""{"id":"1","invented":1}""", "UnknownName /body/invented Warning", 200)]
    [InlineData("""{"id":"1"}""", "UnknownStatus /status Warning", 201)]
    [InlineData("", "Missing /body Warning", 200)]
    public async Task CheckAnswer_OfASimulator_RefusesWhatIsWrongAndWarnsOfWhatIsLeftOut(string body, string expected, int status)
    {
        var description = await Descriptions.OfBodyAsync("""{"type":"object","required":["id"],"properties":{"id":{"type":"string"}}}""");

        var verdict = description.CheckAnswer(description.Operations.Single(), new VendorAnswer { Status = status, ContentType = "application/json", Body = Encoding.UTF8.GetBytes(body) });

        Assert.Equal(expected, string.Join("; ", verdict.Violations.Select(violation => $"{violation.Kind} {violation.Pointer} {violation.Severity}")));
    }

    [Fact]
    public async Task Judge_Explanations_CoverOnlyWhatTheyNameAndGrowStale()
    {
        using var document = JsonDocument.Parse("""
            [
              { "operation": "createThing", "pointer": "/body/*", "match": "not known", "reason": "r", "source": "https://example.com", "description": "6" },
              { "operation": "other", "pointer": "/body/a", "reason": "r", "source": "https://example.com", "description": "7" },
              { "operation": "other", "pointer": "/body/a", "reason": "", "sorce": "x" }
            ]
            """);
        var judge = new ContractJudge(await Descriptions.OfBodyAsync("""{"type":"object","properties":{"id":{"type":"string"}}}"""), Explanations.Read(document.RootElement));

        Assert.False(judge.Judge("createThing", Descriptions.Json("""{"novel":1}""")).Fails);
        Assert.True(judge.Judge("createThing", Descriptions.Json("""{"id":1}""")).Fails);
        Assert.True(judge.Judge("updateThing", Descriptions.Json("""{"novel":1}""")).Fails);
        Assert.False(judge.Judge("createThing", Descriptions.Json("""{"id":"1"}""")).Fails);

        Assert.Equal(new ContractCount(Fits: 1, Explained: 1, Violates: 2, NotJudged: 0), judge.Count);
        Assert.Equal(
            ["/2/reason", "/2/sorce", "/2/source", "/2/description", "/1", "/0/description"], judge.ExplanationIssues().Select(issue => issue.Pointer));
    }

    [Fact]
    public async Task OpenAsync_FolderOfAPlugin_TakesDescriptionsAndExplanationsApart()
    {
        var folder = Directory.CreateTempSubdirectory("hub-plugin-");
        try
        {
            Assert.Null(await ContractJudge.OpenAsync(folder.FullName, [], CancellationToken.None));
            var contract = folder.CreateSubdirectory(ContractJudge.FolderName).FullName;
            await File.WriteAllTextAsync(Path.Combine(contract, Explanations.FileName), "[]");
            Assert.Null(await ContractJudge.OpenAsync(folder.FullName, [], CancellationToken.None));
            await File.WriteAllTextAsync(Path.Combine(contract, "openapi.yaml"), "openapi: 3.0.0\npaths: { /things: { get: {} } }");

            var judge = await ContractJudge.OpenAsync(folder.FullName, [], CancellationToken.None);

            Assert.Equal("GET /things", judge!.Description.Operations.Single().ToString());
            Assert.Empty(judge.ExplanationIssues());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
