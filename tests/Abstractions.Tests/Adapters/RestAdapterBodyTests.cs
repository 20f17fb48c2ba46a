using System.Text;
using IntegrationHub.Adapters;
using IntegrationHub.Manifests;

namespace IntegrationHub.Abstractions.Tests.Adapters;

/// <summary>Bodies as manifests describe them.</summary>
public sealed class RestAdapterBodyTests
{
    private static HttpManifest Post(BodyManifest? body, string path = "/v1/things") => new() { Method = "POST", Path = path, Body = body };

    [Fact]
    public async Task Json_UnusedParameters_AreTheBodyVerbatim()
    {
        var harness = new RestHarness { Http = Post(null, "/v1/{params.id}") };

        await harness.RunAsync("""{"id":"i","text":"سلام \"quoted\" \\ / <b>","n":12345678901234567890.10,"e":1E5,"l":[1,{"a":null}],"t":false}""");

        Assert.Equal("""{"text":"سلام \"quoted\" \\ / <b>","n":12345678901234567890.10,"e":1E5,"l":[1,{"a":null}],"t":false}""", harness.Sent.Body);
        Assert.Equal("application/json", harness.Sent.Headers["Content-Type"]);
        Assert.Equal("IntegrationHub/1.0", harness.Sent.Headers["User-Agent"]);
        Assert.Equal("", harness.Sent.Uri.Query);
    }

    [Theory]
    [InlineData("""{"a":{"b":"{params.x}"},"c":"{params.none}"}""", """{"a":{"b":[1]}}""")]
    [InlineData("\"{params}\"", """{"x":[1],"y":"z"}""")]
    [InlineData("\"{params.x}\"", "[1]")]
    [InlineData("[\"{params.y}\"]", "[\"z\"]")]
    [InlineData("{}", "{}")]
    public async Task Json_Template_IsTheBody(string template, string expected)
    {
        var harness = new RestHarness { Http = Post(new() { Kind = BodyKind.Json, Template = RestHarness.Json(template) }) };
        await harness.RunAsync("""{"x":[1],"y":"z"}""");
        Assert.Equal(expected, harness.Sent.Body);
    }

    [Fact]
    public async Task Json_TemplateWhoseOnlyValueIsMissing_SendsNoBody()
    {
        var harness = new RestHarness { Http = Post(new() { Kind = BodyKind.Json, Template = RestHarness.Json("\"{params.none}\"") }) };
        Assert.True((await harness.RunAsync()).Succeeded);
        Assert.False(harness.Sent.Headers.ContainsKey("Content-Type"));
    }

    [Theory]
    [InlineData(ArrayFormat.Indices, "a[0]=x&a[1]=y&o[p][q]=1.50&l[0][price]=p&t=true&f=false&e=&u=سلام 100%&")]
    [InlineData(ArrayFormat.Brackets, "a[]=x&a[]=y&o[p][q]=1.50&l[][price]=p&t=true&f=false&e=&u=سلام 100%&")]
    [InlineData(ArrayFormat.Repeat, "a=x&a=y&o[p][q]=1.50&l[0][price]=p&t=true&f=false&e=&u=سلام 100%&")]
    [InlineData(ArrayFormat.Comma, "a=x,y&o[p][q]=1.50&l[0][price]=p&t=true&f=false&e=&u=سلام 100%&")]
    public async Task Form_NestedValues_AreWrittenAsTheFormatSays(ArrayFormat format, string expected)
    {
        var harness = new RestHarness { Http = Post(new() { Kind = BodyKind.Form, ArrayFormat = format }) };

        await harness.RunAsync("""{"a":["x","y"],"o":{"p":{"q":1.50}},"l":[{"price":"p"}],"t":true,"f":false,"e":null,"u":"سلام 100%&","none":[],"empty":{}}""");

        var decoded = string.Join('&', harness.Sent.Body.Split('&').Select(Uri.UnescapeDataString));
        Assert.Equal(expected, decoded);
        Assert.True(harness.Sent.Body.All(c => char.IsAscii(c) && c is not ('[' or ' ')));
        Assert.Equal("application/x-www-form-urlencoded", harness.Sent.Headers["Content-Type"]);
    }

    [Fact]
    public async Task Graphql_DocumentAndVariables_AreSentAsTheyAre()
    {
        const string document = "query($id: ID!) {node(id:$id){... on User{name}}} # {{params.id}}";
        var harness = new RestHarness { Http = Post(new() { Kind = BodyKind.Graphql, Query = document, Template = RestHarness.Json("""{"id":"{params.id}","x":"{params.none}"}""") }) };

        await harness.RunAsync("""{"id":"a\"b"}""");

        var body = RestHarness.Json(harness.Sent.Body);
        Assert.Equal(document, body.GetProperty("query").GetString());
        Assert.Equal("""{"id":"a\"b"}""", body.GetProperty("variables").GetRawText());
    }

