using System.Net;
using System.Text.Json;
using IntegrationHub.Host.Events.Stream;
using IntegrationHub.Host.Tests.Fakes;
using Microsoft.Extensions.DependencyInjection;

namespace IntegrationHub.Host.Tests.Events.Stream;

public sealed class EventStreamTests : IAsyncLifetime
{
    private const string Path = "/api/events/stream";

    private readonly RealHub hub = new([], "--Hub:Stream:KeyCheck", "00:00:00.2", "--Hub:Stream:Heartbeat", "00:00:01", "--Hub:Stream:MaxOpenPerKey", "40", "--Hub:Stream:Shared", "64");
    private HttpClient client = null!;

    public async Task InitializeAsync()
    {
        await hub.InitializeAsync();
        client = hub.Bootstrap();
    }

    public async Task DisposeAsync()
    {
        client.Dispose();
        await hub.DisposeAsync();
    }

    [Fact]
    public async Task Stream_Live_GivesEachEventAsItComes()
    {
        await PublishAsync("before");
        await using var reader = await SseReader.OpenAsync(client, Path);

        var sent = await PublishAsync("order.paid", """{"lines": "a\r\nb"}""");

        var got = (await reader.NextAsync())!.Value;
        Assert.Equal(sent, got.GetProperty("id").GetString());
        Assert.Equal("app.order.paid", got.GetProperty("type").GetString());
        Assert.Equal("a\r\nb", got.GetProperty("data").GetProperty("lines").GetString());
        Assert.True(reader.Response.Headers.CacheControl?.NoStore);
    }

    [Fact]
    public async Task Stream_DataOfSeveralLines_IsJoinedByTheReader()
    {
        await using var reader = await SseReader.OpenAsync(client, Path);
        await hub.Bootstrap().SendAsync("POST", "/api/events", "{\"type\":\"pretty\",\"data\":{\r\n  \"a\": 1,\n  \"b\": \"x\"\r}}");

        Assert.Equal("x", (await reader.NextAsync())!.Value.GetProperty("data").GetProperty("b").GetString());
    }

    [Fact]
    public async Task Stream_LastEventId_GoesOnBehindIt()
    {
        string[] ids;
        string place;
        await using (var reader = await SseReader.OpenAsync(client, Path))
        {
            place = reader.LastEventId;
            ids = [await PublishAsync("a"), await PublishAsync("b"), await PublishAsync("c")];
            Assert.Equal(ids[0], Id(await reader.NextAsync()));
            place = reader.LastEventId;
        }

        await using var again = await SseReader.OpenAsync(client, Path, place);
        await using var byQuery = await SseReader.OpenAsync(client, $"{Path}?lastEventId={place}");
        foreach (var reader in new[] { again, byQuery })
        {
            Assert.Equal(ids[1], Id(await reader.NextAsync()));
            Assert.Equal(ids[2], Id(await reader.NextAsync()));
        }
    }

    /// <summary>Readers that come and go while several write, some of them only now and then, so that they read from the store as well as from what is shared.</summary>
    [Fact]
    public async Task Stream_ReconnectingReaders_GetAllInOneOrder_NothingTwice()
    {
        const int writers = 4, each = 150;
        await using var start = await SseReader.OpenAsync(client, Path);
        var place = start.LastEventId;
        var readers = Enumerable.Range(1, 3).Select(part => Task.Run(() => ReadAsync(place, writers * each, part * 17))).ToList();
        var published = await Task.WhenAll(Enumerable.Range(0, writers).Select(_ => Task.Run(async () =>
        {
            var ids = new List<string>();
            for (var i = 0; i < each; i++)
                ids.Add(await PublishAsync("many"));
            return ids;
        })));
        var read = await Task.WhenAll(readers);

        Assert.Equal(published.SelectMany(ids => ids).ToHashSet(), read[0].ToHashSet());
        Assert.All(read, one => Assert.Equal(read[0], one));
        Assert.Equal(writers * each, read[0].Count);
        foreach (var ids in published)
            Assert.Equal(ids, read[0].Where(ids.ToHashSet().Contains));
    }

