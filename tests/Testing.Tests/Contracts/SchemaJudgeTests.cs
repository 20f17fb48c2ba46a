using IntegrationHub.Testing.Contracts;

namespace IntegrationHub.Testing.Tests.Contracts;

public sealed class SchemaJudgeTests
{
    private const string Object = """{"type":"object","required":["id"],"properties":{"id":{"type":"integer"},"name":{"type":"string"}}""";

    [Theory]
    [InlineData(Object + "}", """{"id":1,"name":"x"}""", "fits")]
    [InlineData(Object + "}", """{"id":1.0}""", "fits")]
    [InlineData(Object + "}", """{"name":"x"}""", "Missing /body/id")]
    [InlineData(Object + "}", """{"id":"1"}""", "WrongType /body/id")]
    [InlineData(Object + "}", """{"id":1.5}""", "WrongType /body/id")]
    [InlineData(Object + "}", """{"id":null}""", "WrongType /body/id")]
    [InlineData(Object + "}", """[]""", "WrongType /body")]
    [InlineData(Object + "}", """{"id":1""", "MalformedBody /body")]
    [InlineData(Object + "}", """{"id":1,"nam":"x"}""", "UnknownName /body/nam")]
    [InlineData(Object + "}", """{"id":1,"zzz":"x"}""", "UnknownName /body/zzz")]
    [InlineData(Object + ""","additionalProperties":false}""", """{"id":1,"zzz":"x"}""", "UnknownName /body/zzz")]
    [InlineData(Object + ""","additionalProperties":true}""", """{"id":1,"zzz":"x"}""", "fits")]
    [InlineData(Object + ""","additionalProperties":{"type":"string"}}""", """{"id":1,"zzz":"x"}""", "fits")]
    [InlineData(Object + ""","additionalProperties":{"type":"string"}}""", """{"id":1,"zzz":2}""", "WrongType /body/zzz")]
    [InlineData("""{"type":"object"}""", """{"zzz":{"a":[1]}}""", "fits")]
    [InlineData("""{}""", """{"zzz":1}""", "fits")]
    [InlineData("""{"type":"string","enum":["a","b"]}""", "\"c\"", "ForbiddenValue /body")]
    [InlineData("""{"type":"string","nullable":true,"enum":["a"]}""", "null", "fits")]
    [InlineData("""{"type":"integer","minimum":1,"exclusiveMinimum":true}""", "1", "OutOfBounds /body")]
    [InlineData("""{"type":"integer","minimum":1,"exclusiveMinimum":false}""", "1", "fits")]
    [InlineData("""{"type":"integer","maximum":3}""", "4", "OutOfBounds /body")]
    [InlineData("""{"type":"number","multipleOf":0.01}""", "1.234", "OutOfBounds /body")]
    [InlineData("""{"type":"integer","format":"int32"}""", "3000000000", "OutOfBounds /body")]
    [InlineData("""{"type":"string","maxLength":1}""", "\"😀\"", "fits")]
    [InlineData("""{"type":"string","minLength":2}""", "\"😀\"", "OutOfBounds /body")]
    [InlineData("""{"type":"string","pattern":"^[a-z]+$"}""", "\"a1\"", "WrongFormat /body")]
    [InlineData("""{"type":"string","format":"date-time"}""", "\"yesterday\"", "WrongFormat /body")]
    [InlineData("""{"type":"string","format":"unix-time"}""", "\"yesterday\"", "fits")]
    [InlineData("""{"type":"array","items":{"type":"integer"},"maxItems":2,"uniqueItems":true}""", "[1,2,3]", "OutOfBounds /body")]
    [InlineData("""{"type":"array","items":{"type":"integer"},"uniqueItems":true}""", "[1,1.0]", "OutOfBounds /body")]
    [InlineData("""{"type":"array","items":{"type":"integer"}}""", """[1,"2"]""", "WrongType /body/1")]
    [InlineData("""{"type":"object","minProperties":1}""", "{}", "OutOfBounds /body")]
    [InlineData("""{"not":{"type":"string"}}""", "\"x\"", "ForbiddenValue /body")]
    public async Task Check_OneSchemaOf30_JudgesByIt(string schema, string body, string expected) =>
        Assert.Equal(expected, (await Descriptions.OfBodyAsync(schema)).Check(Descriptions.Json(body)).Summary());

