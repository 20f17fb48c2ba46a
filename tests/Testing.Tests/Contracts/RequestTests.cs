using System.Text;
using IntegrationHub.Testing.Contracts;

namespace IntegrationHub.Testing.Tests.Contracts;

public sealed class RequestTests
{
    [Theory]
    [InlineData("""  "schema":{"type":"integer","minimum":1} """, "?p=5", "fits")]
    [InlineData("""  "schema":{"type":"integer","minimum":1} """, "?p=0", "OutOfBounds /query/p")]
    [InlineData("""  "schema":{"type":"integer"} """, "?p=five", "WrongType /query/p")]
    [InlineData("""  "schema":{"type":"integer"} """, "?p=1.0", "WrongType /query/p")]
    [InlineData("""  "schema":{"type":"boolean"} """, "?p=True", "WrongType /query/p")]
    [InlineData("""  "schema":{"type":"string"},"required":true """, "", "Missing /query/p")]
    [InlineData("""  "schema":{"type":"string"} """, "?P=x", "UnknownName /query/P")]
    [InlineData("""  "schema":{"type":"string"} """, "?p=a&p=b", "WrongEncoding /query/p")]
    [InlineData("""  "schema":{"type":"integer"},"allowEmptyValue":true """, "?p=", "fits")]
    [InlineData("""  "schema":{"type":"integer"} """, "?p=", "WrongType /query/p")]
    [InlineData("""  "schema":{"type":"array","items":{"type":"integer"}} """, "?p=1&p=2", "fits")]
    [InlineData("""  "schema":{"type":"array","items":{"type":"integer"}} """, "?p=1", "fits")]
    [InlineData("""  "schema":{"type":"array","items":{"type":"integer"}} """, "?p=1,2", "WrongType /query/p/0")]
    [InlineData("""  "schema":{"type":"array","items":{"type":"integer"}} """, "?p[]=1", "WrongEncoding /query/p")]
    [InlineData("""  "explode":false,"schema":{"type":"array","items":{"type":"integer"}} """, "?p=1,2", "fits")]
    [InlineData("""  "explode":false,"schema":{"type":"array","items":{"type":"integer"}} """, "?p=1%2Cx", "WrongType /query/p/1")]
    [InlineData("""  "explode":false,"schema":{"type":"array","items":{"type":"integer"}} """, "?p=1&p=2", "WrongEncoding /query/p")]
    [InlineData("""  "style":"spaceDelimited","explode":false,"schema":{"type":"array","items":{"type":"integer"}} """, "?p=1%202", "fits")]
    [InlineData("""  "style":"pipeDelimited","explode":false,"schema":{"type":"array","items":{"type":"integer"}} """, "?p=1|2", "fits")]
    [InlineData("""  "style":"pipeDelimited","explode":false,"schema":{"type":"array","items":{"type":"integer"}} """, "?p=1,2", "WrongType /query/p/0")]
    [InlineData("""  "style":"deepObject","schema":{"type":"object","properties":{"gte":{"type":"integer"}}} """, "?p[gte]=1", "fits")]
    [InlineData("""  "style":"deepObject","schema":{"type":"object","properties":{"gte":{"type":"integer"}}} """, "?p[gt]=1", "UnknownName /query/p/gt")]
    [InlineData("""  "style":"deepObject","schema":{"type":"object","properties":{"gte":{"type":"integer"}}} """, "?p=1", "WrongEncoding /query/p")]
    [InlineData("""  "style":"deepObject","schema":{"anyOf":[{"type":"object","properties":{"gte":{"type":"integer"}}},{"type":"integer"}]} """, "?p=1", "fits")]
    [InlineData("""  "style":"deepObject","schema":{"type":"array","items":{"type":"string"}} """, "?p[0]=a&p[]=b", "fits")]
    [InlineData("""  "schema":{"type":"object","properties":{"a":{"type":"integer"}}} """, "?a=1", "fits")]
    [InlineData("""  "schema":{"type":"object","properties":{"a":{"type":"integer"}}} """, "?a=x", "WrongType /query/a")]
    [InlineData("""  "schema":{"type":"object","properties":{"a":{"type":"integer"}}} """, "?b=1", "UnknownName /query/b")]
    [InlineData("""  "content":{"application/json":{"schema":{"type":"object","properties":{"a":{"type":"integer"}}}}} """, "?p=%7B%22a%22:1%7D", "fits")]
    [InlineData("""  "content":{"application/json":{"schema":{"type":"object","properties":{"a":{"type":"integer"}}}}} """, "?p=a", "WrongEncoding /query/p")]
    [InlineData("""  "content":{"application/xml":{"schema":{"type":"string"}}} """, "?p=a", "not judged")]
    public async Task Check_QueryParameter_ReadsItAsItIsDescribed(string parameter, string query, string expected) =>
        Assert.Equal(expected, (await Descriptions.OfQueryAsync(parameter)).Check(Descriptions.Get("/things" + query)).Summary());

