using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IntegrationHub.Manifests;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Abstractions.Tests.Webhooks;

public sealed class ExtractionTests
{
    private static readonly EventManifest Rules = new() { Id = ["/id"], Type = ["/type"], Time = ["/created"], Subject = ["/data/object/id"] };

    [Fact]
    public void Extract_EmptyBodyWhereHeadersSayEverything_IsAnEvent()
    {
        var reader = Inbound.Reader(new EventManifest { Id = ["{header.X-Goog-Channel-ID}:{header.X-Goog-Message-Number}"], Type = ["{header.X-Goog-Resource-State}"] });

        var found = Assert.Single(reader.Extract(Inbound.Request("", headers: [("X-Goog-Channel-ID", "c"), ("X-Goog-Message-Number", "7"), ("X-Goog-Resource-State", "exists")])).Events);

        Assert.Equal(("c:7", "exists", "{}"), (found.ProviderEventId, found.Type, System.Text.Encoding.UTF8.GetString(found.Data.Span)));
        Assert.NotNull(reader.Extract(Inbound.Request("", headers: ("X-Goog-Channel-ID", "c"))).Malformed);
        Assert.NotNull(Inbound.Reader(new EventManifest { Id = ["/id"] }).Extract(Inbound.Request("")).Malformed);
    }