    [Theory]
    [InlineData("""{"type":["string","null"]}""", "null", "fits")]
    [InlineData("""{"type":["string","null"]}""", "1", "WrongType /body")]
    [InlineData("""{"type":"integer","exclusiveMinimum":1}""", "1", "OutOfBounds /body")]
    [InlineData("""{"const":"a"}""", "\"b\"", "ForbiddenValue /body")]
    [InlineData("""{"if":{"properties":{"k":{"const":"a"}}},"then":{"required":["x"]},"else":{"required":["y"]},"properties":{"k":{},"x":{},"y":{}}}""", """{"k":"a","y":1}""", "Missing /body/x")]
    [InlineData("""{"dependentRequired":{"a":["b"]},"properties":{"a":{},"b":{}}}""", """{"a":1}""", "Missing /body/b")]
    [InlineData("""{"propertyNames":{"pattern":"^[a-z]+$"}}""", """{"A":1}""", "WrongFormat /body/A")]
    [InlineData("""{"patternProperties":{"^x-":{"type":"string"}},"properties":{"a":{}}}""", """{"x-b":1}""", "WrongType /body/x-b")]
    [InlineData("""{"patternProperties":{"^x-":{"type":"string"}},"properties":{"a":{}}}""", """{"b":1}""", "UnknownName /body/b")]
    [InlineData("""{"allOf":[{"properties":{"a":{}}}],"properties":{"b":{}},"unevaluatedProperties":false}""", """{"a":1,"b":1,"c":1}""", "UnknownName /body/c")]
    [InlineData("""{"prefixItems":[{"type":"string"}],"items":{"type":"integer"}}""", """["a","b"]""", "WrongType /body/1")]
    [InlineData("""{"type":"array","contains":{"const":1}}""", "[2]", "OutOfBounds /body")]
    [InlineData("""{"properties":{"a":false}}""", """{"a":1}""", "UnknownName /body/a")]
    [InlineData("""{"$dynamicRef":"#node"}""", """{"a":1}""", "not judged")]
    [InlineData("""{"$ref":"https://schemas.example.com/thing.json"}""", """{"a":1}""", "not judged")]
    [InlineData("""{"$ref":"#/components/schemas/Nowhere"}""", """{"a":1}""", "not judged")]
    [InlineData("""{"type":"string","pattern":"(unclosed"}""", "\"a\"", "not judged")]
    [InlineData("""{"type":"any"}""", "\"a\"", "not judged")]
    [InlineData("""{"unevaluatedItems":false}""", "[1]", "not judged")]
    public async Task Check_OneSchemaOf31_JudgesByItOrSaysThatItCannot(string schema, string body, string expected) =>
        Assert.Equal(expected, (await Descriptions.OfBodyAsync(schema, "3.1.0")).Check(Descriptions.Json(body)).Summary());

    [Theory]
    [InlineData("""{"allOf":[{"$ref":"#/components/schemas/Cat"},{"properties":{"b":{}}}]}""", """{"kind":"Cat","meow":true,"b":1}""", "fits")]
    [InlineData("""{"allOf":[{"$ref":"#/components/schemas/Cat"},{"properties":{"b":{}}}]}""", """{"kind":"Cat","c":1}""", "UnknownName /body/c")]
    [InlineData("""{"oneOf":[{"$ref":"#/components/schemas/Cat"},{"$ref":"#/components/schemas/Dog"}],"discriminator":{"propertyName":"kind"}}""", """{"kind":"Dog","meow":true}""", "UnknownName /body/meow")]
    [InlineData("""{"oneOf":[{"$ref":"#/components/schemas/Cat"},{"$ref":"#/components/schemas/Dog"}],"discriminator":{"propertyName":"kind","mapping":{"hound":"#/components/schemas/Dog"}}}""", """{"kind":"hound","bark":1}""", "WrongType /body/bark")]
    [InlineData("""{"oneOf":[{"$ref":"#/components/schemas/Cat"},{"$ref":"#/components/schemas/Dog"}]}""", """{"kind":"Cat","bark":"loud"}""", "fits")]
    [InlineData("""{"oneOf":[{"$ref":"#/components/schemas/Cat"},{"$ref":"#/components/schemas/Dog"}]}""", """{"kind":"Cat","bork":"loud"}""", "UnknownName /body/bork")]
    [InlineData("""{"anyOf":[{"type":"string"},{"$ref":"#/components/schemas/Cat"}]}""", "1", "WrongType /body")]
    [InlineData("""{"anyOf":[{"type":"string"},{"$ref":"#/components/schemas/Cat"}]}""", """{"kind":"Cat","meow":1}""", "WrongType /body/meow")]
    [InlineData("""{"anyOf":[{"$ref":"#/components/schemas/Cat"},{"type":"object"}]}""", """{"kind":1,"anything":1}""", "fits")]
    [InlineData("""{"properties":{"a":{},"b":{}},"anyOf":[{"required":["a"]},{"required":["b"]}]}""", """{"b":1,"c":1}""", "UnknownName /body/c")]
    [InlineData("""{"properties":{"a":{},"b":{}},"anyOf":[{"required":["a"]},{"required":["b"]}]}""", """{}""", "NoAlternativeFits /body")]
    [InlineData("""{"oneOf":[{"$ref":"#/components/schemas/Loop"},{"$ref":"#/components/schemas/Cat"}]}""", """{"kind":"Cat"}""", "fits")]
    [InlineData("""{"$ref":"#/components/schemas/Loop"}""", """{"kind":"Cat"}""", "not judged")]
    [InlineData("""{"$ref":"#/components/schemas/Tree"}""", """{"children":[{"children":[{"children":[],"leaf":1}]}]}""", "UnknownName /body/children/0/children/0/leaf")]
    [InlineData("""{"$ref":"#/components/schemas/Pet"}""", """{"petType":"Fish","fins":"many"}""", "WrongType /body/fins")]
    [InlineData("""{"$ref":"#/components/schemas/Pet"}""", """{"petType":"Fish","fins":2}""", "fits")]
    public async Task Check_SchemasMadeOfSchemas_JudgesByTheLikeliest(string schema, string body, string expected)
    {
        const string components = """
            {
              "Cat": { "type": "object", "required": ["kind"], "properties": { "kind": { "type": "string" }, "meow": { "type": "boolean" } } },
              "Dog": { "type": "object", "required": ["kind"], "properties": { "kind": { "type": "string" }, "bark": { "type": "string" } } },
              "Loop": { "$ref": "#/components/schemas/Loop" },
              "Tree": { "properties": { "children": { "type": "array", "items": { "$ref": "#/components/schemas/Tree" } } } },
              "Pet": { "type": "object", "discriminator": { "propertyName": "petType" }, "required": ["petType"], "properties": { "petType": { "type": "string" } } },
              "Fish": { "allOf": [ { "$ref": "#/components/schemas/Pet" }, { "type": "object", "properties": { "fins": { "type": "integer" } } } ] }
            }
            """;

        Assert.Equal(expected, (await Descriptions.OfBodyAsync(schema, components: components)).Check(Descriptions.Json(body)).Summary());
    }

