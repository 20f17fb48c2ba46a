using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using IntegrationHub.Manifests;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Abstractions.Tests.Webhooks;

public sealed class JwtTests
{
    private static readonly VerifyManifest Shared = new()
    {
        Scheme = VerifyScheme.Jwt, Secret = "{config.webhookSecret}", Header = "Authorization", Format = "Bearer {signature}", Tolerance = TimeSpan.FromMinutes(5),
        BodyHash = new Dictionary<string, string> { ["claim.payload_hash"] = "sha256-hex" },
    };

    private static readonly string Hash = Convert.ToHexStringLower(SHA256.HashData("{}"u8));

    public static TheoryData<string, string, string, VerificationFailure> Tokens()
    {
        var t = Inbound.Unix;
        var good = $"{{\"iat\":{t},\"payload_hash\":\"{Hash}\"}}";
        return new TheoryData<string, string, string, VerificationFailure>
        {
            { "right", "{\"alg\":\"HS256\"}", good, VerificationFailure.None },
            { "no algorithm", "{\"alg\":\"none\"}", good, VerificationFailure.MalformedSignature },
            { "another algorithm", "{\"alg\":\"RS256\"}", good, VerificationFailure.MalformedSignature },
            { "critical extension", "{\"alg\":\"HS256\",\"crit\":[\"b64\"]}", good, VerificationFailure.MalformedSignature },
            { "header is no object", "[]", good, VerificationFailure.MalformedSignature },
            { "expired", "{\"alg\":\"HS256\"}", $"{{\"iat\":{t},\"exp\":{t - 60},\"payload_hash\":\"{Hash}\"}}", VerificationFailure.TimestampOutsideTolerance },
            { "not yet", "{\"alg\":\"HS256\"}", $"{{\"iat\":{t},\"nbf\":{t + 61},\"payload_hash\":\"{Hash}\"}}", VerificationFailure.TimestampOutsideTolerance },
            { "old", "{\"alg\":\"HS256\"}", $"{{\"iat\":{t - 301},\"payload_hash\":\"{Hash}\"}}", VerificationFailure.TimestampOutsideTolerance },
            { "not dated", "{\"alg\":\"HS256\"}", $"{{\"payload_hash\":\"{Hash}\"}}", VerificationFailure.MissingTimestamp },
            { "date is text", "{\"alg\":\"HS256\"}", $"{{\"iat\":\"{t}\",\"payload_hash\":\"{Hash}\"}}", VerificationFailure.MalformedSignature },
            { "date is huge", "{\"alg\":\"HS256\"}", $"{{\"iat\":1e300,\"payload_hash\":\"{Hash}\"}}", VerificationFailure.MalformedSignature },
            { "other body", "{\"alg\":\"HS256\"}", $"{{\"iat\":{t},\"payload_hash\":\"{new string('0', 64)}\"}}", VerificationFailure.SignatureMismatch },
            { "no body hash", "{\"alg\":\"HS256\"}", $"{{\"iat\":{t}}}", VerificationFailure.MissingSignature },
            { "claims are no object", "{\"alg\":\"HS256\"}", "1", VerificationFailure.MalformedSignature },
            { "claims are no JSON", "{\"alg\":\"HS256\"}", "{", VerificationFailure.MalformedSignature },
        };
    }

    [Theory]
    [MemberData(nameof(Tokens))]
    public void Jwt_SharedSecret_IsChecked(string why, string header, string claims, VerificationFailure expected)
    {
        var signed = $"{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header))}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims))}";
        var token = $"{signed}.{Base64Url.EncodeToString(Inbound.Hmac(signed))}";

        var result = Inbound.Receiver(Shared).Verify(Inbound.Request(headers: ("Authorization", "Bearer " + token)));

        Assert.True(result.Failure == expected, $"{why}: {result}");
    }

    [Theory]
    [InlineData("a.b", VerificationFailure.MalformedSignature)]
    [InlineData("a.b.c.d", VerificationFailure.MalformedSignature)]
    [InlineData("..", VerificationFailure.MalformedSignature)]
    [InlineData("e30.e30.", VerificationFailure.MalformedSignature)]
    [InlineData("e30=.e30.AAAA", VerificationFailure.MalformedSignature)]
    [InlineData("eyJhbGciOiJIUzI1NiJ9.e30.AAAA", VerificationFailure.SignatureMismatch)]
    public void Jwt_HostileToken_IsRefused(string token, VerificationFailure expected) =>
        Assert.Equal(expected, Inbound.Receiver(Shared).Verify(Inbound.Request(headers: ("Authorization", "Bearer " + token))).Failure);

    [Fact]
    public void Jwt_PublicKey_IsNoSharedSecret()
    {
        using var rsa = RSA.Create(2048);
        var pem = rsa.ExportSubjectPublicKeyInfoPem();
        var scheme = Shared with { Secret = null, PublicKey = "{config.publicKey}", BodyHash = new Dictionary<string, string>() };
        var claims = Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{{\"iat\":{Inbound.Unix}}}"));

        var rs = Base64Url.EncodeToString("{\"alg\":\"RS256\"}"u8) + "." + claims;
        var genuine = rs + "." + Base64Url.EncodeToString(rsa.SignData(Encoding.ASCII.GetBytes(rs), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        var hs = Base64Url.EncodeToString("{\"alg\":\"HS256\"}"u8) + "." + claims;
        var confused = hs + "." + Base64Url.EncodeToString(Inbound.Hmac(hs, pem));

        var connection = Inbound.Connection(new { publicKey = pem });
        Assert.True(Inbound.Receiver(scheme).Verify(Inbound.Request(headers: ("Authorization", "Bearer " + genuine)), connection).Ok);
        Assert.False(Inbound.Receiver(scheme).Verify(Inbound.Request(headers: ("Authorization", "Bearer " + confused)), connection).Ok);
    }
}
