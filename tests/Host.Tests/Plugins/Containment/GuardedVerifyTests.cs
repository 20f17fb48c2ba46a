using System.Text;
using IntegrationHub.Adapters;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Host.Tests.Plugins.Containment;

/// <summary>What a verifier of webhooks may do: that it fails proves nothing either way.</summary>
public sealed class GuardedVerifyTests : GuardedPlugin
{
    [Fact]
    public async Task Verify_Body_IsNotTheCallersMemory()
    {
        var pooled = Encoding.UTF8.GetBytes("one request");
        ReadOnlyMemory<byte> kept = default;
        plugin.Verify = (request, _) =>
        {
            kept = request.Body;
            return ValueTask.FromResult(VerificationResult.Verified);
        };
        await VerifyAsync(pooled);
        Encoding.UTF8.GetBytes("other's ...", pooled);

        Assert.Equal("one request", Encoding.UTF8.GetString(kept.Span));
    }

    [Fact]
    public async Task Verify_ReturnsWhatNobodySet_IsUndecided()
    {
        plugin.Verify = (_, _) => default;

        Assert.Equal(VerificationFailure.Undecided, (await VerifyAsync()).Failure);
    }

    [Fact]
    public async Task Verify_ThrowsOrReturnsGarbage_IsUndecidedAndNeverAReasonForQuarantine()
    {
        for (var i = 0; i < 50; i++)
        {
            plugin.Verify = (_, _) => i % 2 == 0 ? throw new FormatException("not base64: whsec") : ValueTask.FromResult(new VerificationResult((VerificationFailure)99));
            var result = await VerifyAsync();
            Assert.Equal(VerificationFailure.Undecided, result.Failure);
            Assert.DoesNotContain("whsec", result.Detail, StringComparison.Ordinal);
        }

        Assert.False(ledger.IsClosed);
    }

    [Fact]
    public async Task Verify_TooSlow_IsUndecided()
    {
        plugin.Verify = async (_, token) =>
        {
            await Task.Delay(Timeout.Infinite, token);
            return default;
        };
        var running = VerifyAsync();
        await plugin.Entered.WaitAsync();
        time.Advance(limits.VerifyTimeout);

        Assert.Equal(VerificationFailure.Undecided, (await running).Failure);
        Assert.False(ledger.IsClosed);
    }

    [Fact]
    public void ForHost_PluginVerifies_SoDoesTheGuard() => Assert.IsAssignableFrom<IWebhookVerifier>(guard.ForHost());
}