    [Fact]
    public async Task Check_NameSpelledWrong_SuggestsTheRightOneAndSaysWhereItStands()
    {
        var verdict = (await Descriptions.OfBodyAsync(Object + "}")).Check(Descriptions.Json("""{"id":1,"nmae":"x"}"""));

        var violation = Assert.Single(verdict.Violations);
        Assert.Equal("Did you mean \"name\"?", violation.Hint);
        Assert.Equal("api0.json#/paths/~1things/post/requestBody/content/application~1json/schema", violation.Place);
    }

    [Fact]
    public async Task Check_SlipWhereAnyNameIsAllowed_Warns()
    {
        var verdict = (await Descriptions.OfBodyAsync(Object + ""","additionalProperties":true}""")).Check(Descriptions.Json("""{"id":1,"nmae":"x"}"""));

        Assert.Equal(VerdictOutcome.Fits, verdict.Outcome);
        Assert.Equal((ViolationKind.UnknownName, ViolationSeverity.Warning), verdict.Violations.Select(violation => (violation.Kind, violation.Severity)).Single());
    }

    [Fact]
    public async Task Check_BothOfWhatExcludesEachOther_Warns()
    {
        var verdict = (await Descriptions.OfBodyAsync("""{"properties":{"a":{},"b":{}},"oneOf":[{"required":["a"]},{"required":["b"]}]}""")).Check(Descriptions.Json("""{"a":1,"b":1}"""));

        Assert.Equal(VerdictOutcome.Fits, verdict.Outcome);
        Assert.Equal(ViolationKind.SeveralAlternativesFit, verdict.Violations.Single().Kind);
    }

    [Fact]
    public async Task Check_ReadOnlyAndWriteOnly_BelongToOneDirection()
    {
        var description = await Descriptions.OfBodyAsync(
            """{"type":"object","required":["id","secret"],"properties":{"id":{"type":"string","readOnly":true},"secret":{"type":"string","writeOnly":true}}}""");
        var operation = description.Operations.Single();

        Assert.Equal("fits", description.Check(Descriptions.Json("""{"secret":"x"}""")).Summary());
        Assert.Equal(ViolationKind.ReadOnly, description.Check(Descriptions.Json("""{"secret":"x","id":"1"}""")).Violations.Single().Kind);
        Assert.Empty(description.CheckAnswer(operation, new VendorAnswer { Status = 200, ContentType = "application/json", Body = """{"id":"1"}"""u8.ToArray() }).Violations);
    }

    [Fact]
    public async Task Check_ValueAndSchemaThatMultiplyEachOther_IsNotJudged()
    {
        const string components = """{"T":{"anyOf":[{"properties":{"c":{"$ref":"#/components/schemas/T"}},"required":["x"]},{"properties":{"c":{"$ref":"#/components/schemas/T"}},"required":["y"]}]}}""";
        var body = string.Concat(Enumerable.Repeat("{\"c\":", 40)) + "{}" + new string('}', 40);

        var verdict = (await Descriptions.OfBodyAsync("""{"$ref":"#/components/schemas/T"}""", components: components)).Check(Descriptions.Json(body));

        Assert.Equal(VerdictOutcome.NotJudged, verdict.Outcome);
    }
}
