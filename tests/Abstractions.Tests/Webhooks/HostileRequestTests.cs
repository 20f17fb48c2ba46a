using System.Text;
using IntegrationHub.Manifests;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Abstractions.Tests.Webhooks;

/// <summary>Requests made to slip through or to break something; each has one exact answer.</summary>
public sealed class HostileRequestTests
{
    private const string Body = "{\"id\":\"evt_1\"}";

    private static readonly VerifyManifest Timed = new()
    {
        Scheme = VerifyScheme.Hmac, Secret = "{config.webhookSecret}", Header = "Acme-Signature", Format = "t={timestamp},v1={signature}", Signed = "{timestamp}.{body}",
        Tolerance = TimeSpan.FromMinutes(5),
    };

    private static readonly VerifyManifest Plain = new()
    {
        Scheme = VerifyScheme.Hmac, Secret = "{config.webhookSecret}", Header = "X-Hub-Signature-256", Format = "sha256={signature}",
    };

    private static readonly VerifyManifest Standard = new()
    {
        Scheme = VerifyScheme.Hmac, Secret = "{config.webhookSecret}", Header = "webhook-signature", Format = "v1,{signature}", Separator = " ", Encoding = "base64",
        TimestampHeader = "webhook-timestamp", IdHeader = "webhook-id", Signed = "{id}.{timestamp}.{body}", Tolerance = TimeSpan.FromMinutes(5),
    };

    private static string Good => Inbound.Hex(Inbound.Hmac($"{Inbound.Unix}.{Body}"));

    private static string GoodPlain => Inbound.Hex(Inbound.Hmac(Body));

    public static TheoryData<string, string?, VerificationFailure> TimedHeaders()
    {
        var (t, good) = (Inbound.Unix, Good);
        return new TheoryData<string, string?, VerificationFailure>
        {
            { "no header", null, VerificationFailure.MissingSignature },
            { "empty", "", VerificationFailure.MissingSignature },
            { "blank", "   ", VerificationFailure.MissingSignature },
            { "only commas", ",,,,", VerificationFailure.MalformedSignature },
            { "only equals", "====", VerificationFailure.MalformedSignature },
            { "no signature", $"t={t}", VerificationFailure.MalformedSignature },
            { "empty signature", $"t={t},v1=", VerificationFailure.MalformedSignature },
            { "another version alone", $"t={t},v0={good}", VerificationFailure.MalformedSignature },
            { "no timestamp", $"v1={good}", VerificationFailure.MissingTimestamp },
            { "empty timestamp", $"t=,v1={good}", VerificationFailure.MissingTimestamp },
            { "two timestamps", $"t={t},t={t},v1={good}", VerificationFailure.MalformedSignature },
            { "two different timestamps", $"t=1,v1={good},t={t}", VerificationFailure.MalformedSignature },
            { "negative timestamp", $"t=-{t},v1={good}", VerificationFailure.MissingTimestamp },
            { "signed timestamp", $"t=+{t},v1={good}", VerificationFailure.MissingTimestamp },
            { "fraction", $"t={t}.0,v1={good}", VerificationFailure.MissingTimestamp },
            { "exponent", $"t=1e9,v1={good}", VerificationFailure.MissingTimestamp },
            { "hex timestamp", $"t=0x5f5e100,v1={good}", VerificationFailure.MissingTimestamp },
            { "digits of another script", $"t=١٧٦٧٢٦٨٨٠٠,v1={good}", VerificationFailure.MissingTimestamp },
            { "full-width digits", $"t=１７６７２６８８００,v1={good}", VerificationFailure.MissingTimestamp },
            { "NUL after the timestamp", $"t={t}\0,v1={good}", VerificationFailure.MissingTimestamp },
            { "more than 64 bits", $"t=99999999999999999999999999,v1={good}", VerificationFailure.MissingTimestamp },
            { "64 bits", $"t=9223372036854775807,v1={good}", VerificationFailure.MissingTimestamp },
            { "beyond the calendar", $"t=999999999999999999,v1={good}", VerificationFailure.MissingTimestamp },
            { "far future", $"t=99999999999,v1={good}", VerificationFailure.TimestampOutsideTolerance },
            { "zero", $"t=0,v1={good}", VerificationFailure.TimestampOutsideTolerance },
            { "one second too old", $"t={t - 301},v1={good}", VerificationFailure.TimestampOutsideTolerance },
            { "one second too new", $"t={t + 301},v1={good}", VerificationFailure.TimestampOutsideTolerance },
            { "fresh timestamp, old signature", $"t={t + 1},v1={good}", VerificationFailure.SignatureMismatch },
            { "leading zero on the timestamp", $"t=0{t},v1={good}", VerificationFailure.SignatureMismatch },
            { "truncated", $"t={t},v1={good[..63]}", VerificationFailure.MalformedSignature },
            { "half", $"t={t},v1={good[..32]}", VerificationFailure.MalformedSignature },
            { "too long", $"t={t},v1={good}00", VerificationFailure.MalformedSignature },
            { "not hex", $"t={t},v1={new string('g', 64)}", VerificationFailure.MalformedSignature },
            { "base64 instead of hex", $"t={t},v1={Convert.ToBase64String(Inbound.Hmac($"{t}.{Body}"))}", VerificationFailure.MalformedSignature },
            { "spaces inside", $"t={t},v1={good.Insert(10, " ")}", VerificationFailure.MalformedSignature },
            { "NUL inside", $"t={t},v1={good[..63]}\0", VerificationFailure.MalformedSignature },
            { "full-width hex", $"t={t},v1={good.Replace('0', '０').Replace('1', '１').Replace('a', 'ａ')}", VerificationFailure.MalformedSignature },
            { "all zeros", $"t={t},v1={new string('0', 64)}", VerificationFailure.SignatureMismatch },
            { "one bit off", $"t={t},v1={Flip(good)}", VerificationFailure.SignatureMismatch },
            { "signed without the timestamp", $"t={t},v1={GoodPlain}", VerificationFailure.SignatureMismatch },
            { "key in upper case", $"T={t},V1={good}", VerificationFailure.MalformedSignature },
            { "other delimiter", $"t={t};v1={good}", VerificationFailure.MalformedSignature },
            { "eleven signatures", $"t={t}," + string.Join(',', Enumerable.Repeat($"v1={new string('0', 64)}", 10).Append($"v1={good}")), VerificationFailure.MalformedSignature },
            { "huge header", $"t={t},v1={good}," + new string('x', 9000), VerificationFailure.MalformedSignature },
            { "a template", "t={timestamp},v1={signature}", VerificationFailure.MissingTimestamp },
        };
    }