    [Fact]
    public async Task Stream_Filters_AreOfPatternEnvironmentProjectAndKey()
    {
        using var mine = await hub.AdminAsync("shop", "blog");
        await using var all = await SseReader.OpenAsync(mine, Path);
        await using var some = await SseReader.OpenAsync(mine, $"{Path}?pattern=app.order.*&environment=dev&project=shop");
        await using var foreign = await SseReader.OpenAsync(mine, $"{Path}?project=other");

        await PublishAsync("order.paid", project: "other");
        var blog = await PublishAsync("order.paid", project: "blog");
        var prod = await PublishAsync("order.paid", project: "shop");
        var wanted = await PublishAsync("order.paid", project: "shop", environment: "dev");

        Assert.Equal(wanted, Id(await some.NextAsync()));
        Assert.Equal([blog, prod, wanted], [Id(await all.NextAsync()), Id(await all.NextAsync()), Id(await all.NextAsync())]);
        await foreign.CommentAsync();
    }

    [Fact]
    public async Task Stream_NotFollowing_EndsWithAPlaceToGoOnFrom()
    {
        string[] ids = [await PublishAsync("a"), await PublishAsync("b")];
        await using (var reader = await SseReader.OpenAsync(client, $"{Path}?follow=false&pattern=app.b"))
        {
            Assert.Equal(ids[1], Id(await reader.NextAsync()));
            Assert.Null(await reader.NextAsync());
            var next = await PublishAsync("b");
            await using var rest = await SseReader.OpenAsync(client, $"{Path}?follow=false&pattern=app.b", reader.LastEventId);
            Assert.Equal(next, Id(await rest.NextAsync()));
            Assert.Null(await rest.NextAsync());
        }
    }

    [Fact]
    public async Task Stream_From_BeginsAtThatTime()
    {
        await PublishAsync("a");
        var second = await PublishAsync("b");
        var received = (await client.SendAsync("GET", "/api/events?type=app.b")).Json.GetProperty("items")[0].GetProperty("receivedAt").GetString()!;

        await using var reader = await SseReader.OpenAsync(client, $"{Path}?from={Uri.EscapeDataString(received)}&follow=false");

        Assert.Equal(second, Id(await reader.NextAsync()));
        Assert.Null(await reader.NextAsync());
    }

    [Fact]
    public async Task Stream_Silence_IsBrokenByComments_WhichCarryThePlace()
    {
        await using var reader = await SseReader.OpenAsync(client, $"{Path}?pattern=app.never");
        var before = reader.LastEventId;
        var passed = await PublishAsync("other");

        await reader.CommentAsync();
        await reader.CommentAsync();

        // What did not pass the filter need not be looked at again.
        await reader.CommentAsync();
        Assert.NotEqual(before, reader.LastEventId);
        await using var again = await SseReader.OpenAsync(client, $"{Path}?follow=false", reader.LastEventId);
        Assert.Null(await again.NextAsync());
        Assert.NotEmpty(passed);
    }

