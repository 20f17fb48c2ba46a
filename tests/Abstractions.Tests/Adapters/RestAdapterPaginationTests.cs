using System.Buffers.Text;
using System.Text;
using IntegrationHub.Adapters;
using IntegrationHub.Manifests;

namespace IntegrationHub.Abstractions.Tests.Adapters;

public sealed class RestAdapterPaginationTests
{
    private static RestHarness With(PaginationManifest pagination, string path = "/v1/things", params AuthManifest[] auth) =>
        new() { Auth = auth, Operation = new() { Http = new() { Method = "GET", Path = path }, Pagination = pagination } };

    [Fact]
    public async Task Cursor_NextOfTheLastItem_IsFollowedUntilThereIsNoMore()
    {
        var harness = With(new() { Style = PaginationStyle.Cursor, Param = "starting_after", Next = "/data/-1/id", More = "/has_more", Items = "/data" });

        var first = await harness.Responds(200, """{"data":[{"id":"a"},{"id":"b&c"}],"has_more":true}""").RunAsync("""{"limit":2}""");
        Assert.Equal(2, first.Items!.Value.GetArrayLength());

        var last = await harness.Responds(200, """{"data":[{"id":"d"}],"has_more":false}""").RunAsync("""{"limit":2}""", first.NextCursor);
        Assert.Equal("?limit=2&starting_after=b%26c", harness.Requests[1].Uri.Query);
        Assert.Null(last.NextCursor);
    }

    [Theory]
    [InlineData("""{"next":""}""")]
    [InlineData("""{"next":null}""")]
    [InlineData("{}")]
    [InlineData("""{"next":{"a":1}}""")]
    public async Task Cursor_Empty_IsTheEnd(string body) =>
        Assert.Null((await With(new() { Style = PaginationStyle.Cursor, Param = "c", Next = "/next" }).Responds(200, body).RunAsync()).NextCursor);

    [Fact]
    public async Task Cursor_ThatRepeatsItself_IsTheEnd()
    {
        var harness = With(new() { Style = PaginationStyle.Cursor, Param = "c", Next = "/next" }).Responds(200, """{"next":7}""");
        var first = await harness.RunAsync();
        Assert.Null((await harness.RunAsync(cursor: first.NextCursor)).NextCursor);
        Assert.Equal("?c=7", harness.Requests[1].Uri.Query);
    }

    [Fact]
    public async Task Cursor_OfAPostedSearch_GoesIntoTheBody()
    {
        var harness = new RestHarness
        {
            Operation = new() { Http = new() { Method = "POST", Path = "/search" }, Pagination = new() { Style = PaginationStyle.Cursor, Param = "after", Next = "/paging/next/after", Items = "/results" } },
        }.Responds(200, """{"results":[1],"paging":{"next":{"after":"x"}}}""");

        await harness.RunAsync("""{"q":"a","after":"old"}""", (await harness.RunAsync("""{"q":"a"}""")).NextCursor);

        Assert.Equal("""{"q":"a","after":"x"}""", harness.Requests[1].Body);
    }

    [Fact]
    public async Task Page_NumbersGoUp_UntilAPageIsNotFull()
    {
        var harness = With(new() { Style = PaginationStyle.Page, Param = "page", SizeParam = "per_page" });
        var first = await harness.Responds(200, "[1,2]").RunAsync("""{"per_page":2}""");
        var second = await harness.RunAsync("""{"per_page":2}""", first.NextCursor);
        Assert.Equal("?per_page=2&page=2", harness.Requests[1].Uri.Query);
        await harness.RunAsync("""{"per_page":2}""", second.NextCursor);
        Assert.Equal("?per_page=2&page=3", harness.Requests[2].Uri.Query);

        Assert.Null((await harness.Responds(200, "[1]").RunAsync("""{"per_page":2}""")).NextCursor);
        Assert.Null((await harness.Responds(200, "[]").RunAsync()).NextCursor);
        Assert.NotNull((await harness.Responds(200, "[1]").RunAsync("""{"page":"5"}""")).NextCursor);
    }

    [Fact]
    public async Task Page_NamedByTheAnswer_IsFollowed()
    {
        var harness = With(new() { Style = PaginationStyle.Page, Param = "page", Next = "/next_page", Items = "/i", First = 0 });
        await harness.RunAsync(cursor: (await harness.Responds(200, """{"i":[],"next_page":4}""").RunAsync()).NextCursor);
        Assert.Equal("?page=4", harness.Requests[1].Uri.Query);
        Assert.Null((await harness.Responds(200, """{"i":[1],"next_page":null}""").RunAsync()).NextCursor);
    }