    [Fact]
    public void Single_Event_IsReadAndItsDataIsASliceOfTheBody()
    {
        const string body = "  {\"id\":\"evt_1\", \"type\":\"payment_intent.succeeded\",\"created\":1767225600,\"data\":{\"object\":{\"id\":\"pi_1\"}}}\n";
        var request = Inbound.Request(body);

        var extracted = Assert.Single(Inbound.Reader(Rules).Extract(request).Events);

        Assert.Equal("evt_1", extracted.ProviderEventId);
        Assert.Equal("payment_intent.succeeded", extracted.Type);
        Assert.Equal(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), extracted.Time);
        Assert.Equal("pi_1", extracted.Subject);
        Assert.Equal(body.Trim(), Encoding.UTF8.GetString(extracted.Data.Span));
        Assert.True(MemoryMarshal.TryGetArray(extracted.Data, out var data) && MemoryMarshal.TryGetArray(request.Body, out var whole) && ReferenceEquals(data.Array, whole.Array));
    }

    [Fact]
    public void Batch_Events_AreReadInOrderEachWithItsOwnBytes()
    {
        const string body = "[{\"id\":1,\"event\":\"open\"} , {\"event\":\"click\"},7]";
        var rules = new EventManifest { Batch = "", Id = ["/id"], Type = ["mail.{/event}", "mail.{header.X-None}"], Data = null };

        var events = Inbound.Reader(rules).Extract(Inbound.Request(body)).Events;

        Assert.Equal(["1", Sha("{\"event\":\"click\"}"), Sha("7")], events.Select(extracted => extracted.ProviderEventId));
        Assert.Equal(["mail.open", "mail.click", "unknown"], events.Select(extracted => extracted.Type));
        Assert.Equal(["{\"id\":1,\"event\":\"open\"}", "{\"event\":\"click\"}", "7"], events.Select(extracted => Encoding.UTF8.GetString(extracted.Data.Span)));
    }

    [Fact]
    public void Batch_NestedArrays_AreFlattened()
    {
        const string body = "{\"entry\":[{\"changes\":[{\"field\":\"a\"},{\"field\":\"b\"}]},{\"other\":1},{\"changes\":[{\"field\":\"c\"}]}]}";
        var rules = new EventManifest { Batch = "/entry/*/changes", Type = ["/field"] };

        Assert.Equal(["a", "b", "c"], Inbound.Reader(rules).Extract(Inbound.Request(body)).Events.Select(extracted => extracted.Type));
        Assert.Empty(Inbound.Reader(rules).Extract(Inbound.Request("{}")).Events);
    }

    [Theory]
    [InlineData("", "{}")]
    [InlineData("/items", "{}")]
    [InlineData("/items", "{\"items\":{}}")]
    [InlineData("/items", "[]")]
    public void Batch_NoArray_IsMalformed(string batch, string body) => Assert.NotNull(Inbound.Reader(new EventManifest { Batch = batch }).Extract(Inbound.Request(body)).Malformed);

    [Fact]
    public void Batch_TooMany_IsMalformed()
    {
        var body = "[" + string.Join(',', Enumerable.Repeat("0", 10_001)) + "]";

        Assert.NotNull(Inbound.Reader(new EventManifest { Batch = "" }).Extract(Inbound.Request(body)).Malformed);
        Assert.Empty(Inbound.Reader(new EventManifest { Batch = "" }).Extract(Inbound.Request("[]")).Events);
    }

    public static TheoryData<string, byte[]> MalformedBodies() => new()
    {
        { "empty", [] },
        { "white space", "  "u8.ToArray() },
        { "byte order mark alone", [0xEF, 0xBB, 0xBF] },
        { "text", "hello"u8.ToArray() },
        { "truncated", "{\"id\":\"evt_1\""u8.ToArray() },
        { "trailing data", "{}{}"u8.ToArray() },
        { "NUL behind", "{}\0"u8.ToArray() },
        { "NUL inside a string", "{\"id\":\"a\0b\"}"u8.ToArray() },
        { "comment", "{}//x"u8.ToArray() },
        { "trailing comma", "{\"a\":1,}"u8.ToArray() },
        { "NaN", "{\"a\":NaN}"u8.ToArray() },
        { "invalid UTF-8", [.. "{\"id\":\""u8, 0xC3, 0x28, .. "\"}"u8] },
        { "overlong UTF-8", [.. "{\"id\":\""u8, 0xC0, 0xAF, .. "\"}"u8] },
        { "UTF-16", Encoding.Unicode.GetBytes("{}") },
        { "deep arrays", Encoding.UTF8.GetBytes(new string('[', 50_000)) },
        { "deep objects", Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"a\":", 50_000))) },
        { "gzip", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0] },
    };

    [Theory]
    [MemberData(nameof(MalformedBodies))]
    public void Body_ThatIsNoJson_IsMalformed(string why, byte[] body)
    {
        var result = Inbound.Reader(Rules).Extract(Inbound.Request(body, "POST", "https://hub.example/x"));

        Assert.True(result.Malformed is { Length: > 0 }, why);
        Assert.Empty(result.Events);
    }

    [Fact]
    public void Body_WithByteOrderMark_IsRead()
    {
        var extracted = Assert.Single(Inbound.Reader(Rules).Extract(Inbound.Request("\uFEFF{\"id\":\"evt_1\"}")).Events);

        Assert.Equal("evt_1", extracted.ProviderEventId);
        Assert.Equal("{\"id\":\"evt_1\"}", Encoding.UTF8.GetString(extracted.Data.Span));
    }

    [Theory]
    [InlineData("{\"id\":\"a\",\"id\":\"b\"}", "b")] // as every JavaScript reader takes it
    [InlineData("{\"id\":12345678901234567890}", "12345678901234567890")]
    [InlineData("{\"id\":true}", "true")]
    public void Id_OfAnyType_IsItsText(string body, string id) => Assert.Equal(id, Assert.Single(Inbound.Reader(Rules).Extract(Inbound.Request(body)).Events).ProviderEventId);

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"id\":null}")]
    [InlineData("{\"id\":\"\"}")]
    [InlineData("{\"id\":\" \"}")]
    [InlineData("{\"id\":{\"a\":1}}")]
    [InlineData("{\"id\":[1]}")]
    [InlineData("{\"id\":\"\\ud800\"}")]
    [InlineData("[]")]
    [InlineData("1")]
    public void Id_Missing_IsTheHashOfTheRawElement(string body) =>
        Assert.Equal(Sha(body), Assert.Single(Inbound.Reader(Rules).Extract(Inbound.Request(" " + body)).Events).ProviderEventId);

    [Fact]
    public void Id_TooLongOrUnprintable_IsHashed()
    {
        var longest = new string('i', 256);

        Assert.Equal(longest, IdOf(longest));
        Assert.Equal(Sha(longest + "i"), IdOf(longest + "i"));
        Assert.Equal(Sha("a\nb"), IdOf("a\nb"));

        static string IdOf(string id) => Inbound.Reader(Rules).Extract(Inbound.Request(JsonSerializer.Serialize(new { id }))).Events[0].ProviderEventId;
    }

    [Fact]
    public void Lists_AreTriedInOrder()
    {
        var rules = new EventManifest { Id = ["/a", "{header.X-Id}", "{query.id}"], Type = ["{header.X-Topic}.{/action}", "{header.X-Topic}", "fixed"] };
        var reader = Inbound.Reader(rules);

        var both = reader.Extract(Inbound.Request("{\"action\":\"opened\"}", url: "https://hub.example/x?id=q", headers: [("X-Id", "h"), ("X-Topic", "issues")])).Events[0];
        var topic = reader.Extract(Inbound.Request("{}", url: "https://hub.example/x?id=q", headers: ("X-Topic", "themes/update now"))).Events[0];
        var none = reader.Extract(Inbound.Request("{\"a\":\"1\"}")).Events[0];

        Assert.Equal(("h", "issues.opened"), (both.ProviderEventId, both.Type));
        Assert.Equal(("q", "themes_update_now"), (topic.ProviderEventId, topic.Type));
        Assert.Equal(("1", "fixed"), (none.ProviderEventId, none.Type));
    }

    [Fact]
    public void Type_LongOrForeign_IsMadeSafe()
    {
        Assert.Equal("____ok__", TypeOf("نوع ok\r\n"));
        Assert.Equal(128, TypeOf(new string('t', 500)).Length);

        static string TypeOf(string type) => Inbound.Reader(Rules).Extract(Inbound.Request(JsonSerializer.Serialize(new { type }))).Events[0].Type;
    }

    [Theory]
    [InlineData("1767225600", "2026-01-01T00:00:00Z")]
    [InlineData("\"1767225600\"", "2026-01-01T00:00:00Z")]
    [InlineData("1767225600123", "2026-01-01T00:00:00.123Z")]
    [InlineData("\"1767225600.000200\"", "2026-01-01T00:00:00Z")]
    [InlineData("1767225600.5", "2026-01-01T00:00:00.500Z")]
    [InlineData("\"2026-01-01T03:00:00+03:00\"", "2026-01-01T00:00:00Z")]
    [InlineData("\"2026-01-01T00:00:00\"", "2026-01-01T00:00:00Z")]
    [InlineData("\"2026-01-01 00:00:00\"", "2026-01-01T00:00:00Z")]
    [InlineData("\"Thu, 01 Jan 2026 00:00:00 GMT\"", "2026-01-01T00:00:00Z")]
    public void Time_InManyForms_IsRead(string created, string expected)
    {
        var extracted = Inbound.Reader(Rules).Extract(Inbound.Request($"{{\"created\":{created}}}")).Events[0];

        Assert.Equal(DateTimeOffset.Parse(expected, System.Globalization.CultureInfo.InvariantCulture), extracted.Time);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("1e20")]
    [InlineData("99999999999999999999999999999999")]
    [InlineData("1770000000000000")]
    [InlineData("\"2026-01-03T00:00:00Z\"")]
    [InlineData("\"1999-12-31T23:59:59Z\"")]
    [InlineData("\"12:30\"")]
    [InlineData("\"tomorrow\"")]
    [InlineData("\"2026-99-99T00:00:00Z\"")]
    [InlineData("{}")]
    [InlineData("null")]
    public void Time_Absurd_IsWhenItArrived(string created) =>
        Assert.Equal(Inbound.Now, Inbound.Reader(Rules).Extract(Inbound.Request($"{{\"created\":{created}}}")).Events[0].Time);

    [Fact]
    public void Data_Pointer_ChoosesAPart()
    {
        var reader = Inbound.Reader(new EventManifest { Data = "/items/-1/va~1lue" });

        Assert.Equal("[ 1 ]", Encoding.UTF8.GetString(reader.Extract(Inbound.Request("{\"items\":[0,{\"va/lue\":[ 1 ]}]}")).Events[0].Data.Span));
        Assert.Equal("\"text\"", Encoding.UTF8.GetString(reader.Extract(Inbound.Request("{\"items\":[{\"va/lue\":\"text\"}]}")).Events[0].Data.Span));
        Assert.Equal("{\"items\":1}", Encoding.UTF8.GetString(reader.Extract(Inbound.Request("{\"items\":1}")).Events[0].Data.Span));
    }

    [Fact]
    public void Form_BecomesAnObjectOfStrings()
    {
        var rules = new EventManifest { Id = ["/MessageSid"], Type = ["message.{/MessageStatus}"], Subject = ["/To"] };
        const string form = "MessageSid=SM1&MessageStatus=delivered&To=%2B15550100&Tag=a&Tag=b+c&Empty=&%F0%9F%98%80=%E2%82";

        var extracted = Assert.Single(Inbound.Reader(rules).Extract(Inbound.Request(form, headers: ("Content-Type", "application/x-www-form-urlencoded"))).Events);
        var data = Inbound.Json(Encoding.UTF8.GetString(extracted.Data.Span));

        Assert.Equal(("SM1", "message.delivered", "+15550100"), (extracted.ProviderEventId, extracted.Type, extracted.Subject));
        Assert.Equal(["a", "b c"], data.GetProperty("Tag").EnumerateArray().Select(value => value.GetString()));
        Assert.Equal("", data.GetProperty("Empty").GetString());
        Assert.Equal("\uFFFD", data.GetProperty("😀").GetString());
    }

    [Fact]
    public void Form_WithoutId_IsTheHashOfWhatWasSent()
    {
        var request = Inbound.Request("a=1", headers: ("Content-Type", "application/x-www-form-urlencoded"));

        Assert.Equal(Sha("a=1"), Inbound.Reader(Rules).Extract(request).Events[0].ProviderEventId);
    }

    [Fact]
    public void Form_EmptyOrHuge_IsMalformed()
    {
        var huge = string.Join('&', Enumerable.Range(0, 5000).Select(i => $"f{i}=1"));

        Assert.NotNull(Inbound.Reader(Rules).Extract(Inbound.Request("", headers: ("Content-Type", "application/x-www-form-urlencoded"))).Malformed);
        Assert.NotNull(Inbound.Reader(Rules).Extract(Inbound.Request(huge, headers: ("Content-Type", "application/x-www-form-urlencoded"))).Malformed);
    }

    [Fact]
    public void Get_WithoutBody_IsReadFromTheQuery()
    {
        var extracted = Assert.Single(Inbound.Reader(Rules).Extract(Inbound.Request("", "GET", "https://hub.example/x?id=evt_1&type=sms.received")).Events);

        Assert.Equal(("evt_1", "sms.received", "{\"id\":\"evt_1\",\"type\":\"sms.received\"}"), (extracted.ProviderEventId, extracted.Type, Encoding.UTF8.GetString(extracted.Data.Span)));
    }

    private static string Sha(string text) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
