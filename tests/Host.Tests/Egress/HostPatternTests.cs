using IntegrationHub.Loading;

namespace IntegrationHub.Host.Tests.Egress;

public sealed class HostPatternTests
{
    [Theory]
    [InlineData("api.example.com", "https://api.example.com/v1")]
    [InlineData("api.example.com", "https://API.Example.com./v1")]
    [InlineData("api.example.com:8443", "https://api.example.com:8443/")]
    [InlineData("api.example.com.", "https://api.example.com/v1")]
    [InlineData("https://api.example.com./", "https://api.example.com/v1")]
    [InlineData("*.example.com", "https://a.example.com/")]
    [InlineData("*.example.com", "https://a.b.example.com/")]
    [InlineData("https://es.example.com:9200/path", "https://es.example.com:9200/other")]
    [InlineData("http://127.0.0.1:9200", "http://127.0.0.1:9200/x")]
    [InlineData("[::1]:9200", "https://[::1]:9200/")]
    [InlineData("bücher.example", "https://xn--bcher-kva.example/")]
    public void Matches_AllowedTarget_IsTrue(string pattern, string target) =>
        Assert.True(HostPattern.TryParse(pattern)!.Matches(new Uri(target)));

    [Theory]
    [InlineData("api.example.com", "https://api.example.com:8443/")]
    [InlineData("api.example.com", "https://example.com/")]
    [InlineData("api.example.com", "https://evil-api.example.com/")]
    [InlineData("api.example.com", "https://api.example.com.evil.test/")]
    [InlineData("api.example.com", "https://api.example.com@evil.test/")]
    [InlineData("*.example.com", "https://example.com/")]
    [InlineData("*.example.com", "https://evilexample.com/")]
    [InlineData("*.example.com", "https://example.com.evil.test/")]
    [InlineData("api.example.com:8443", "https://api.example.com/")]
    public void Matches_OtherTarget_IsFalse(string pattern, string target) =>
        Assert.False(HostPattern.TryParse(pattern)!.Matches(new Uri(target)));

    [Theory]
    [InlineData("")]
    [InlineData("*")]
    [InlineData("*.")]
    [InlineData("*.*.com")]
    [InlineData("a*.example.com")]
    [InlineData("user@example.com")]
    [InlineData("example.com/path")]
    [InlineData("ftp://example.com")]
    [InlineData("example.com:99999")]
    [InlineData("exa mple.com")]
    public void TryParse_NoHost_IsNull(string text) => Assert.Null(HostPattern.TryParse(text));
}
