using System.Text.Json;
using IntegrationHub.Templates;

namespace IntegrationHub.Abstractions.Tests.Templates;

public sealed class TemplatePipeTests
{
    private static string? Render(string pipes, string value, string currency = "\"usd\"")
    {
        var scope = new TemplateScope().Set("params", JsonElement.Parse($$"""{"v":{{value}},"currency":{{currency}},"other":"else"}"""));
        return Template.Compile("{params.v|" + pipes + "}").TryRender(scope, out var node) ? JsonText.Compact(node) : null;
    }

    [Theory]
    [InlineData("lower", "\"ABC É\"", "\"abc é\"")]
    [InlineData("upper", "\"i é\"", "\"I É\"")]
    [InlineData("trim", "\"  a b \"", "\"a b\"")]
    [InlineData("prefix:whatsapp:", "\"+966\"", "\"whatsapp:+966\"")]
    [InlineData("suffix: SAR", "10", "\"10 SAR\"")]
    [InlineData("map:a=b,*=c", "\"a\"", "\"b\"")]
    [InlineData("map:a=b,*=c", "\"z\"", "\"c\"")]
    [InlineData("map:a=b,*=*", "7", "7")]
    [InlineData("map:a=b", "\"z\"", null)]
    [InlineData("map:true=on,false=off", "true", "\"on\"")]
    [InlineData("map:1=one=uno", "1", "\"one=uno\"")]
    [InlineData("default:x", "null", "\"x\"")]
    [InlineData("default:10", "null", "10")]
    [InlineData("default:[]", "null", "[]")]
    [InlineData("default:\"10\"", "null", "\"10\"")]
    [InlineData("default:", "null", "\"\"")]
    [InlineData("default:params.other", "null", "\"else\"")]
    [InlineData("default:params.nothing", "null", null)]
    [InlineData("default:x", "false", "false")]
    [InlineData("string", "1.50", "\"1.50\"")]
    [InlineData("string", "[1, 2]", "\"[1,2]\"")]
    [InlineData("number", "\"1.50\"", "1.50")]
    [InlineData("number", "\"1e3\"", "1000")]
    [InlineData("bool", "\"Yes\"", "true")]
    [InlineData("bool", "0", "false")]
    [InlineData("json", "{ \"a\" : \"ب\" }", """ "{\"a\":\"ب\"}" """)]
    [InlineData("json", "\"q\\\"\"", """ "\"q\\\"\"" """)]
    [InlineData("base64", "\"سلام\"", "\"2LPZhNin2YU=\"")]
    [InlineData("base64url", "\"??>>\"", "\"Pz8-Pg\"")]
    [InlineData("urlencode", "\"a b/c?d&é\"", "\"a%20b%2Fc%3Fd%26%C3%A9\"")]
    [InlineData("path", "\"a b/c?d\"", "\"a%20b/c%3Fd\"")]
    [InlineData("split:,", "\"a, b,,c\"", """["a","b","c"]""")]
    [InlineData("split:;", "\"\"", "[]")]
    [InlineData("split:,", "[\"a\"]", """["a"]""")]
    [InlineData("join:; ", "[\"a\",1,true]", "\"a; 1; true\"")]
    [InlineData("join:,", "\"a\"", "\"a\"")]
    [InlineData("first", "[1,2]", "1")]
    [InlineData("last", "[1,2]", "2")]
    [InlineData("array", "\"a\"", """["a"]""")]
    [InlineData("array", "[1]", "[1]")]
    [InlineData("pluck:id", """[{"id":1},{"x":2},{"id":3}]""", "[1,3]")]
    [InlineData("wrap:email", """["a@x.test","b@x.test"]""", """[{"email":"a@x.test"},{"email":"b@x.test"}]""")]
    [InlineData("wrap:email", "\"a@x.test\"", """{"email":"a@x.test"}""")]
    [InlineData("with:reference=params.other", """{"a":1}""", """{"a":1,"reference":"else"}""")]
    [InlineData("with:reference=params.other", "null", """{"reference":"else"}""")]
    [InlineData("with:reference=params.nothing", """{"a":1}""", """{"a":1}""")]
    [InlineData("with:a=params.other", """{"a":1}""", """{"a":"else"}""")]
    [InlineData("xml", "\"<a b='c'>&\\\"\"", "\"&lt;a b=&apos;c&apos;&gt;&amp;&quot;\"")]
    [InlineData("major:params.nothing?", "1050", "1050")]
    [InlineData("major:params.currency?|minor:params.currency?,USD=3", "1050", "10500")]
    [InlineData("array|wrap:email|first", "\"a@x.test\"", """{"email":"a@x.test"}""")]
    public void Pipe_OfAValue_Converts(string pipes, string value, string? expected) => Assert.Equal(expected?.Trim(), Render(pipes, value));

