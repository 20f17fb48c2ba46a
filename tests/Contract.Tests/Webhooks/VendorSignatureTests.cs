using System.Text;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Manifests;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Contract.Tests.Webhooks;

/// <summary>What the vendors' own libraries sign, the hub accepts; what the hub signs, they accept; and a change of anything signed is refused.</summary>
public sealed class VendorSignatureTests(VendorSignatures vendors) : IClassFixture<VendorSignatures>
{
    public static TheoryData<string> Providers() => [.. VendorScheme.All(TimeProvider.System.GetUtcNow()).Keys];

    public static TheoryData<string> ProvidersWeSign() => [.. VendorScheme.All(TimeProvider.System.GetUtcNow()).Values.Where(vendor => vendor.SignedByUs).Select(vendor => vendor.Provider)];

    [SkippableTheory]
    [MemberData(nameof(Providers))]
    public async Task Verify_SignedByTheVendor_IsAcceptedAndEveryChangeRefused(string provider)
    {
        var (vendor, signed) = await vendors.SignedByVendorAsync(provider);
        var receiver = Receiver(vendor, vendors.Now);

        var genuine = await receiver.VerifyAsync(signed, vendor.Connection(), CancellationToken.None);
        Assert.True(genuine.Ok, $"{genuine.Failure}: {genuine.Detail}");

        await RefusesAsync(receiver, vendor, Changed(signed, body: Encoding.UTF8.GetString(signed.Body.Span).Replace("1", "2", StringComparison.Ordinal)), VerificationFailure.SignatureMismatch, VerificationFailure.TimestampOutsideTolerance);
        var wrongSecret = await receiver.VerifyAsync(signed, vendor.Connection(right: false), CancellationToken.None);
        Assert.Equal(VerificationFailure.SignatureMismatch, wrongSecret.Failure);
        if (vendor.SignsUrl)
            await RefusesAsync(receiver, vendor, Changed(signed, url: signed.Url.Replace("tag=a", "tag=b", StringComparison.Ordinal)), VerificationFailure.SignatureMismatch);

        if (vendor.Verify[0].Header is { } header)
        {
            var value = Assert.Single(signed.Headers[header]);
            await RefusesAsync(receiver, vendor, Changed(signed, header: (header, [])), VerificationFailure.MissingSignature);
            await RefusesAsync(receiver, vendor, Changed(signed, header: (header, [value[..^6]])), VerificationFailure.MalformedSignature, VerificationFailure.SignatureMismatch);
            if (vendor.Verify[0].Separator is null)
                await RefusesAsync(receiver, vendor, Changed(signed, header: (header, [value, value])), VerificationFailure.MalformedSignature);
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Providers))]
    public async Task Verify_Replayed_IsRefusedWhereTheProviderSignsATime(string provider)
    {
        var (vendor, signed) = await vendors.SignedByVendorAsync(provider);
        var tolerance = vendor.Verify[0].Tolerance;
        var later = Receiver(vendor, vendors.Now + (tolerance ?? TimeSpan.FromDays(30)) + TimeSpan.FromSeconds(1));

        var result = await later.VerifyAsync(signed, vendor.Connection(), CancellationToken.None);

        Assert.Equal(tolerance is null ? VerificationFailure.None : VerificationFailure.TimestampOutsideTolerance, result.Failure);
    }

    [SkippableTheory]
    [MemberData(nameof(ProvidersWeSign))]
    public async Task Sign_ByTheHub_IsAcceptedByTheVendorAndAChangedBodyIsNot(string provider)
    {
        var vendor = vendors.Vendor(provider);
        var unsigned = Request(vendor.Body, vendor.Url, provider == "twilio-form" ? [("Content-Type", "application/x-www-form-urlencoded")] : []);

        var signed = new WebhookSigner(vendor.Verify[0]).Sign(unsigned, vendor.Connection(), vendors.Now, "msg_1", vendor.PrivateKey);

        Assert.True(await vendors.VendorAcceptsAsync(vendor, signed));
        Assert.False(await vendors.VendorAcceptsAsync(vendor, Changed(signed, body: Encoding.UTF8.GetString(signed.Body.Span).Replace("1", "2", StringComparison.Ordinal))));
    }

    [SkippableTheory]
    [InlineData("standardwebhooks", "webhook")]
    [InlineData("svix", "svix")]
    public async Task StandardWebhooks_SignedForTwoSecrets_IsAcceptedByTheVendorWithEither(string provider, string prefix)
    {
        var vendor = vendors.Vendor(provider);
        var body = Encoding.UTF8.GetBytes(vendor.Body);
        var headers = StandardWebhooks.Headers("evt_1", vendors.Now, body, StandardWebhooks.NewSecret(), vendor.Secret);
        var signed = Request(vendor.Body, vendor.Url, [.. headers.Select(header => (header.Key.Replace("webhook", prefix, StringComparison.Ordinal), header.Value))]);

        Assert.True(await vendors.VendorAcceptsAsync(vendor, signed));
        Assert.False(await vendors.VendorAcceptsAsync(vendor with { Secret = StandardWebhooks.NewSecret() }, signed));
    }

    private static async Task RefusesAsync(WebhookReceiver receiver, VendorScheme vendor, WebhookRequest request, params VerificationFailure[] expected)
    {
        var result = await receiver.VerifyAsync(request, vendor.Connection(), CancellationToken.None);
        Assert.Contains(result.Failure, expected);
        Assert.DoesNotContain(vendor.Secret, result.Detail, StringComparison.Ordinal);
    }

    private static WebhookReceiver Receiver(VendorScheme vendor, DateTimeOffset now) => new(new WebhooksManifest { Verify = vendor.Verify }, null, new FixedTime(now));

    internal static WebhookRequest Request(string body, string url, params (string Name, string Value)[] headers)
    {
        var mark = url.IndexOf('?', StringComparison.Ordinal);
        return new WebhookRequest
        {
            Method = "POST", Url = url, Path = new Uri(url).AbsolutePath, QueryString = mark < 0 ? "" : url[mark..], Body = Encoding.UTF8.GetBytes(body), ReceivedAt = default,
            Headers = headers.ToDictionary(header => header.Name, header => (IReadOnlyList<string>)[header.Value], StringComparer.OrdinalIgnoreCase),
        };
    }

    private static WebhookRequest Changed(WebhookRequest request, string? body = null, string? url = null, (string Name, string[] Values)? header = null)
    {
        var headers = new Dictionary<string, IReadOnlyList<string>>(request.Headers, StringComparer.OrdinalIgnoreCase);
        if (header is { } change)
            headers[change.Name] = change.Values;

        var address = url ?? request.Url;
        return new WebhookRequest
        {
            Method = request.Method, Url = address, Path = request.Path, QueryString = new Uri(address).Query, Headers = headers,
            Body = body is null ? request.Body : Encoding.UTF8.GetBytes(body), ReceivedAt = request.ReceivedAt,
        };
    }
}

