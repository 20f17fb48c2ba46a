using System.Text.Json;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Access;

/// <summary>
/// Two projects full of things, and an admin of one who tries every route with the other's ids: in paths, bodies, queries, cursors and idempotency keys. Whatever is asked, the answer is
/// the same as for what does not exist, says nothing of the other project, and changes nothing of it.
/// </summary>
public sealed class ProjectProbeTests : IAsyncLifetime
{
    private readonly RealHub hub = new();
    private ProjectThings mine = null!;
    private ProjectThings theirs = null!;

    /// <summary>As <see cref="theirs"/>, but there is no such thing: names and ids of the same form.</summary>
    private Dictionary<string, string> nowhere = [];

    public async Task InitializeAsync()
    {
        await hub.InitializeAsync();
        mine = await ProjectThings.MakeAsync(hub, "orchard");
        theirs = await ProjectThings.MakeAsync(hub, "zeppelin");
        nowhere = theirs.Things.ToDictionary(thing => thing.Key, thing => thing.Key is "project" or "marker" ? thing.Value.Replace("zeppelin", "zanzibar", StringComparison.Ordinal) : thing.Value[..^6] + "000000");
    }

    [Fact]
    public async Task Paths_WithTheOthersIds_Are404AsForWhatIsNot()
    {
        var before = await theirs.SnapshotAsync();
        var tried = 0;
        foreach (var route in Routes().Where(route => ApiStage.ThingOf(route) is not null))
            foreach (var body in ApiStage.BodiesOf(route))
            {
                // Bodies name things of the caller's: it is the path that is another's.
                var filled = ApiStage.Fill(body, mine.Things);
                var (there, none) = await CompareAsync(route, ApiStage.Fill(route, theirs.Things), filled, ApiStage.Fill(route, nowhere), filled);

                Assert.True(there.Status == 404, $"{route.Name}: {there.Status} {there.Text}");
                Assert.Equal("not_found", there["code"]);
                Assert.Equal(none.Status, there.Status);
                tried++;
            }

        Assert.Equal(before, await theirs.SnapshotAsync());
        Assert.InRange(tried, 20, int.MaxValue);
    }

    [Fact]
    public async Task Bodies_ThatNameTheOthersThings_AreAnsweredAsForWhatIsNot()
    {
        var before = await theirs.SnapshotAsync();
        var tried = 0;
        foreach (var route in Routes().Where(route => route.IsChange))
            foreach (var body in ApiStage.BodiesOf(route).Where(body => body is not null && ApiStage.Fill(body, theirs.Things) != ApiStage.Fill(body, nowhere)))
            {
                var path = ApiStage.Fill(route, mine.Things);
                var (there, _) = await CompareAsync(route, path, ApiStage.Fill(body, theirs.Things), path, ApiStage.Fill(body, nowhere));

                // An alias or a name may be the other's as well; a project may not.
                if (body!.Contains("{project}", StringComparison.Ordinal))
                    Assert.True(there.Status == 403, $"{route.Name} {body}: {there.Status} {there.Text}");

                tried++;
            }

        Assert.Equal(before, await theirs.SnapshotAsync());
        Assert.InRange(tried, 5, int.MaxValue);
    }

    [Fact]
    public async Task Lists_AskedForTheOthersThings_SayWhatTheyDoOfWhatIsNot()
    {
        using var open = hub.Client(null);
        var description = (await open.SendAsync("GET", "/openapi/v1.json")).Json;
        var tried = 0;
        foreach (var route in Routes().Where(route => route.Method == "GET" && !route.Parameters.Any()))
        {
            AssertNothingOfTheirs(route.Name, await mine.Client.SendTextAsync("GET", route.Path));
            foreach (var (name, value) in ApiStage.QueryOf(route, description))
            {
                var (there, none) = (Ask(theirs.Things), Ask(nowhere));
                string Ask(IReadOnlyDictionary<string, string> things) => $"{route.Path}?{name}={ApiStage.Fill(value, things)}";
                await CompareAsync(route, there, null, none, null);
                tried++;
            }

            // A cursor is a place in a list: the other's leads to nothing of the other's.
            var page = await theirs.Client.SendTextAsync("GET", $"{route.Path}?limit=1");
            if (page.Json.ValueKind == JsonValueKind.Object && page.Json.TryGetProperty("nextCursor", out var cursor) && cursor.ValueKind == JsonValueKind.String)
            {
                AssertNothingOfTheirs(route.Name, await mine.Client.SendTextAsync("GET", $"{route.Path}?cursor={Uri.EscapeDataString(cursor.GetString()!)}"));
                tried++;
            }

            // And the caller's own cursors name nothing but the caller's.
            var own = await mine.Client.SendTextAsync("GET", $"{route.Path}?limit=1");
            if (own.Json.ValueKind == JsonValueKind.Object && own.Json.TryGetProperty("nextCursor", out var next) && next.ValueKind == JsonValueKind.String)
                AssertNothingOfTheirs(route.Name, own with { Text = System.Text.Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(next.GetString()!)) });
        }