    private const string Paths = """
        openapi: 3.0.3
        servers: [{ url: "https://{region}.example.com/api/v2" }]
        paths:
          /users/{id}:
            parameters: [{ name: id, in: path, required: true, schema: { type: integer } }]
            get: { parameters: [{ name: X-Version, in: header, required: true, schema: { enum: ["1"] } }] }
            delete: {}
          /users/me: { get: {} }
          /files/{name}.json: { get: {} }
        """;

    [Theory]
    [InlineData("GET", "https://eu.example.com/api/v2/users/5", "fits")]
    [InlineData("GET", "/users/5", "fits")]
    [InlineData("GET", "/api/v2/users/5", "fits")]
    [InlineData("GET", "/users/me", "fits")]
    [InlineData("DELETE", "/users/me", "WrongType /path/id")]
    [InlineData("GET", "/users/you", "WrongType /path/id")]
    [InlineData("GET", "/files/a%20b.json", "fits")]
    [InlineData("GET", "/files/.json", "UnknownPath /path")]
    [InlineData("PUT", "/users/5", "UnknownMethod /method")]
    [InlineData("GET", "/user/5", "UnknownPath /path")]
    [InlineData("GET", "/users/5/", "UnknownPath /path")]
    [InlineData("GET", "//users/5", "UnknownPath /path")]
    [InlineData("GET", "https://eu.example.com/users/5", "UnknownPath /path")]
    public async Task Check_Path_FindsTheMostSpecificBehindTheBasePath(string method, string address, string expected) =>
        Assert.Equal(expected, (await Descriptions.ReadAsync(Paths)).Check(Descriptions.Request(method, address, headers: ("X-Version", "1"))).Summary());

    [Theory]
    [InlineData("GET", "/user/5", "Did you mean /users/{id}?")]
    [InlineData("GET", "https://eu.example.com/users/me", "Did you mean /api/v2/users/{id}?")]
    [InlineData("PUT", "/users/5", "Known: GET, DELETE.")]
    [InlineData("GET", "/something/else/altogether", null)]
    public async Task Check_PathOrMethodUnknown_SuggestsTheNearest(string method, string address, string? hint) =>
        Assert.Equal(hint, Assert.Single((await Descriptions.ReadAsync(Paths)).Check(Descriptions.Request(method, address)).Violations).Hint);

    [Fact]
    public async Task Check_Header_IsJudged()
    {
        var description = await Descriptions.ReadAsync(Paths);

        Assert.Equal("Missing /header/X-Version", description.Check(Descriptions.Get("/users/5")).Summary());
        Assert.Equal("ForbiddenValue /header/X-Version", description.Check(Descriptions.Get("/users/5", ("x-version", "2"))).Summary());
    }