    [Fact]
    public async Task Stream_KeyIsDeleted_Ends()
    {
        using var bootstrap = hub.Bootstrap();
        var key = await bootstrap.SendAsync("POST", "/api/keys", """{"name":"reader","role":"viewer"}""");
        using var viewer = hub.Client(key["key"]);
        await using var reader = await SseReader.OpenAsync(viewer, Path);

        await bootstrap.SendAsync("DELETE", $"/api/keys/{key["id"]}");

        Assert.Null(await reader.NextAsync());
        using var refused = await viewer.GetAsync(Path);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    [Fact]
    public async Task Ticket_OpensStreamsOnly_AndEndsWithItsKey()
    {
        using var bootstrap = hub.Bootstrap();
        var key = await bootstrap.SendAsync("POST", "/api/keys", """{"name":"page","role":"developer","projects":["shop"]}""");
        using var developer = hub.Client(key["key"]);
        var ticket = (await developer.SendAsync("POST", $"{Path}/tickets"))["ticket"]!;
        using var nobody = hub.Client(null);
        await using var reader = await SseReader.OpenAsync(nobody, $"{Path}?ticket={ticket}");

        await PublishAsync("order.paid", project: "other");
        var mine = await PublishAsync("order.paid", project: "shop");

        Assert.Equal(mine, Id(await reader.NextAsync()));
        foreach (var other in new[] { $"/api/events?ticket={ticket}", $"/api/events/{mine}?ticket={ticket}", $"{Path}?ticket={ticket[..^2]}AA", $"{Path}?ticket=x", Path })
            Assert.Equal(401, (await nobody.SendTextAsync("GET", other)).Status);
        using var asKey = hub.Client(ticket);
        Assert.Equal(401, (await asKey.SendTextAsync("GET", Path)).Status);

        await bootstrap.SendAsync("DELETE", $"/api/keys/{key["id"]}");
        Assert.Null(await reader.NextAsync());
        Assert.Equal(401, (await nobody.SendTextAsync("GET", $"{Path}?ticket={ticket}")).Status);
    }

    [Fact]
    public async Task Stream_MoreThanAllowed_IsRefused_UntilOneEnds()
    {
        using var limited = await hub.AdminAsync();
        var open = new List<SseReader>();
        for (var i = 0; i < 40; i++)
            open.Add(await SseReader.OpenAsync(limited, Path));

        var refused = await limited.SendTextAsync("GET", Path);
        Assert.Equal((429, "too_many_streams"), (refused.Status, refused["code"]));
        Assert.NotNull(refused.Headers.RetryAfter);
        await using (var other = await SseReader.OpenAsync(client, Path))
            Assert.NotEmpty(other.LastEventId);

        foreach (var one in open)
            await one.DisposeAsync();
        await UntilAsync(() => hub.Services.GetRequiredService<StreamPlaces>().Open == 0);
        await using var again = await SseReader.OpenAsync(limited, Path);
    }

    [Theory]
    [InlineData("lastEventId=1")]
    [InlineData("lastEventId=AAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("lastEventId=evt_01J")]
    [InlineData("pattern=pay*")]
    [InlineData("environment=live")]
    [InlineData("from=yesterday")]
    [InlineData("follow=perhaps")]
    public async Task Stream_FaultyRequest_IsRefused(string query)
    {
        var answer = await client.SendAsync("GET", $"{Path}?{query}");

        Assert.Equal(400, answer.Status);
        Assert.Equal("/" + query.Split('=')[0], answer.Json.GetProperty("errors")[0].GetProperty("pointer").GetString());
    }

    [Fact]
    public async Task Stream_ReaderThatStopsReading_IsCaughtUpFromTheStore()
    {
        await using var reader = await SseReader.OpenAsync(client, Path);
        var text = new string('x', 20_000);
        var ids = new List<string>();

        // Far more than what is shared in memory, and than what the connection takes unread.
        for (var i = 0; i < 400; i++)
            ids.Add(await PublishAsync("large", JsonSerializer.Serialize(new { text })));

        foreach (var id in ids)
            Assert.Equal(id, Id(await reader.NextAsync()));
    }

    [Fact]
    public async Task Ids_AreStable_AndTellNothing()
    {
        var cursor = hub.Services.GetRequiredService<StreamCursor>();
        var texts = Enumerable.Range(0, 1000).Select(number => cursor.Write(number)).ToList();

        Assert.Equal(texts, Enumerable.Range(0, 1000).Select(number => cursor.Write(number)));
        Assert.Equal(1000, texts.Select(text => text[..8]).Distinct().Count());
        Assert.All(Enumerable.Range(0, 1000), number => Assert.Equal(number, cursor.Read(texts[number])));
        Assert.Null(cursor.Read(texts[5][..11] + texts[6][11..]));
        Assert.Equal(long.MaxValue, cursor.Read(cursor.Write(long.MaxValue)));
        await Task.CompletedTask;
    }

    [Fact]
    public async Task Subscription_OfTheKindStream_IsRead_WithItsFilterAndTemplate_AndMakesNoDeliveries()
    {
        var made = await client.SendAsync("POST", "/api/subscriptions", """
            { "pattern": "app.order.*", "environment": "prod", "filter": { "/data/amount": { "gt": 10 } }, "transform": { "template": { "paid": "{event.data.amount}" } }, "target": { "kind": "stream" } }
            """);
        Assert.True(made.Status == 201, made.Text);
        var path = $"/api/subscriptions/{made["id"]}/stream";
        string place;
        await using (var reader = await SseReader.OpenAsync(client, path))
        {
            await PublishAsync("order.paid", """{"amount":5}""");
            await PublishAsync("order.paid", """{"amount":50}""", environment: "dev");
            await PublishAsync("other", """{"amount":50}""");
            var sent = await PublishAsync("order.paid", """{"amount":42}""");
            Assert.Equal("""{"paid":42}""", (await reader.NextAsync())!.Value.GetRawText());
            place = reader.LastEventId;
            Assert.Equal(0, (await client.SendAsync("GET", $"/api/deliveries?event={sent}")).Json.GetProperty("items").GetArrayLength());
        }

        await PublishAsync("order.paid", """{"amount":43}""");
        await using var again = await SseReader.OpenAsync(client, path, place);
        Assert.Equal("""{"paid":43}""", (await again.NextAsync())!.Value.GetRawText());

        // A change ends it: what comes after it is of the new form.
        Assert.Equal(200, (await client.SendAsync("PATCH", $"/api/subscriptions/{made["id"]}", """{"transform":null}""")).Status);
        Assert.Null(await again.NextAsync());
        var last = await PublishAsync("order.paid", """{"amount":44}""");
        await using var changed = await SseReader.OpenAsync(client, path, again.LastEventId);
        Assert.Equal(last, Id(await changed.NextAsync()));

        Assert.Equal(200, (await client.SendAsync("PATCH", $"/api/subscriptions/{made["id"]}", """{"enabled":false}""")).Status);
        Assert.Equal(409, (await client.SendTextAsync("GET", path)).Status);
    }

    [Fact]
    public async Task Subscription_OfAnotherKind_IsNotRead()
    {
        var made = await client.SendAsync("POST", "/api/subscriptions", """{ "pattern": "**", "target": { "kind": "webhook", "url": "https://example.com/hooks" } }""");

        Assert.Equal(409, (await client.SendTextAsync("GET", $"/api/subscriptions/{made["id"]}/stream")).Status);
        Assert.Equal(404, (await client.SendTextAsync("GET", "/api/subscriptions/sub_none/stream")).Status);
        foreach (var wrong in new[] { """{ "kind": "stream", "url": "https://example.com" }""", """{ "kind": "stream", "exchange": "x" }""" })
            Assert.Equal(400, (await client.SendAsync("POST", "/api/subscriptions", $$"""{ "pattern": "**", "target": {{wrong}} }""")).Status);
    }

    private static string Id(JsonElement? one) => one!.Value.GetProperty("id").GetString()!;

    private async Task<List<string>> ReadAsync(string place, int count, int part)
    {
        var ids = new List<string>();
        while (ids.Count < count)
        {
            await using var reader = await SseReader.OpenAsync(client, $"{Path}?pattern=app.many", place, patient: true);
            for (var i = 0; i < part && ids.Count < count; i++)
                ids.Add(Id(await reader.NextAsync()));
            place = reader.LastEventId;
        }

        return ids;
    }

    private async Task<string> PublishAsync(string type, string data = "{}", string project = "default", string environment = "prod")
    {
        var answer = await client.SendAsync("POST", "/api/events", $$"""{"type":"{{type}}","project":"{{project}}","environment":"{{environment}}","data":{{data}}}""");
        Assert.Equal(201, answer.Status);
        return answer["id"]!;
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!condition())
            await Task.Delay(20, patience.Token);
    }
}
