using IntegrationHub.Host.Access;
using IntegrationHub.Host.Hosting;

namespace IntegrationHub.Host.Tests.Hosting;

public sealed class RedactingFormatterTests
{
    private const string Mask = "••••";
    private static readonly string Random = string.Concat("aB3dE6gH", "9jK2mN5p", "Q8sT1vW4");

    /// <summary>A line, and the part of it that nobody may read. Put together here, so that no scanner takes them for real.</summary>
    public static TheoryData<string, string> Secrets
    {
        get
        {
            var hex = string.Concat(Enumerable.Repeat("0a1b2c3d", 4));
            var own = ApiKeySecret.New();
            return new()
            {
                { $"Authorization: Bearer {Random}", Random },
                { $"authorization: bearer {Random}", Random },
                { $"Authorization: Basic {Convert.ToBase64String("user:pass"u8)}", Convert.ToBase64String("user:pass"u8) },
                { $"charged with {"sk_" + "live_" + Random}.", Random },
                { $"charged with {"rk_" + "test_" + Random}.", Random },
                { $"signed by {"whsec_" + Random}", Random },
                { $"slack said {"xoxb" + "-12345678901-" + Random}", Random },
                { $"mail by {"SG" + "." + Random + "." + Random}", Random },
                { $"pushed with {"ghp" + "_" + Random}", Random },
                { $"google {"AIza" + Random + "01234567890"}", Random },
                { $"google {"ya29" + "." + Random}", Random },
                { $"aws {"AKIA" + "ABCDEFGHIJ234567"}", "ABCDEFGHIJ234567" },
                { $"mailgun {"key-" + hex}", hex },
                { $"hubspot {"pat-" + "na1-" + "01234567-89ab-cdef-0123-456789abcdef"}", "456789abcdef" },
                { $"token {"eyJ" + Random + ".eyJ" + Random + "." + Random}", Random },
                { $"an unknown key {own} came", own },
                { $"aws_secret_access_key={Random}", Random },
                { $"{{\"client_secret\": \"{Random}\"}}", Random },
                { $"body was {{\\\"password\\\":\\\"{Random}\\\"}}", Random },
                { $"{{'apiKey': '{Random}'}}", Random },
                { $"?access_token={Random}&x=1", Random },
                { $"refresh_token = {Random};", Random },
                { $"Stripe-Signature: t=1,v1={hex}", hex },
                { $"HUB_MASTER_KEY={Random}=", Random },
                { $"https://user:{Random}@example.com/path", Random },
                { $"postgres://hub:{Random}@db:5432/hub", Random },
                { $"-----BEGIN PRIVATE KEY-----\n{Random}\n{Random}\n-----END PRIVATE KEY-----", Random },
                { $"\"-----BEGIN EC PRIVATE KEY-----\\n{Random}\\n-----END EC PRIVATE KEY-----\"", Random },
            };
        }
    }

    [Theory]
    [MemberData(nameof(Secrets))]
    public void Redact_ASecret_IsMasked(string line, string secret)
    {
        var redacted = RedactingFormatter.Redact(line);

        Assert.DoesNotContain(secret, redacted, StringComparison.Ordinal);
        Assert.Contains(Mask, redacted, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Delivery dlv_01M7YZ44ZZ7X56G31H4RD85VSH: attempt 1 failed (No connection to the endpoint could be made.)")]
    [InlineData("conn_01M7YZ44QQ17WR647DXDS7YY1R req_01M7YZDP7W2NR00VTXMW2V4BNQ sub_01M7YZ44Y7A4581XFC4YX6ZDVY")]
    [InlineData("Basic authentication is required; a bearer token is missing.")]
    [InlineData("The key-value-store re_established the pat-terns of hub_operation_duration_seconds")]
    [InlineData("The password is too short. No secret was given. The signature does not match.")]
    [InlineData("GET https://api.example.com:8443/v1/charges?limit=3 answered 200 in 12 ms")]
    [InlineData("Open /data/hub/master.key, then run: chmod 600 '/data/hub/master.key'")]
    [InlineData("at IntegrationHub.Host.Secrets.MasterKey.Load(HubOptions options) in /src/host/Secrets/MasterKey.cs:line 42")]
    [InlineData("Field secretKey of conn_01 was rotated; apiKey stays")]
    [InlineData("تم رفض الطلب لأن المفتاح غير معروف")]
    [InlineData("")]
    public void Redact_OrdinaryText_Stays(string line)
    {
        Assert.Equal(line, RedactingFormatter.Redact(line));
    }

    [Fact]
    public void Redact_ALongLine_IsDoneInTime()
    {
        // A regular expression that backtracks would end in the exception of the match timeout.
        var line = string.Concat(Enumerable.Repeat("://a:b password secret: Bearer ", 20_000));

        Assert.NotEmpty(RedactingFormatter.Redact(line));
    }
}
