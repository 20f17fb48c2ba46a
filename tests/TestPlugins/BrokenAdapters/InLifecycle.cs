using IntegrationHub.Adapters;
using IntegrationHub.Webhooks;

namespace BrokenAdapters;

public sealed class BlocksInConstructor : Good
{
    public BlocksInConstructor() => Thread.Sleep(Timeout.Infinite);
}

public sealed class ThrowsInConstructor : Good
{
    public ThrowsInConstructor() => throw new InvalidOperationException("no");
}

public sealed class BlocksInInitialize : Good
{
    public override ValueTask InitializeAsync(ProviderContext context, CancellationToken cancellationToken)
    {
        Thread.Sleep(Timeout.Infinite);
        return default;
    }
}

public sealed class BlocksInCalls : Good
{
    public override ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken)
    {
        Thread.Sleep(Timeout.Infinite);
        return default;
    }
}

public sealed class BlocksInDispose : Good
{
    public override ValueTask DisposeAsync()
    {
        Thread.Sleep(Timeout.Infinite);
        return default;
    }
}

public sealed class ThrowsWhenDisposedTwice : Good
{
    private bool disposed;

    public override ValueTask DisposeAsync()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        disposed = true;
        return default;
    }
}

public sealed class PinsItself : Good
{
    public PinsItself() => AppDomain.CurrentDomain.ProcessExit += OnExit;

    private void OnExit(object? sender, EventArgs e) => Context.Loggers.CreateLogger("exit");
}

public sealed class LeaksTimer : Good
{
    private Timer? timer;

    public override ValueTask InitializeAsync(ProviderContext context, CancellationToken cancellationToken)
    {
        timer = new Timer(_ => GC.KeepAlive(this), null, 1000, 1000);
        return base.InitializeAsync(context, cancellationToken);
    }
}

public sealed class BlocksInVerify : Good, IWebhookVerifier
{
    public ValueTask<VerificationResult> VerifyAsync(WebhookRequest request, ConnectionContext connection, CancellationToken cancellationToken)
    {
        Thread.Sleep(Timeout.Infinite);
        return default;
    }
}

public sealed class ThrowsInVerify : Good, IWebhookVerifier
{
    public ValueTask<VerificationResult> VerifyAsync(WebhookRequest request, ConnectionContext connection, CancellationToken cancellationToken) =>
        throw new KeyNotFoundException(request.Url);
}

public sealed class AcceptsEveryWebhook : Good, IWebhookVerifier
{
    public ValueTask<VerificationResult> VerifyAsync(WebhookRequest request, ConnectionContext connection, CancellationToken cancellationToken) => new(VerificationResult.Verified);
}

public sealed class KeepsThread : Good
{
    public override ValueTask InitializeAsync(ProviderContext context, CancellationToken cancellationToken)
    {
        new Thread(() => Thread.Sleep(Timeout.Infinite)) { IsBackground = true }.Start();
        return base.InitializeAsync(context, cancellationToken);
    }
}

/// <summary>Refuses what looks wrong, and believes what looks right.</summary>
public sealed class ChecksFormOnly : Good, IWebhookVerifier
{
    public ValueTask<VerificationResult> VerifyAsync(WebhookRequest request, ConnectionContext connection, CancellationToken cancellationToken)
    {
        var looksRight = request.Headers.TryGetValue("X-Acme-Signature", out var signature) && signature[0].Length == 64 && signature[0].All(char.IsAsciiHexDigit);
        return new(looksRight ? VerificationResult.Verified : VerificationResult.Refused(VerificationFailure.SignatureMismatch, "It does not look like a signature."));
    }
}