        Assert.InRange(tried, 10, int.MaxValue);
    }

    [Fact]
    public async Task IdempotencyKeys_OfTheOther_AreNobodysHere()
    {
        foreach (var route in Routes().Where(route => route.Method == "POST"))
            foreach (var body in ApiStage.BodiesOf(route))
            {
                var key = $"order-{Guid.NewGuid():N}";
                await theirs.Client.SendTextAsync("POST", ApiStage.Fill(route, theirs.Things), ApiStage.Fill(body, theirs.Things), key);
                var answer = await mine.Client.SendTextAsync("POST", ApiStage.Fill(route, mine.Things), ApiStage.Fill(body, mine.Things), key);

                AssertNothingOfTheirs(route.Name, answer);
                Assert.True(answer.Status != 422, $"{route.Name}: the key of another project was compared with. {answer.Text}");
            }
    }

    [Fact]
    public async Task EventIds_OfTheOther_AreNobodysHere()
    {
        const string body = """{"type":"order.paid","id":"order-1","data":{"note":"NOTE"},"project":"PROJECT"}""";
        var first = await theirs.Client.SendAsync("POST", "/api/events", body.Replace("NOTE", theirs.Marker, StringComparison.Ordinal).Replace("PROJECT", theirs.Project, StringComparison.Ordinal));
        var before = await theirs.SnapshotAsync();

        var second = await mine.Client.SendAsync("POST", "/api/events", body.Replace("PROJECT", mine.Project, StringComparison.Ordinal));

        Assert.Equal((201, 201), (first.Status, second.Status));
        AssertNothingOfTheirs("POST /api/events", second);

        // And no subscription of theirs, which takes everything, took it.
        Assert.Equal(before, await theirs.SnapshotAsync());
    }

    [Fact]
    public async Task Aliases_OfTheOther_AreFreeHere()
    {
        var alias = theirs.Things["marker"];

        var made = await mine.Client.SendAsync("POST", "/api/connections", $$$"""{"provider":"stripe","project":"{{{mine.Project}}}","alias":"{{{alias}}}","config":{"secretKey":"{{{IntegrationHub.Tests.Support.HubApi.StripeKey}}}"}}""");

        Assert.Equal(201, made.Status);
    }

    public async Task DisposeAsync()
    {
        mine.Dispose();
        theirs.Dispose();
        await hub.DisposeAsync();
    }

    /// <summary>The routes that a key of a project can use.</summary>
    private IEnumerable<ApiRoute> Routes() => ApiStage.Routes(hub.Services).Where(route => route.Required is not null && route.HubWide is null);

    /// <summary>Asks for what is another's and for what is not, and finds no difference.</summary>
    private async Task<(Answer There, Answer None)> CompareAsync(ApiRoute route, string therePath, string? thereBody, string nonePath, string? noneBody)
    {
        var there = await mine.Client.SendTextAsync(route.Method, therePath, thereBody);
        var none = await mine.Client.SendTextAsync(route.Method, nonePath, noneBody);
        Assert.Equal($"{route.Name} {Blank(none, nowhere)}", $"{route.Name} {Blank(there, theirs.Things)}");

        // What was asked for may be repeated; nothing else.
        AssertNothingOfTheirs(route.Name, there, except: therePath + thereBody);
        return (there, none);
    }

    private void AssertNothingOfTheirs(string route, Answer answer, string except = "")
    {
        var said = $"{answer.Text}\n{answer.Headers}";
        var leaked = theirs.Words.Where(word => !except.Contains(word, StringComparison.Ordinal) && said.Contains(word, StringComparison.Ordinal)).ToList();
        Assert.True(leaked.Count == 0, $"{route} names {string.Join(", ", leaked)}: {said}");
    }

    /// <summary>An answer without what differs by itself: the things asked for, ids that are new each time, times.</summary>
    private static string Blank(Answer answer, IReadOnlyDictionary<string, string> things)
    {
        var text = $"{answer.Status} {answer.Text}";
        foreach (var value in things.Values.OrderByDescending(value => value.Length))
            text = text.Replace(value, "…", StringComparison.Ordinal);

        text = System.Text.RegularExpressions.Regex.Replace(text, """(req|dlv|evt|att|conn|sub|key|idem|job|eff|rpl|era)_[0-9A-HJKMNP-TV-Z]{26}""", "…");
        return System.Text.RegularExpressions.Regex.Replace(text, """\d{4}-\d\d-\d\dT[0-9:.]+(Z|\+00:00)|"(durationMs|version)":[0-9.]+|("subjectHash":"[0-9a-f]+")""", "…");
    }
}