    [Fact]
    public async Task Offset_GrowsByWhatCame()
    {
        var harness = With(new() { Style = PaginationStyle.Offset, Param = "skip", SizeParam = "take", Items = "/v" }).Responds(200, """{"v":[1,2,3]}""");
        var first = await harness.RunAsync("""{"take":3,"skip":10}""");
        await harness.RunAsync("""{"take":3,"skip":10}""", first.NextCursor);
        Assert.Equal("?take=3&skip=13", harness.Requests[1].Uri.Query);
    }

    [Theory]
    [InlineData("<https://api.provider.test/repositories/1/things?page=2&x=%C3%A9>; rel=\"next\", <https://api.provider.test/l>; rel=\"last\"")]
    [InlineData("<https://api.provider.test/l>; title=\"a, <b>; rel=next\"; rel=prev, </repositories/1/things?page=2&x=%C3%A9>;rel=\"first next\"")]
    [InlineData("<https://api.provider.test/repositories/1/things?page=2&x=%C3%A9>; foo=bar; REL=next")]
    public async Task Link_Next_IsFollowed(string link)
    {
        var harness = With(new() { Style = PaginationStyle.Link });
        var first = await harness.Responds(200, "[1]", headers: ("Link", link)).RunAsync("""{"per_page":1}""");

        var second = await harness.Responds(200, "[2]").RunAsync("""{"per_page":1}""", first.NextCursor);

        Assert.Equal("https://api.provider.test/repositories/1/things?page=2&x=%C3%A9", harness.Requests[1].Uri.AbsoluteUri);
        Assert.Null(second.NextCursor);
    }

    [Theory]
    [InlineData("<https://api.provider.test/x>; rel=prev")]
    [InlineData("<https://api.provider.test/x>")]
    [InlineData("<https://api.provider.test/x; rel=next")]
    [InlineData(";;,=,\"<")]
    [InlineData("<x>; rel=\"next")]
    [InlineData("")]
    public async Task Link_OddHeaders_DoNoHarm(string link)
    {
        var result = await With(new() { Style = PaginationStyle.Link }).Responds(200, "[1]", headers: ("Link", link)).RunAsync();
        Assert.True(result.Succeeded);
    }