/// <summary>Runs the vendors' libraries once for all providers.</summary>
public sealed class VendorSignatures
{
    private readonly IReadOnlyDictionary<string, VendorScheme> schemes;
    private readonly Lazy<Task<Dictionary<string, JsonElement>>> signed;

    public VendorSignatures()
    {
        // The vendors' libraries look at the real clock.
        Now = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
        schemes = VendorScheme.All(Now);
        signed = new(SignAllAsync);
    }

    public DateTimeOffset Now { get; }

    internal VendorScheme Vendor(string provider) => schemes[provider];

    internal async Task<(VendorScheme Vendor, WebhookRequest Signed)> SignedByVendorAsync(string provider)
    {
        var answer = (await signed.Value)[provider];
        Assert.False(answer.TryGetProperty("error", out var error), error.ToString());

        var vendor = schemes[provider];
        var headers = answer.GetProperty("headers").EnumerateObject().Select(header => (header.Name, header.Value.GetString()!)).ToArray();
        return (vendor, VendorSignatureTests.Request(Text(answer, "body") ?? vendor.Body, Text(answer, "url") ?? vendor.Url, headers));
    }

    internal async Task<bool> VendorAcceptsAsync(VendorScheme vendor, WebhookRequest request)
    {
        var toolchain = await NodeToolchain.GetAsync();
        var headers = request.Headers.ToDictionary(header => header.Key, header => header.Value[0]);
        var answers = await toolchain.RunAsync("webhooks.mjs", new[] { Task(vendor, "verify", Encoding.UTF8.GetString(request.Body.Span), request.Url, headers) });
        Assert.False(answers[0].TryGetProperty("error", out var error), error.ToString());
        return answers[0].GetProperty("ok").GetBoolean();
    }

    private async Task<Dictionary<string, JsonElement>> SignAllAsync()
    {
        var toolchain = await NodeToolchain.GetAsync();
        var answers = await toolchain.RunAsync("webhooks.mjs", schemes.Values.Select(vendor => Task(vendor, "sign", vendor.Body, vendor.Url, [])).ToArray());
        return schemes.Keys.Zip(answers.EnumerateArray()).ToDictionary(pair => pair.First, pair => pair.Second);
    }

    private object Task(VendorScheme vendor, string action, string body, string url, Dictionary<string, string> headers) => new
    {
        provider = vendor.Provider, action, body, url, secret = vendor.Secret, privateKey = vendor.PrivateKey, publicKey = vendor.PublicKey, now = Now.ToUnixTimeSeconds(), id = "msg_1", headers,
    };

    private static string? Text(JsonElement answer, string name) => answer.TryGetProperty(name, out var value) ? value.GetString() : null;
}

internal sealed class FixedTime(DateTimeOffset now) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => now;
}
