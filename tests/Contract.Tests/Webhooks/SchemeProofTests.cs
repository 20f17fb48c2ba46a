using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using IntegrationHub.Manifests;
using IntegrationHub.Webhooks;
using Xunit.Abstractions;

namespace IntegrationHub.Contract.Tests.Webhooks;

/// <summary>
/// Every scheme of <c>schemes.json</c>: what the vendor's library, the vendor's published example or an independent signer signed is accepted, and refused with anything of it changed.
/// </summary>
public sealed class SchemeProofTests(SchemeSignatures signatures, ITestOutputHelper output) : IClassFixture<SchemeSignatures>
{
    public static TheoryData<string> Schemes() => [.. SchemeRow.Names];

    [SkippableTheory]
    [MemberData(nameof(Schemes))]
    public async Task Verify_Genuine_IsAccepted(string name)
    {
        var (row, request) = await signatures.SignedAsync(name);

        var result = await VerifyAsync(row, request);

        Assert.True(result.Ok, $"{result.Failure}: {result.Detail}");
    }

    [SkippableTheory]
    [MemberData(nameof(Schemes))]
    public async Task Verify_AnythingChanged_IsRefused(string name)
    {
        var (row, request) = await signatures.SignedAsync(name);
        var cases = 0;
        foreach (var (what, changed) in Tampering.Of(row, request))
        {
            var result = await VerifyAsync(row, changed);
            Assert.False(result.Ok, what);
            Assert.True(result.Failure != VerificationFailure.Undecided, $"{what}: {result.Detail}");
            cases++;
        }

        output.WriteLine($"{cases} changes refused");
        Assert.True(cases >= 4, $"{name} has only {cases} changes.");
    }

    [SkippableTheory]
    [MemberData(nameof(Schemes))]
    public async Task Verify_OtherSecret_IsRefused(string name)
    {
        var (row, request) = await signatures.SignedAsync(name);

        var other = await VerifyAsync(row, request, "wrong");
        var none = await VerifyAsync(row, request, "");

        Assert.Equal(VerificationFailure.SignatureMismatch, other.Failure);
        Assert.False(none.Ok);
        Assert.DoesNotContain(row.Connection("wrong").Config.EnumerateObject().Last().Value.GetString()!, $"{other.Detail}{none.Detail}", StringComparison.Ordinal);
    }

    [SkippableTheory]
    [MemberData(nameof(Schemes))]
    public async Task Verify_OutOfTime_IsRefusedWhereTheVendorSendsATime(string name)
    {
        var (row, request) = await signatures.SignedAsync(name);
        var tolerance = row.Scheme.Tolerance;
        var beyond = (tolerance ?? TimeSpan.FromDays(20)) + TimeSpan.FromSeconds(2);

        foreach (var shift in tolerance is null ? [beyond] : new[] { beyond, -beyond })
        {
            var result = await VerifyAsync(row, request, shift: shift);
            Assert.Equal(tolerance is null ? VerificationFailure.None : VerificationFailure.TimestampOutsideTolerance, result.Failure);
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Schemes))]
    public async Task Verify_SecretRotated_IsAcceptedForAsLongAsTheOldOneCounts(string name)
    {
        var (row, request) = await signatures.SignedAsync(name);
        var rotated = row.Connection("wrong", "config");

        Assert.True((await signatures.Receiver(row, TimeSpan.Zero).VerifyAsync(request, rotated, CancellationToken.None)).Ok);
    }

    private async Task<VerificationResult> VerifyAsync(SchemeRow row, WebhookRequest request, string config = "config", TimeSpan shift = default) =>
        await signatures.Receiver(row, shift).VerifyAsync(request, row.Connection(config), CancellationToken.None);
}

/// <summary>Has every row signed once.</summary>
public sealed class SchemeSignatures : IDisposable
{
    private readonly SchemeKeys keys = new();
    private readonly Lazy<IReadOnlyList<SchemeRow>> rows;
    private readonly Lazy<Task<Dictionary<string, WebhookRequest>>> signed;
    private readonly DateTimeOffset now = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
    private readonly ConcurrentDictionary<(string, TimeSpan), WebhookReceiver> receivers = new();

    public SchemeSignatures()
    {
        rows = new(() => SchemeRow.Read(keys, now));
        signed = new(SignAllAsync);
    }

    public void Dispose() => keys.Dispose();

    internal WebhookReceiver Receiver(SchemeRow row, TimeSpan shift) =>
        receivers.GetOrAdd((row.Name, shift), _ => new WebhookReceiver(row.Manifest, null, new FixedTime((row.Moment ?? now) + shift), keys));

    internal async Task<(SchemeRow Row, WebhookRequest Request)> SignedAsync(string name)
    {
        var row = rows.Value.Single(candidate => candidate.Name == name);
        if (row.Example is not null)
            return (row, VendorSignatureTests.Request(row.Body, row.Url, [.. row.Sent.Select(header => (header.Key, header.Value))]));

        var all = await signed.Value;
        return (row, all[name]);
    }

    private async Task<Dictionary<string, WebhookRequest>> SignAllAsync()
    {
        foreach (var (address, name) in rows.Value.Select(row => row.Certificate).OfType<(string, string)>())
            keys.Serve(address, name);

        var toolchain = await NodeToolchain.GetAsync();
        var requests = new Dictionary<string, WebhookRequest>();
        foreach (var (script, of) in new[] { ("webhooks.mjs", rows.Value.Where(row => row.Library is not null)), ("signers.mjs", rows.Value.Where(row => row.Signer is not null)) })
        {
            var answers = await toolchain.RunAsync(script, of.Select(row => row.Task(keys, now)).ToArray());
            foreach (var (row, answer) in of.Zip(answers.EnumerateArray()))
                requests[row.Name] = Request(row, answer);
        }

        return requests;
    }

    private static WebhookRequest Request(SchemeRow row, JsonElement answer)
    {
        Assert.False(answer.TryGetProperty("error", out var error), $"{row.Name}: {error}");
        var headers = answer.GetProperty("headers").EnumerateObject().Select(header => (header.Name, header.Value.GetString()!)).ToArray();
        string? Text(string name) => answer.TryGetProperty(name, out var value) ? value.GetString() : null;
        return VendorSignatureTests.Request(Text("body") ?? row.Body, Text("url") ?? row.Url, headers);
    }
}