    [Fact]
    public async Task Ndjson_EachElement_IsALineThatEnds()
    {
        var harness = new RestHarness { Http = Post(new() { Kind = BodyKind.Ndjson, Template = RestHarness.Json("\"{params.lines}\"") }) };

        await harness.RunAsync("""{"lines":[{"index":{"_id":"1"}},{"text":"line\nbreak سلام"}]}""");

        Assert.Equal("{\"index\":{\"_id\":\"1\"}}\n{\"text\":\"line\\nbreak سلام\"}\n", harness.Sent.Body);
        Assert.Equal("application/x-ndjson", harness.Sent.Headers["Content-Type"]);
    }

    [Theory]
    [InlineData("""{"lines":"x"}""")]
    [InlineData("{}")]
    public async Task Ndjson_NoArray_IsInvalid(string parameters)
    {
        var harness = new RestHarness { Http = Post(new() { Kind = BodyKind.Ndjson, Template = RestHarness.Json("\"{params.lines}\"") }) };
        Assert.Equal(ErrorCategory.InvalidParams, (await harness.RunAsync(parameters)).Error!.Category);
    }

    [Fact]
    public async Task Raw_TextTemplate_IsSentAsItsType()
    {
        var harness = new RestHarness { Http = Post(new() { Kind = BodyKind.Raw, Template = RestHarness.Json("\"<a>{params.x}</a>\""), ContentType = "text/xml" }) };
        await harness.RunAsync("""{"x":"سلام"}""");
        Assert.Equal("<a>سلام</a>", harness.Sent.Body);
        Assert.Equal("text/xml", harness.Sent.Headers["Content-Type"]);
    }

    [Fact]
    public async Task Raw_ContentStream_IsSentAndLeftOpen()
    {
        var harness = new RestHarness { Operation = new() { Stream = new() { Request = true }, Http = Post(new() { Kind = BodyKind.Raw }) } };
        using var stream = new MemoryStream("bytes"u8.ToArray());

        await harness.RunAsync(content: new OperationContent(stream, "image/png"));

        Assert.Equal("bytes", harness.Sent.Body);
        Assert.Equal("image/png", harness.Sent.Headers["Content-Type"]);
        Assert.True(stream.CanRead);
    }

    [Fact]
    public async Task Raw_WithoutContentStream_IsInvalid()
    {
        var harness = new RestHarness { Operation = new() { Stream = new() { Request = true }, Http = Post(new() { Kind = BodyKind.Raw }) } };
        Assert.Equal(ErrorCategory.InvalidParams, (await harness.RunAsync()).Error!.Category);
    }

    [Fact]
    public async Task Multipart_FieldsAndStream_AreWrittenAsBrowsersDo()
    {
        var harness = new RestHarness { Operation = new() { Stream = new() { Request = true }, Http = Post(new() { Kind = BodyKind.Multipart, FilePart = "doc" }) } };

        await harness.RunAsync("""{"title":"سلام","meta":{"a":[1,true]}}""", content: new OperationContent(new MemoryStream("data"u8.ToArray()), "text/csv", FileName: "/etc/\"تقرير\"\r\nX: y.csv"));

        var boundary = harness.Sent.Headers["Content-Type"]["multipart/form-data; boundary=".Length..];
        Assert.DoesNotContain('"', boundary);
        Assert.Equal(
            $"--{boundary}\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nسلام\r\n"
            + $"--{boundary}\r\nContent-Disposition: form-data; name=\"meta[a][0]\"\r\n\r\n1\r\n"
            + $"--{boundary}\r\nContent-Disposition: form-data; name=\"meta[a][1]\"\r\n\r\ntrue\r\n"
            + $"--{boundary}\r\nContent-Type: text/csv\r\nContent-Disposition: form-data; name=\"doc\"; filename=\"%22تقرير%22%0D%0AX: y.csv\"\r\n\r\ndata\r\n--{boundary}--\r\n",
            harness.Sent.Body);
    }

    [Fact]
    public async Task Multipart_FilesInTheTemplate_AreParts()
    {
        var harness = new RestHarness
        {
            Http = Post(new()
            {
                Kind = BodyKind.Multipart,
                Template = RestHarness.Json("""{"f":{"filename":"{params.name}","contentType":"image/gif","base64":"{params.data}"},"n":"{params.n}"}"""),
            }),
        };

        await harness.RunAsync("""{"name":"a.gif","data":"R0lG","n":3}""");

        Assert.Contains("Content-Disposition: form-data; name=\"f\"; filename=\"a.gif\"\r\nContent-Type: image/gif\r\n\r\nGIF\r\n", harness.Sent.Body, StringComparison.Ordinal);
        Assert.Contains("name=\"n\"\r\n\r\n3\r\n", harness.Sent.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_OfTenMegabytes_IsSentWhole()
    {
        var harness = new RestHarness { Http = Post(null) };
        var text = new string('ع', 5_000_000);
        await harness.RunAsync("{\"text\":\"" + text + "\"}");
        Assert.Equal(Encoding.UTF8.GetByteCount(text) + "{\"text\":\"\"}".Length, harness.Sent.Bytes.Length);
    }
}
