using System.Text.Json;
using IntegrationHub.Schemas;

namespace IntegrationHub.Abstractions.Tests.Schemas;

public sealed class SchemaValidatorTests
{
    [Theory]
    [InlineData("""{"type":"string"}""", "1", "", "Expected a string, found a number.", "quotation marks")]
    [InlineData("""{"type":"integer"}""", "1.5", "", "whole number", null)]
    [InlineData("""{"type":["string","null"]}""", "true", "", "a string or null", null)]
    [InlineData("""{"type":["array","string"],"items":{"type":"string"}}""", "[1]", "/0", "Expected a string", null)]
    [InlineData("""{"properties":{"a.b":{"properties":{"c/d~e":{"type":"string"}}}}}""", """{"a.b":{"c/d~e":3}}""", "/a.b/c~1d~0e", "Expected a string", null)]
    [InlineData("""{"properties":{"a":{"properties":{"b":{"type":"string"}}},"a.b":{"type":"string"}}}""", """{"a.b":3}""", "/a.b", "Expected a string", null)]
    [InlineData("""{"type":"object","required":["clientId"]}""", "{}", "/clientId", "\"clientId\" is required", null)]
    [InlineData("""{"properties":{"k":{"x-placeholder":"sk_…"}},"required":["k"]}""", "{}", "/k", "required", "sk_…")]
    [InlineData("""{"additionalProperties":false,"properties":{"clientId":{}}}""", """{"cleintId":1}""", "/cleintId", "not known", "Did you mean \"clientId\"?")]
    [InlineData("""{"additionalProperties":false,"properties":{"a":{},"b":{}}}""", """{"zzzzzz":1}""", "/zzzzzz", "not known", "Known: a, b.")]
    [InlineData("""{"enum":["red","green"]}""", "\"blue\"", "", "\"blue\" is not one of", "Allowed: red, green.")]
    [InlineData("""{"enum":[1]}""", "\"1\"", "", "not one of", "Allowed: 1.")]
    [InlineData("""{"pattern":"^a+$"}""", "\"b\"", "", "expected form", "^a+$")]
    [InlineData("""{"pattern":"^a+$","x-placeholder":"aaa"}""", "\"b\"", "", "expected form", "It looks like aaa.")]
    [InlineData("""{"pattern":"^[a-z]{3}$"}""", "\"usd\\n\"", "", "expected form", null)]
    [InlineData("""{"pattern":"^\\d+$"}""", "\"٣\"", "", "expected form", null)]
    [InlineData("""{"pattern":"^(?!b)(a+)+$"}""", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"", "", "took too long", "shorter")]
    [InlineData("""{"minLength":2}""", "\"😀\"", "", "too short", "2 characters")]
    [InlineData("""{"minimum":100000000000000000000000}""", "99999999999999999999999", "", "too small", null)]
    [InlineData("""{"maximum":100}""", "1e400", "", "too big", "100 or less")]
    [InlineData("""{"exclusiveMinimum":0}""", "0", "", "too small", "more than 0")]
    [InlineData("""{"multipleOf":0.01}""", "1.001", "", "not a multiple", null)]
    [InlineData("""{"uniqueItems":true}""", """[{"a":1,"b":2},{"b":2,"a":1.0}]""", "", "same item", null)]
    [InlineData("""{"minItems":2}""", "[1]", "", "Too few items", "at least 2")]
    [InlineData("""{"maxItems":0}""", "[1]", "", "Too many items", "at most 0")]
    [InlineData("""{"maxProperties":0}""", """{"a":1}""", "", "Too many properties", null)]
    [InlineData("""{"format":"email"}""", "\"nobody\"", "", "not a valid email", "name@example.com")]
    [InlineData("""{"format":"date-time"}""", "\"2026-01-31\"", "", "not a valid date-time", null)]
    [InlineData("""{"format":"uri"}""", "\"/relative\"", "", "not a valid uri", null)]
    [InlineData("""{"format":"uuid"}""", "\"x\"", "", "not a valid uuid", null)]
    [InlineData("""{"properties":{"a":false}}""", """{"a":1}""", "/a", "Nothing is allowed", "Leave it out.")]
    [InlineData("""{"not":{"type":"string"}}""", "\"a\"", "", "excluded", null)]
    [InlineData("""{"items":[{"type":"string"}],"additionalItems":false}""", """["a",2]""", "/1", "more items", null)]
    [InlineData("""{"additionalProperties":{"type":"string"}}""", """{"a":1}""", "/a", "Expected a string", null)]
    [InlineData("""{"patternProperties":{"^n_":{"type":"number"}},"additionalProperties":false}""", """{"n_x":"a"}""", "/n_x", "Expected a number", null)]
    [InlineData("""{"patternProperties":{"^n_":{}},"additionalProperties":false}""", """{"n_x":1,"y":2}""", "/y", "not known", null)]
    [InlineData("""{"allOf":[{"required":["a"]},{"properties":{"b":{"type":"string"}}}]}""", """{"a":1,"b":2}""", "/b", "Expected a string", null)]
    [InlineData("""{"properties":{"n":{"$ref":"#/definitions/n"}},"definitions":{"n":{"properties":{"n":{"$ref":"#/definitions/n"},"v":{"type":"string"}}}}}""", """{"n":{"n":{"n":{"v":1}}}}""", "/n/n/n/v", "Expected a string", null)]
    [InlineData("""{"$defs":{"a b":{"type":"string"}},"items":{"$ref":"#/$defs/a%20b"}}""", "[1]", "/0", "Expected a string", null)]
    [InlineData("""{"properties":{"children":{"items":{"$ref":"#"}},"v":{"type":"string"}}}""", """{"children":[{"v":1}]}""", "/children/0/v", "Expected a string", null)]
    public void Validate_FaultyValue_IssueSaysWhereAndWhat(string schema, string value, string pointer, string message, string? hint)
    {
        var issue = Assert.Single(Compile(schema).Validate(Json(value)));

        Assert.Equal(pointer, issue.Pointer);
        Assert.Contains(message, issue.Message, StringComparison.Ordinal);
        if (hint is not null)
            Assert.Contains(hint, issue.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"type":"integer"}""", "1.0")]
    [InlineData("""{"type":"integer"}""", "123456789012345678901234567890123456789012345678901234567890")]
    [InlineData("""{"type":"string"}""", "\"2026-01-31T00:00:00Z\"")]
    [InlineData("""{"enum":["2026-01-31T00:00:00+03:00"]}""", "\"2026-01-31T00:00:00+03:00\"")]
    [InlineData("""{"format":"date-time"}""", "\"2026-01-31T09:30:00.123+03:00\"")]
    [InlineData("""{"required":["a"]}""", "\"not an object\"")]
    [InlineData("""{"maxLength":1}""", "\"😀\"")]
    [InlineData("""{"multipleOf":0.01}""", "19.99")]
    [InlineData("""{"uniqueItems":true}""", "[1,\"1\",true,\"true\",null]")]
    [InlineData("""{"type":["string","null"]}""", "null")]
    [InlineData("""{"pattern":"^(a+)+$"}""", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"")]
    [InlineData("""{"title":{"en":"Key","ar":"مفتاح"},"description":{"en":"x"},"type":"string"}""", "\"a\"")]
    [InlineData("""{"format":"something-else"}""", "\"a\"")]
    [InlineData("true", "1")]
    [InlineData("""{"patternProperties":{"^x-":true},"additionalProperties":false}""", """{"x-a":1}""")]
    public void Validate_GoodValue_NoIssue(string schema, string value) => Assert.Empty(Compile(schema).Validate(Json(value)));

    [Fact]
    public void Validate_SeveralFaults_ReportsAll()
    {
        var schema = Compile("""{"type":"object","required":["a","b"],"additionalProperties":false,"properties":{"a":{"type":"string"},"b":{},"c":{"minimum":3}}}""");

        var pointers = schema.Validate(Json("""{"a":1,"c":2,"d":3}""")).Select(issue => issue.Pointer);

        Assert.Equal(["/a", "/b", "/c", "/d"], pointers.Order());
    }

    [Fact]
    public void Validate_OneOfWithDiscriminator_ReportsTheMeantBranch()
    {
        var schema = Compile("""
            {"oneOf":[
              {"required":["kind","size"],"additionalProperties":false,"properties":{"kind":{"enum":["box"]},"size":{"type":"number"}}},
              {"required":["kind","radius"],"additionalProperties":false,"properties":{"kind":{"enum":["ball"]},"radius":{"type":"number"}}}]}
            """);

        var issue = Assert.Single(schema.Validate(Json("""{"kind":"ball","radius":"3"}""")));

        Assert.Equal("/radius", issue.Pointer);
        Assert.Contains("Expected a number", issue.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"anyOf":[{"type":"string"},{"type":"array"}]}""", "3", "a string or an array")]
    [InlineData("""{"anyOf":[{"required":["to"]},{"required":["cc"]}]}""", "{}", "\"to\", or \"cc\"")]
    [InlineData("""{"oneOf":[{"required":["a"]},{"required":["b"]}]}""", """{"a":1,"b":1}""", "more than one")]
    public void Validate_NoAlternativeFits_SaysWhatIsPossible(string schema, string value, string message)
    {
        var issue = Assert.Single(Compile(schema).Validate(Json(value)));

        Assert.Equal("", issue.Pointer);
        Assert.Contains(message, issue.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"properties":{"k":{"x-secret":true,"enum":["one"]}}}""")]
    [InlineData("""{"properties":{"k":{"x-secret":true,"pattern":"^sk_"}}}""")]
    [InlineData("""{"properties":{"k":{"x-secret":true,"type":"integer"}}}""")]
    [InlineData("""{"properties":{"k":{"x-secret":true,"format":"email"}}}""")]
    [InlineData("""{"properties":{"k":{"x-secret":true,"maxLength":3}}}""")]
    [InlineData("""{"properties":{"k":{"x-secret":true,"anyOf":[{"enum":["one"]},{"$ref":"#/definitions/two"}]}},"definitions":{"two":{"enum":["two"]}}}""")]
    public void Validate_SecretIsWrong_NeverRepeatsIt(string schema)
    {
        var issues = Compile(schema).Validate(Json("""{"k":"hush-hush"}"""));

        Assert.NotEmpty(issues);
        Assert.DoesNotContain(issues, issue => (issue.Message + issue.Hint).Contains("hush", StringComparison.Ordinal));
    }

    [Fact]
    public void Validate_LongWrongValue_RepeatsOnlyItsBeginning()
    {
        var issue = Assert.Single(Compile("""{"enum":["a"]}""").Validate(Json($"\"{new string('x', 10_000)}\"")));

        Assert.True(issue.Message.Length < 200);
    }

    [Fact]
    public void Validate_DepthBomb_IsAnIssue()
    {
        var depth = 20_000;
        var text = new string('[', depth) + new string(']', depth);
        using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = depth + 1 });

        var issue = Assert.Single(Compile("{}").Validate(document.RootElement));

        Assert.Contains("nested too deeply", issue.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_LoneSurrogate_IsAnIssue() =>
        Assert.Contains("Unicode", Assert.Single(Compile("""{"properties":{"a":{"minLength":1}}}""").Validate(Json("""{"a":"\ud800"}"""))).Message, StringComparison.Ordinal);

    [Fact]
    public void Validate_SchemaThatMultipliesWithDepth_IsAnIssue()
    {
        var schema = Compile("""{"definitions":{"n":{"allOf":[{"properties":{"n":{"$ref":"#/definitions/n"}}},{"properties":{"n":{"$ref":"#/definitions/n"}}}]}},"$ref":"#/definitions/n"}""");
        var value = string.Concat(Enumerable.Repeat("{\"n\":", 40)) + "1" + new string('}', 40);

        Assert.Contains("too long", Assert.Single(schema.Validate(Json(value))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_ManyFaults_StopsCounting()
    {
        var issues = Compile("""{"items":{"type":"string"}}""").Validate(Json("[" + string.Join(",", Enumerable.Repeat("1", 5_000)) + "]"));

        Assert.Equal(501, issues.Count);
        Assert.Contains("more", issues[^1].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Validate_ManyThreads_SameAnswer()
    {
        var schema = Compile("""{"type":"object","patternProperties":{"^a":{"pattern":"^x+$"}},"additionalProperties":false}""");
        var value = Json("""{"a":"xxx","b":1}""");

        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => Task.Run(() => schema.Validate(value))));

        Assert.All(answers, issues => Assert.Equal("/b", Assert.Single(issues).Pointer));
    }

    [Theory]
    [InlineData("""{"$ref":"http://127.0.0.1:1/schema.json"}""", "/$ref", "only into the same schema")]
    [InlineData("""{"properties":{"a":{"$ref":"file:///etc/hostname"}}}""", "/properties/a/$ref", "only into the same schema")]
    [InlineData("""{"properties":{"a":{"$ref":"other.json#/x"}}}""", "/properties/a/$ref", "only into the same schema")]
    [InlineData("""{"$ref":3}""", "/$ref", "only into the same schema")]
    [InlineData("""{"items":{"$ref":"#/definitions/none"}}""", "/items/$ref", "nowhere")]
    [InlineData("""{"$ref":"#"}""", "", "without end")]
    [InlineData("""{"allOf":[{"$ref":"#/definitions/a"}],"definitions":{"a":{"anyOf":[{"$ref":"#/definitions/b"}]},"b":{"$ref":"#/definitions/a"}}}""", "/definitions/a", "without end")]
    [InlineData("""{"properties":{"a":{"const":"x"}}}""", "/properties/a/const", "not supported")]
    [InlineData("""{"if":{}}""", "/if", "not supported")]
    [InlineData("""{"nullable":true}""", "/nullable", "not supported")]
    [InlineData("""{"propertes":{}}""", "/propertes", "Did you mean \"properties\"?")]
    [InlineData("""{"type":"strin"}""", "/type", "Did you mean \"string\"?")]
    [InlineData("""{"type":[]}""", "/type", "one of the type names")]
    [InlineData("""{"pattern":"["}""", "/pattern", "not a regular expression")]
    [InlineData("""{"patternProperties":{"(":{}}}""", "/patternProperties/(", "not a regular expression")]
    [InlineData("""{"required":"a"}""", "/required", "an array, not a string")]
    [InlineData("""{"required":[1]}""", "/required", "property names")]
    [InlineData("""{"enum":[]}""", "/enum", "empty")]
    [InlineData("""{"minLength":-1}""", "/minLength", "zero or more")]
    [InlineData("""{"exclusiveMinimum":true}""", "/exclusiveMinimum", "a number, not a boolean")]
    [InlineData("""{"multipleOf":0}""", "/multipleOf", "more than zero")]
    [InlineData("""{"properties":{"a":3}}""", "/properties/a", "object or a boolean")]
    [InlineData("""{"definitions":{"unused":{"type":"x"}}}""", "/definitions/unused/type", "Unknown type")]
    [InlineData("""{"properties":{"a":{"$ref":"#/definitions/b","minLength":1}},"definitions":{"b":{}}}""", "/properties/a/minLength", "ignored")]
    [InlineData("[]", "", "object or a boolean")]
    public void TryCompile_FaultySchema_IssueSaysWhereAndWhat(string schema, string pointer, string phrase)
    {
        var issues = SchemaValidator.TryCompile(Json(schema), out var validator);

        Assert.Null(validator);
        Assert.Contains(issues, issue => issue.Pointer == pointer && $"{issue.Message} {issue.Hint}".Contains(phrase, StringComparison.Ordinal));
        Assert.Throws<ArgumentException>(() => SchemaValidator.Compile(Json(schema)));
    }

    [Fact]
    public void TryCompile_ConstKeyword_HintsAtEnum() =>
        Assert.Contains("enum: [\"x\"]", Assert.Single(SchemaValidator.TryCompile(Json("""{"const":1}"""), out _)).Hint, StringComparison.Ordinal);

    [Fact]
    public void TryCompile_ReferencesThatMultiply_IsRefused()
    {
        var definitions = string.Join(",", Enumerable.Range(0, 30).Select(i => $$"""
            "d{{i}}":{"allOf":[{"$ref":"#/definitions/d{{i + 1}}"},{"$ref":"#/definitions/d{{i + 1}}"}]}
            """));

        var issues = SchemaValidator.TryCompile(Json("{\"$ref\":\"#/definitions/d0\",\"definitions\":{" + definitions + ",\"d30\":{}}}"), out _);

        Assert.Contains(issues, issue => issue.Message.Contains("multiply", StringComparison.Ordinal));
    }

    [Fact]
    public void ApplyDefaults_AbsentProperties_AreFilledInEverywhere()
    {
        var schema = Compile("""
            {"properties":{"a":{"default":1.50},"b":{"properties":{"c":{"default":"x"},"d":{}}},"e":{"$ref":"#/definitions/e"},"f":{"properties":{"g":{"default":1}}}},
             "allOf":[{"properties":{"h":{"default":[]}}}],"definitions":{"e":{"default":true}}}
            """);

        var filled = schema.ApplyDefaults(Json("""{"b":{"d":null},"z":1}"""));

        Assert.Equal("""{"b":{"d":null,"c":"x"},"z":1,"a":1.50,"e":true,"h":[]}""", filled.GetRawText());
    }

    [Theory]
    [InlineData("""{"a":null}""")]
    [InlineData("""{"a":2}""")]
    [InlineData("[]")]
    [InlineData("3")]
    public void ApplyDefaults_NothingAbsent_SameValue(string value) =>
        Assert.Equal(value, Compile("""{"properties":{"a":{"default":1}}}""").ApplyDefaults(Json(value)).GetRawText());

    private static SchemaValidator Compile(string schema) => SchemaValidator.Compile(Json(schema));

    private static JsonElement Json(string text)
    {
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }
}