    [Theory]
    [InlineData("minor:params.currency", "10.5", "\"usd\"", "1050")]
    [InlineData("minor:params.currency", "\"0.10\"", "\"SAR\"", "10")]
    [InlineData("minor:params.currency", "1.234", "\"KWD\"", "1234")]
    [InlineData("minor:params.currency", "0.1", "\"BHD\"", "100")]
    [InlineData("minor:params.currency", "1", "\"OMR\"", "1000")]
    [InlineData("minor:params.currency", "1", "\"jod\"", "1000")]
    [InlineData("minor:params.currency", "1", "\"TND\"", "1000")]
    [InlineData("minor:params.currency", "500", "\"JPY\"", "500")]
    [InlineData("minor:params.currency", "500.00", "\"KRW\"", "500")]
    [InlineData("minor:params.currency", "1.2345", "\"CLF\"", "12345")]
    [InlineData("minor:EUR", "1.1", "\"usd\"", "110")]
    [InlineData("minor:EUR", "4.35", "\"usd\"", "435")]
    [InlineData("minor:EUR", "1.1e1", "\"usd\"", "1100")]
    [InlineData("minor:EUR", "-1.1", "\"usd\"", "-110")]
    [InlineData("minor:params.currency,ISK=2", "5", "\"isk\"", "500")]
    [InlineData("major:params.currency", "1050", "\"usd\"", "10.50")]
    [InlineData("major:params.currency", "1050", "\"KWD\"", "1.050")]
    [InlineData("major:params.currency", "1050", "\"JPY\"", "1050")]
    [InlineData("major:params.currency|string", "5", "\"usd\"", "\"0.05\"")]
    [InlineData("major:params.currency", "-5", "\"usd\"", "-0.05")]
    [InlineData("major:params.currency|minor:params.currency,ISK=2", "500", "\"ISK\"", "50000")]
    [InlineData("minor:params.currency", "9007199254740993.01", "\"usd\"", "900719925474099301")]
    public void Money_ByCurrency_IsExact(string pipes, string value, string currency, string expected) => Assert.Equal(expected, Render(pipes, value, currency));

    [Theory]
    [InlineData("iso", "0", "\"1970-01-01T00:00:00Z\"")]
    [InlineData("iso", "1735689600", "\"2025-01-01T00:00:00Z\"")]
    [InlineData("iso", "1735689600123", "\"2025-01-01T00:00:00.123Z\"")]
    [InlineData("iso", "\"1735689600.5\"", "\"2025-01-01T00:00:00.5Z\"")]
    [InlineData("iso", "\"2025-01-01T03:00:00+03:00\"", "\"2025-01-01T00:00:00Z\"")]
    [InlineData("unix", "\"2025-01-01T00:00:00Z\"", "1735689600")]
    [InlineData("unix", "\"2025-01-01\"", "1735689600")]
    [InlineData("unixms", "\"2025-01-01T00:00:00.123Z\"", "1735689600123")]
    [InlineData("unix", "1735689600123", "1735689600")]
    public void Time_InEveryForm_Converts(string pipes, string value, string expected) => Assert.Equal(expected, Render(pipes, value));

    [Theory]
    [InlineData("lower", """{"topsecret":1}""", "\"usd\"")]
    [InlineData("number", "\"topsecret\"", "\"usd\"")]
    [InlineData("bool", "\"topsecret\"", "\"usd\"")]
    [InlineData("iso", "\"topsecret\"", "\"usd\"")]
    [InlineData("iso", "99999999999999999999", "\"usd\"")]
    [InlineData("unix", "true", "\"usd\"")]
    [InlineData("first", "\"topsecret\"", "\"usd\"")]
    [InlineData("pluck:x", "\"topsecret\"", "\"usd\"")]
    [InlineData("minor:params.currency", "1.005", "\"usd\"")]
    [InlineData("minor:params.currency", "\"topsecret\"", "\"usd\"")]
    [InlineData("minor:params.currency", "1", "\"topsecret\"")]
    [InlineData("minor:params.currency", "1", "\"XAU\"")]
    [InlineData("minor:params.currency", "1", "null")]
    [InlineData("minor:params.currency", "79228162514264337593543950335", "\"usd\"")]
    [InlineData("major:params.currency", "1.5", "\"usd\"")]
    [InlineData("join:,", """[{"topsecret":1}]""", "\"usd\"")]
    public void Pipe_ThatCannotWork_NamesThePlaceholderAndNotTheValue(string pipes, string value, string currency)
    {
        var exception = Assert.Throws<TemplateException>(() => Render(pipes, value, currency));

        Assert.Contains("params.v", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("topsecret", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryPipe_OnAMissingValue_StaysMissingExceptDefault()
    {
        foreach (var name in TemplatePipes.Names.Where(name => name != "default"))
        {
            var argument = name switch { "map" => ":a=b", "prefix" or "suffix" or "pluck" or "wrap" => ":x", "minor" or "major" => ":usd", "with" => ":x=params.nothing", _ => "" };
            Assert.Null(Template.Compile($"{{params.v|{name}{argument}}}").Render(TemplateScope.Empty));
        }
    }

    [Fact]
    public void Documentation_OfPipes_IsComplete()
    {
        var table = File.ReadAllText(Path.Combine(RepositoryRoot(), "docs", "templates.md"));
        Assert.All(TemplatePipes.Names, name => Assert.Contains($"| `{name}", table, StringComparison.Ordinal));
    }

    private static string RepositoryRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Directory.Packages.props")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests run below the repository.");

        return folder;
    }
}