    [Theory]
    [InlineData("https://evil.test/v1/things?page=2")]
    [InlineData("http://api.provider.test/v1/things?page=2")]
    [InlineData("https://api.provider.test:8443/v1/things?page=2")]
    [InlineData("//evil.test/x")]
    [InlineData("https://api.provider.test@evil.test/x")]
    public async Task Url_AtAnotherOrigin_IsNotFollowed(string next)
    {
        var harness = With(new() { Style = PaginationStyle.Url, Next = "/next", Items = "/i" }).Responds(200, $$"""{"i":[1],"next":"{{next}}"}""");

        var result = await harness.RunAsync();

        Assert.True(result.Succeeded);
        Assert.Null(result.NextCursor);
        Assert.Contains(harness.LogLines, line => line.Contains("is not followed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Url_OfAnOverriddenProvider_IsFollowedAtTheOverride()
    {
        var harness = With(new() { Style = PaginationStyle.Url, Next = "/next", Items = "/i" }).Responds(200, """{"i":[1],"next":"https://api.acme.test/v1/things?page=2"}""");
        harness.BaseUrl = "http://127.0.0.1:21100";
        harness.BaseUrlOverridden = true;

        await harness.RunAsync(cursor: (await harness.RunAsync()).NextCursor);

        Assert.Equal("http://127.0.0.1:21100/v1/things?page=2", harness.Requests[1].Uri.AbsoluteUri);
    }

    /// <summary>As at the hub's simulators: the provider's answers know nothing of the path that it was put below.</summary>
    [Theory]
    [InlineData("https://api.acme.test/v1/things?page=2")]
    [InlineData("/v1/things?page=2")]
    [InlineData("?page=2")]
    [InlineData("/simulators/acme/v1/things?page=2")]
    public async Task Url_OfAProviderBelowAPath_IsFollowedBelowIt(string next)
    {
        var harness = With(new() { Style = PaginationStyle.Url, Next = "/next", Items = "/i" }, "/v1/things").Responds(200, $$"""{"i":[1],"next":"{{next}}"}""");
        harness.BaseUrl = "http://127.0.0.1:21100/simulators/acme";
        harness.BaseUrlOverridden = true;

        await harness.RunAsync(cursor: (await harness.RunAsync()).NextCursor);

        Assert.Equal("http://127.0.0.1:21100/simulators/acme/v1/things?page=2", harness.Requests[1].Uri.AbsoluteUri);
    }

    [Theory]
    [InlineData("file:///etc/passwd")]
    [InlineData("javascript:alert(1)")]
    [InlineData("http://[")]
    public async Task Url_OfAnOddScheme_IsTheEnd(string next)
    {
        var harness = With(new() { Style = PaginationStyle.Url, Next = "/next", Items = "/i" }).Responds(200, $$"""{"i":[1],"next":"{{next}}"}""");
        harness.BaseUrlOverridden = true;
        Assert.Null((await harness.RunAsync()).NextCursor);
    }

    [Fact]
    public async Task Url_WithCredentialsInIt_LeavesThemOutOfTheCursor()
    {
        var auth = new AuthManifest { Type = AuthType.ApiKey, Apply = new() { Query = new Dictionary<string, string> { ["api_key"] = "{config.secretKey}" } } };
        var harness = With(new() { Style = PaginationStyle.Url, Next = "/next", Items = "/i" }, "/v1/things", auth)
            .Responds(200, $$"""{"i":[1],"next":"/v1/things?page=2&api_key={{RestHarness.Secret}}&z=1"}""");

        var first = await harness.RunAsync();
        Assert.DoesNotContain(RestHarness.Secret, Encoding.UTF8.GetString(Base64Url.DecodeFromChars(first.NextCursor)), StringComparison.Ordinal);

        await harness.RunAsync(cursor: first.NextCursor);
        Assert.Equal($"?page=2&z=1&api_key={RestHarness.Secret}", harness.Requests[1].Uri.Query);
    }

    [Theory]
    [InlineData("""{"u":"/admin","s":"AAAA"}""")]
    [InlineData("""{"u":"/admin"}""")]
    [InlineData("""{"u":"//evil.test/x","s":"x"}""")]
    [InlineData("""{"u":"https://evil.test/x","s":"x"}""")]
    [InlineData("""{"u":"@evil.test/x","s":"x"}""")]
    [InlineData("""{"u":5,"s":5}""")]
    [InlineData("[]")]
    [InlineData("not json")]
    public async Task Link_ForgedCursor_IsRefused(string token)
    {
        var harness = With(new() { Style = PaginationStyle.Link });
        var error = (await harness.RunAsync(cursor: Base64Url.EncodeToString(Encoding.UTF8.GetBytes(token)))).Error!;
        Assert.Equal(ErrorCategory.InvalidParams, error.Category);
        Assert.Empty(harness.Requests);
    }

    [Theory]
    [InlineData("%%%")]
    [InlineData("")]
    [InlineData("e30")]
    [InlineData("eyJ2Ijp7fX0")]
    public async Task Cursor_ThatIsNone_IsRefused(string cursor)
    {
        var harness = With(new() { Style = PaginationStyle.Page, Param = "page" });
        Assert.Equal(ErrorCategory.InvalidParams, (await harness.RunAsync(cursor: cursor)).Error!.Category);
        Assert.Empty(harness.Requests);
    }

    [Fact]
    public async Task Cursor_ForAnOperationWithoutPages_IsRefused() =>
        Assert.Equal(ErrorCategory.InvalidParams, (await new RestHarness().RunAsync(cursor: "e30")).Error!.Category);

    [Theory]
    [InlineData(PaginationStyle.Cursor, null, "/next")]
    [InlineData(PaginationStyle.Cursor, "c", null)]
    [InlineData(PaginationStyle.Page, null, null)]
    [InlineData(PaginationStyle.Url, null, null)]
    [InlineData(PaginationStyle.Cursor, "c", "next")]
    public async Task Initialize_IncompletePagination_Throws(PaginationStyle style, string? param, string? next)
    {
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(With(new() { Style = style, Param = param, Next = next }).StartAsync);
        Assert.StartsWith("/operations/op/pagination", exception.Message, StringComparison.Ordinal);
    }
}