    private const string Forms = """
        openapi: 3.0.3
        paths:
          /things:
            post:
              requestBody:
                required: true
                content:
                  application/x-www-form-urlencoded:
                    encoding:
                      items: { style: deepObject, explode: true }
                      tags: { style: form, explode: false }
                    schema:
                      type: object
                      required: [amount]
                      properties:
                        amount: { type: integer }
                        items: { type: array, items: { type: object, properties: { price: { type: string }, quantity: { type: integer } } } }
                        tags: { type: array, items: { enum: [a, b] } }
                        urls: { type: array, items: { type: string, format: uri } }
                        metadata: { type: object, additionalProperties: { type: string } }
                        filter: { type: object, properties: { since: { type: integer } } }
                  multipart/form-data:
                    encoding: { file: { contentType: "image/*" } }
                    schema: { type: object, required: [file], properties: { file: { type: string, format: binary }, caption: { type: string, maxLength: 5 }, extra: { type: object, properties: { a: { type: integer } } } } }
                  application/octet-stream: {}
                  application/x-ndjson: {}
                  application/xml: {}
        """;

    [Theory]
    [InlineData("amount=5", "fits")]
    [InlineData("amount=5.5", "WrongType /body/amount")]
    [InlineData("", "Missing /body/amount")]
    [InlineData("amount=5&amont=6", "UnknownName /body/amont")]
    [InlineData("amount=5&items[0][price]=p&items[0][quantity]=2", "fits")]
    [InlineData("amount=5&items[][price]=p&items[][quantity]=x", "WrongType /body/items/0/quantity")]
    [InlineData("amount=5&items[0][prise]=p", "UnknownName /body/items/0/prise")]
    [InlineData("amount=5&items=p", "WrongEncoding /body/items")]
    [InlineData("amount=5&items[a][price]=p", "WrongType /body/items")]
    [InlineData("amount=5&tags=a%2Cb", "fits")]
    [InlineData("amount=5&tags=a&tags=b", "WrongEncoding /body/tags")]
    [InlineData("amount=5&tags[]=a", "WrongEncoding /body/tags")]
    [InlineData("amount=5&tags=a,c", "ForbiddenValue /body/tags/1")]
    [InlineData("amount=5&urls=https%3A%2F%2Fexample.com", "fits")]
    [InlineData("amount=5&urls=https://example.com&urls=nothing", "WrongFormat /body/urls/1")]
    [InlineData("amount=5&metadata[any+name]=x&metadata[1]=y", "fits")]
    [InlineData("amount=5&metadata[a][b]=x", "WrongType /body/metadata/a")]
    [InlineData("amount=5&filter={\"since\":1}", "fits")]
    [InlineData("amount=5&filter={\"since\":\"x\"}", "WrongType /body/filter/since")]
    [InlineData("amount=5&filter[since]=1&filter=2", "UnknownName /body/filter/(without brackets)")]
    public async Task Check_Form_ReadsBracketsAsTheyAreDescribed(string body, string expected) =>
        Assert.Equal(expected, (await Descriptions.ReadAsync(Forms)).Check(Descriptions.Form(body)).Summary());

    [Theory]
    [InlineData("name=\"file\"; filename=\"a.png\"|image/png|x", "fits")]
    [InlineData("name=\"file\"; filename=\"a.pdf\"|application/pdf|x", "WrongContentType /body/file")]
    [InlineData("name=\"picture\"; filename=\"a.png\"|image/png|x", "Missing /body/file; UnknownName /body/picture")]
    [InlineData("name=\"file\"; filename=\"a.png\"|image/png|x;name=caption||far too long", "OutOfBounds /body/caption")]
    [InlineData("name=\"file\"; filename=\"a.png\"|image/png|x;name=extra|application/json|{\"a\":\"b\"}", "WrongType /body/extra/a")]
    [InlineData("filename=\"a.png\"|image/png|x", "MalformedBody /body")]
    public async Task Check_Multipart_JudgesItsParts(string parts, string expected)
    {
        var body = new StringBuilder();
        foreach (var part in parts.Split(";name=").Select((part, index) => (index == 0 ? part : "name=" + part).Split('|')))
            body.Append("--b\r\nContent-Disposition: form-data; ").Append(part[0]).Append("\r\n").Append(part[1].Length > 0 ? $"Content-Type: {part[1]}\r\n" : "").Append("\r\n").Append(part[2]).Append("\r\n");

        var verdict = (await Descriptions.ReadAsync(Forms)).Check(Descriptions.Json(body + "--b--\r\n", "multipart/form-data; boundary=b"));

        Assert.Equal(expected, verdict.Summary());
    }

