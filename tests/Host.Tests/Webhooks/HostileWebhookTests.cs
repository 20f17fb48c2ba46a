using System.Text;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Webhooks;

/// <summary>Requests as bytes on a socket: what no well-behaved client would send. Each has one exact answer, and none makes an event.</summary>
public sealed class HostileWebhookTests
{
    private const int Limit = 4096;
    private const string Good = """{"id":"a_1","type":"order.paid"}""";

    public static TheoryData<string, int, string?> Cases { get; } = new()
    {
        { "no signature", 401, "signature_missing" },
        { "empty signature", 401, "signature_missing" },
        { "signature of another secret", 401, "signature_invalid" },
        { "one byte of the body changed", 401, "signature_invalid" },
        { "a space added to the body", 401, "signature_invalid" },
        { "body cut short", 401, "signature_invalid" },
        { "empty body under a signature of the good one", 401, "signature_invalid" },
        { "timestamp changed", 401, "signature_invalid" },
        { "too old", 401, "timestamp_outside_tolerance" },
        { "from the future", 401, "timestamp_outside_tolerance" },
        { "signature without timestamp", 401, "timestamp_missing" },
        { "timestamp is no number", 401, "timestamp_missing" },
        { "timestamp overflows", 401, "timestamp_missing" },
        { "signature is not hex", 401, "signature_malformed" },
        { "signature has half the bytes", 401, "signature_malformed" },
        { "signature has odd digits", 401, "signature_malformed" },
        { "signature header twice", 401, "signature_malformed" },
        { "signature header twice, good one last", 401, "signature_malformed" },
        { "timestamp twice in the header", 401, "signature_malformed" },
        { "signature is garbage", 401, "signature_malformed" },
        { "signature very long", 401, "signature_malformed" },
        { "empty secret's signature", 401, "signature_invalid" },
        { "no JSON", 400, "malformed_body" },
        { "empty body, signed", 400, "malformed_body" },
        { "JSON cut off, signed", 400, "malformed_body" },
        { "JSON with rubbish after it, signed", 400, "malformed_body" },
        { "invalid UTF-8, signed", 400, "malformed_body" },
        { "JSON nested a thousand deep, signed", 400, "malformed_body" },
        { "UTF-16 body, signed", 400, "malformed_body" },
        { "too large by its length", 413, "body_too_large" },
        { "too large in chunks", 413, "body_too_large" },
        { "one byte too large", 413, "body_too_large" },
        { "gzip encoding", 415, "content_encoding_unsupported" },
        { "two encodings", 415, "content_encoding_unsupported" },
        { "unknown encoding", 415, "content_encoding_unsupported" },
        { "chunk size is garbage", 400, "invalid_request" },
        { "chunk without its end", 400, "invalid_request" },
        { "chunk size overflows", 400, "invalid_request" },
        { "length and chunks, signature over nothing", 401, "signature_invalid" },
        { "unknown connection", 404, "not_found" },
        { "another provider", 404, "not_found" },
        { "connection id with a path in it", 404, "not_found" },
        { "connection id with a NUL", 400, null },
        { "PUT", 405, "method_not_allowed" },
        { "DELETE", 405, "method_not_allowed" },
        { "length is negative", 400, null },
        { "two lengths", 400, null },
        { "header line without a colon", 400, null },
        { "no host", 400, null },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Request_Hostile_GetsItsAnswerAndMakesNoEvent(string name, int status, string? code)
    {
        await using var hub = await HubServer.StartAsync(new Dictionary<string, string?> { ["Hub:Webhooks:MaxBytes"] = $"{Limit}" });
        hub.Connections.Add("conn_1", "acme", new { webhookSecret = AcmeProvider.Secret });
        hub.Connections.Add("conn_empty", "acme", new { webhookSecret = "" });

        var answer = await hub.SendRawAsync(Build(name, hub.Time.GetUtcNow()));

        Assert.Equal((status, code), (answer.Status, answer.Code));
        Assert.Empty(hub.Store.Events);
        Assert.DoesNotContain(AcmeProvider.Secret, answer.Head + answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(Signature(AcmeProvider.Sign(hub.Time.GetUtcNow(), Encoding.UTF8.GetBytes(Good))), answer.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/html")]
    [InlineData("application/json; charset=\"")]
    [InlineData("")]
    [InlineData("*/*")]
    public async Task Request_GenuineWithAnOddContentType_IsAccepted(string contentType)
    {
        await using var hub = await HubServer.StartAsync();
        hub.Connections.Add("conn_1", "acme", new { webhookSecret = AcmeProvider.Secret });
        var answer = await hub.SendRawAsync(Post(Bytes(Good), [Signed(hub.Time.GetUtcNow(), Good)], contentType: contentType));
        Assert.Equal(202, answer.Status);
        Assert.Single(hub.Store.Events);
    }

    [Fact]
    public async Task Request_AtExactlyTheLimit_IsAccepted()
    {
        await using var hub = await HubServer.StartAsync(new Dictionary<string, string?> { ["Hub:Webhooks:MaxBytes"] = $"{Limit}" });
        hub.Connections.Add("conn_1", "acme", new { webhookSecret = AcmeProvider.Secret });
        var body = Good + new string(' ', Limit - Good.Length);
        var chunks = Chunked(string.Concat(body.Chunk(1000).Select(part => $"{part.Length:x}\r\n{new string(part)}\r\n")) + "0\r\n\r\n", [Signed(hub.Time.GetUtcNow(), body)]);
        Assert.Equal(202, (await hub.SendRawAsync(Post(Bytes(body), [Signed(hub.Time.GetUtcNow(), body)]))).Status);
        Assert.Equal(202, (await hub.SendRawAsync(chunks)).Status);
        Assert.Single(hub.Store.Events);
    }

    private static byte[] Build(string name, DateTimeOffset now)
    {
        var good = Bytes(Good);
        var signature = AcmeProvider.Sign(now, good);
        var digits = Signature(signature);
        var seconds = now.ToUnixTimeSeconds();
        byte[] SignedBody(byte[] body) => Post(body, [Signed(now, body)]);
        byte[] Header(string value) => Post(good, [$"Acme-Signature: {value}"]);
        return name switch
        {
            "no signature" => Post(good, []),
            "empty signature" => Header(""),
            "signature of another secret" => Header(AcmeProvider.Sign(now, good, "another")),
            "one byte of the body changed" => Post(Bytes(Good.Replace("a_1", "a_2", StringComparison.Ordinal)), [Signed(now, Good)]),
            "a space added to the body" => Post(Bytes(Good + " "), [Signed(now, Good)]),
            "body cut short" => Post(good[..^1], [Signed(now, Good)]),
            "empty body under a signature of the good one" => Post([], [Signed(now, Good)]),
            "timestamp changed" => Header(signature.Replace($"{seconds}", $"{seconds + 1}", StringComparison.Ordinal)),
            "too old" => Header(AcmeProvider.Sign(now.AddSeconds(-301), good)),
            "from the future" => Header(AcmeProvider.Sign(now.AddSeconds(301), good)),
            "signature without timestamp" => Header($"v1={digits}"),
            "timestamp is no number" => Header($"t=yesterday,v1={digits}"),
            "timestamp overflows" => Header($"t=99999999999999999999,v1={digits}"),
            "signature is not hex" => Header($"t={seconds},v1={new string('z', 64)}"),
            "signature has half the bytes" => Header($"t={seconds},v1={digits[..32]}"),
            "signature has odd digits" => Header($"t={seconds},v1={digits[..^1]}"),
            "signature header twice" => Post(good, [Signed(now, Good), "Acme-Signature: t=1,v1=00"]),
            "signature header twice, good one last" => Post(good, ["Acme-Signature: t=1,v1=00", Signed(now, Good)]),
            "timestamp twice in the header" => Header($"t=1,{signature}"),
            "signature is garbage" => Header("\u0001\u0002,,,===;;;"),
            "signature very long" => Header($"t={seconds},v1={new string('a', 6000)}"),
            "empty secret's signature" => Post(good, [$"Acme-Signature: {AcmeProvider.Sign(now, good, "")}"]),
            "no JSON" => SignedBody(Bytes("id=a_1&type=order.paid")),
            "empty body, signed" => SignedBody([]),
            "JSON cut off, signed" => SignedBody(Bytes("{\"id\":\"a_1\"")),
            "JSON with rubbish after it, signed" => SignedBody(Bytes(Good + "}")),
            "invalid UTF-8, signed" => SignedBody([.. "{\"id\":\""u8, 0xff, 0xfe, 0xc0, .. "\"}"u8]),
            "JSON nested a thousand deep, signed" => SignedBody(Bytes(new string('[', 1000) + new string(']', 1000))),
            "UTF-16 body, signed" => SignedBody(Encoding.Unicode.GetBytes(Good)),
            "too large by its length" => SignedBody(Bytes(Good + new string(' ', 20_000))),
            "too large in chunks" => Chunked(string.Concat(Enumerable.Repeat($"3e8\r\n{new string('x', 1000)}\r\n", 10)) + "0\r\n\r\n", [Signed(now, Good)]),
            "one byte too large" => SignedBody(Bytes(Good + new string(' ', Limit + 1 - Good.Length))),
            "gzip encoding" => Post(good, [Signed(now, Good), "Content-Encoding: gzip"]),
            "two encodings" => Post(good, [Signed(now, Good), "Content-Encoding: identity", "Content-Encoding: gzip"]),
            "unknown encoding" => Post(good, [Signed(now, Good), "Content-Encoding: aes128gcm"]),
            "chunk size is garbage" => Chunked("zz\r\nhello\r\n0\r\n\r\n", [Signed(now, Good)]),
            "chunk without its end" => Chunked("5\r\nhelloXX0\r\n\r\n", [Signed(now, Good)]),
            "chunk size overflows" => Chunked("ffffffffffffffff\r\nhello\r\n0\r\n\r\n", [Signed(now, Good)]),
            "length and chunks, signature over nothing" => Chunked("0\r\n\r\n", [Signed(now, Good), $"Content-Length: {Good.Length}"]),
            "unknown connection" => Post(good, [Signed(now, Good)], path: "/v1/webhooks/acme/conn_none"),
            "another provider" => Post(good, [Signed(now, Good)], path: "/v1/webhooks/stripe/conn_1"),
            "connection id with a path in it" => Post(good, [Signed(now, Good)], path: "/v1/webhooks/acme/..%2f..%2fconn_1"),
            "connection id with a NUL" => Post(good, [Signed(now, Good)], path: "/v1/webhooks/acme/conn_1%00"),
            "PUT" => Post(good, [Signed(now, Good)], method: "PUT"),
            "DELETE" => Post(good, [Signed(now, Good)], method: "DELETE"),
            "length is negative" => Head("POST", "/v1/webhooks/acme/conn_1", ["Host: hub", "Content-Length: -1", "Connection: close"]),
            "two lengths" => Head("POST", "/v1/webhooks/acme/conn_1", ["Host: hub", "Content-Length: 5", "Content-Length: 6", "Connection: close"]),
            "header line without a colon" => Head("POST", "/v1/webhooks/acme/conn_1", ["Host: hub", "Nonsense", "Connection: close"]),
            "no host" => Head("POST", "/v1/webhooks/acme/conn_1", ["Content-Length: 0", "Connection: close"]),
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "No such case."),
        };
    }

    private static string Signature(string header) => header[(header.IndexOf("v1=", StringComparison.Ordinal) + 3)..];

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static string Signed(DateTimeOffset now, string body) => Signed(now, Bytes(body));

    private static string Signed(DateTimeOffset now, byte[] body) => $"{AcmeProvider.SignatureHeader}: {AcmeProvider.Sign(now, body)}";

    private static byte[] Post(byte[] body, string[] headers, string method = "POST", string path = "/v1/webhooks/acme/conn_1", string contentType = "application/json") =>
        [.. Head(method, path, ["Host: hub", $"Content-Type: {contentType}", $"Content-Length: {body.Length}", "Connection: close", .. headers]), .. body];

    private static byte[] Chunked(string chunks, string[] headers) =>
        [.. Head("POST", "/v1/webhooks/acme/conn_1", ["Host: hub", "Content-Type: application/json", "Transfer-Encoding: chunked", "Connection: close", .. headers]), .. Bytes(chunks)];

    private static byte[] Head(string method, string path, string[] headers) =>
        Encoding.Latin1.GetBytes($"{method} {path} HTTP/1.1\r\n{string.Join("\r\n", headers)}\r\n\r\n");
}