    [Theory]
    [MemberData(nameof(TimedHeaders))]
    public void Verify_HostileHeader_GivesExactFailure(string why, string? header, VerificationFailure expected)
    {
        var request = header is null ? Inbound.Request(Body) : Inbound.Request(Body, headers: ("Acme-Signature", header));

        var result = Inbound.Receiver(Timed).Verify(request);

        Assert.True(result.Failure == expected, $"{why}: {result.Failure} instead of {expected}");
        Assert.False(string.IsNullOrEmpty(result.Detail));
        Assert.DoesNotContain(Good, result.Detail!, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(Inbound.Secret, result.Detail!, StringComparison.Ordinal);
    }

    public static TheoryData<string, string, VerificationFailure> PlainHeaders() => new()
    {
        { "no prefix", GoodPlain, VerificationFailure.MalformedSignature },
        { "another algorithm's prefix", $"sha1={GoodPlain}", VerificationFailure.MalformedSignature },
        { "prefix alone", "sha256=", VerificationFailure.MalformedSignature },
        { "prefix in upper case", $"SHA256={GoodPlain}", VerificationFailure.MalformedSignature },
        { "two in one value", $"sha256={new string('0', 64)},sha256={GoodPlain}", VerificationFailure.MalformedSignature },
        { "space in front", $" sha256={GoodPlain}", VerificationFailure.MalformedSignature },
        { "space behind", $"sha256={GoodPlain} ", VerificationFailure.MalformedSignature },
        { "surrogate", "sha256=\ud800", VerificationFailure.MalformedSignature },
    };

    [Theory]
    [MemberData(nameof(PlainHeaders))]
    public void Verify_HostilePlainHeader_GivesExactFailure(string why, string header, VerificationFailure expected)
    {
        var result = Inbound.Receiver(Plain).Verify(Inbound.Request(Body, headers: ("X-Hub-Signature-256", header)));

        Assert.True(result.Failure == expected, $"{why}: {result.Failure} instead of {expected}");
    }

    public static TheoryData<string, string> ChangedBodies() => new()
    {
        { "empty", "" },
        { "space in front", " " + Body },
        { "line end behind", Body + "\n" },
        { "byte order mark", "\uFEFF" + Body },
        { "NUL behind", Body + "\0" },
        { "one letter", Body.Replace("evt_1", "evt_2", StringComparison.Ordinal) },
        { "escaped letter", Body.Replace("evt_1", "\\u0065vt_1", StringComparison.Ordinal) },
        { "duplicate key", "{\"id\":\"evt_0\",\"id\":\"evt_1\"}" },
        { "truncated", Body[..^1] },
    };

    [Theory]
    [MemberData(nameof(ChangedBodies))]
    public void Verify_ChangedBody_IsMismatch(string why, string body)
    {
        var plain = Inbound.Receiver(Plain).Verify(Inbound.Request(body, headers: ("X-Hub-Signature-256", "sha256=" + GoodPlain)));
        var timed = Inbound.Receiver(Timed).Verify(Inbound.Request(body, headers: ("Acme-Signature", $"t={Inbound.Unix},v1={Good}")));

        Assert.True(plain.Failure == VerificationFailure.SignatureMismatch, why);
        Assert.True(timed.Failure == VerificationFailure.SignatureMismatch, why);
    }

    [Fact]
    public void Verify_SignatureHeaderTwice_IsMalformedEvenWhenBothAreRight()
    {
        var right = $"t={Inbound.Unix},v1={Good}";

        var result = Inbound.Receiver(Timed).Verify(Inbound.Request(Body, headers: [("Acme-Signature", right), ("acme-signature", right)]));

        Assert.Equal(VerificationFailure.MalformedSignature, result.Failure);
    }

    [Theory]
    [InlineData("webhook-timestamp", VerificationFailure.MalformedSignature)]
    [InlineData("webhook-id", VerificationFailure.MalformedSignature)]
    [InlineData("webhook-signature", VerificationFailure.None)]
    public void Verify_StandardHeaderTwice_OnlySignaturesMayBeAList(string header, VerificationFailure expected)
    {
        var headers = StandardHeaders();
        headers.Add((header, headers.Single(pair => pair.Item1 == header).Item2));

        Assert.Equal(expected, Inbound.Receiver(Standard).Verify(Inbound.Request(Body, headers: [.. headers])).Failure);
    }

    [Theory]
    [InlineData("webhook-timestamp", VerificationFailure.MissingTimestamp)]
    [InlineData("webhook-id", VerificationFailure.MissingSignature)]
    [InlineData("webhook-signature", VerificationFailure.MissingSignature)]
    public void Verify_StandardHeaderMissing_SaysWhich(string header, VerificationFailure expected)
    {
        var headers = StandardHeaders();
        headers.RemoveAll(pair => pair.Item1 == header);

        Assert.Equal(expected, Inbound.Receiver(Standard).Verify(Inbound.Request(Body, headers: [.. headers])).Failure);
    }

    [Theory]
    [InlineData("v1a,{0}", VerificationFailure.MalformedSignature)]
    [InlineData("v1, {0}", VerificationFailure.MalformedSignature)]
    [InlineData("v1 {0}", VerificationFailure.MalformedSignature)]
    [InlineData("v1,!!! v1,{0}", VerificationFailure.None)]
    [InlineData("v2,AAAA v1,{0}", VerificationFailure.None)]
    [InlineData("  v1,{0}  ", VerificationFailure.None)]
    [InlineData("v1,{0}=", VerificationFailure.MalformedSignature)]
    public void Verify_StandardSignatureList_ReadsItsOwnVersionOnly(string format, VerificationFailure expected)
    {
        var headers = StandardHeaders();
        var signature = headers.Single(pair => pair.Item1 == "webhook-signature").Item2["v1,".Length..];
        headers.RemoveAll(pair => pair.Item1 == "webhook-signature");
        headers.Add(("webhook-signature", string.Format(System.Globalization.CultureInfo.InvariantCulture, format, signature)));

        Assert.Equal(expected, Inbound.Receiver(Standard).Verify(Inbound.Request(Body, headers: [.. headers])).Failure);
    }

    [Theory]
    [InlineData(-300)]
    [InlineData(0)]
    [InlineData(300)]
    public void Verify_TimestampAtTheEdge_IsInside(int offset)
    {
        var t = Inbound.Unix + offset;

        var result = Inbound.Receiver(Timed).Verify(Inbound.Request(Body, headers: ("Acme-Signature", $"t={t},v1={Inbound.Hex(Inbound.Hmac($"{t}.{Body}"))}")));

        Assert.True(result.Ok, result.Detail);
    }

    [Fact]
    public void Verify_TimestampWithoutTolerance_MustStillBeANumber()
    {
        // The boundary between timestamp and body must not be movable: "12" + "34{}" is not "123" + "4{}".
        var scheme = new VerifyManifest { Scheme = VerifyScheme.Hmac, Secret = "{config.webhookSecret}", Header = "S", TimestampHeader = "T", Signed = "{timestamp}{body}" };
        var signature = Inbound.Hex(Inbound.Hmac($"{Inbound.Unix}[1]"));

        var moved = Inbound.Receiver(scheme).Verify(Inbound.Request("1]", headers: [("S", signature), ("T", $"{Inbound.Unix}[")]));

        Assert.Equal(VerificationFailure.MissingTimestamp, moved.Failure);
    }

    [Fact]
    public void Verify_DeepJson_IsRefusedNotThrown()
    {
        var scheme = new VerifyManifest { Scheme = VerifyScheme.Token, Secret = "{config.webhookSecret}", Body = "/token" };
        var bomb = Encoding.UTF8.GetBytes(new string('[', 100_000));

        var result = Inbound.Receiver(scheme).Verify(Inbound.Request(bomb, "POST", "https://hub.example/x"));

        Assert.Equal(VerificationFailure.MissingSignature, result.Failure);
    }

    private static List<(string, string)> StandardHeaders() =>
    [
        ("webhook-id", "msg_1"), ("webhook-timestamp", $"{Inbound.Unix}"),
        ("webhook-signature", "v1," + Convert.ToBase64String(Inbound.Hmac($"msg_1.{Inbound.Unix}.{Body}"))),
    ];

    private static string Flip(string hex) => hex[..^1] + (hex[^1] == '0' ? '1' : '0');
}