    [Theory]
    [InlineData("application/octet-stream", "x", "fits")]
    [InlineData("application/x-ndjson", "{}\n", "not judged")]
    [InlineData("application/xml", "<a/>", "not judged")]
    [InlineData("application/json", "{}", "WrongContentType /header/Content-Type")]
    [InlineData("multipart/form-data; boundary=b", "--b\r\n", "MalformedBody /body")]
    [InlineData("multipart/form-data", "--b\r\n", "MalformedBody /body")]
    [InlineData(null, "x", "WrongContentType /header/Content-Type")]
    [InlineData(null, "", "Missing /body")]
    public async Task Check_OtherBodies_AreJudgedAsFarAsTheyCanBe(string? contentType, string body, string expected) =>
        Assert.Equal(expected, (await Descriptions.ReadAsync(Forms)).Check(Descriptions.Request("POST", "/things", body, contentType)).Summary());

    [Theory]
    [InlineData("{\"a\":1}\n{\"a\":2}\n", "fits")]
    [InlineData("{\"a\":1}\n{\"a\":\"2\"}\n", "WrongType /body/1/a")]
    [InlineData("{\"a\":1}", "MalformedBody /body")]
    [InlineData("{\"a\":1}\n{\n", "MalformedBody /body/1")]
    public async Task Check_Lines_AreTheItemsOfTheDescribedArray(string body, string expected) =>
        Assert.Equal(
            expected,
            (await Descriptions.OfBodyAsync("""{"type":"array","items":{"type":"object","properties":{"a":{"type":"integer"}}}}""")).Check(Descriptions.Json(body, "application/x-ndjson")).Summary());

    [Theory]
    [InlineData("Authorization", "Bearer x", "fits")]
    [InlineData("Authorization", "Basic x", "Security /header/Authorization")]
    [InlineData("X-Key", "x", "fits")]
    [InlineData("X-Kee", "x", "Security /header/Authorization")]
    public async Task Check_Credentials_AreOfADescribedSort(string name, string value, string expected)
    {
        var description = await Descriptions.ReadAsync("""
            openapi: 3.0.3
            security: [{ token: [] }, { key: [] }]
            paths: { /things: { get: {} }, /open: { get: { security: [{}] } } }
            components: { securitySchemes: { token: { type: http, scheme: bearer }, key: { type: apiKey, in: header, name: X-Key } } }
            """);

        Assert.Equal(expected, description.Check(Descriptions.Get("/things", (name, value))).Summary());
        Assert.Equal("fits", description.Check(Descriptions.Get("/open")).Summary());
        Assert.DoesNotContain("Basic x", string.Concat(description.Check(Descriptions.Get("/things", (name, value))).Violations), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_BodyWhereNoneIsDescribed_IsUnexpected()
    {
        var description = await Descriptions.ReadAsync("{\"openapi\":\"3.0.3\",\"paths\":{\"/things\":{\"post\":{}}}}");

        Assert.Equal("UnexpectedBody /body", description.Check(Descriptions.Json("""{"a":1}""")).Summary());
        Assert.Equal("fits", description.Check(Descriptions.Json("{}")).Summary());
        Assert.Equal("fits", description.Check(Descriptions.Request("POST", "/things")).Summary());
    }

    [Fact]
    public async Task FromAsync_RequestOfAClient_KeepsHeadersOfBothSortsAndTheBody()
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, "http://127.0.0.1/things?p=1") { Content = new StringContent("{}", Encoding.UTF8, "application/json") };
        message.Headers.Add("X-Two", ["a", "b"]);

        var request = await VendorRequest.FromAsync(message, CancellationToken.None);

        Assert.Equal(["a", "b"], request.Headers["x-two"]);
        Assert.Equal("application/json; charset=utf-8", request.ContentType);
        Assert.Equal("{}", Encoding.UTF8.GetString(request.Body.Span));
        Assert.Equal("{}", await message.Content.ReadAsStringAsync());
    }
}
