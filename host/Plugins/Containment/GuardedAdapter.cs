using IntegrationHub.Adapters;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Host.Plugins;

/// <summary>
/// What the host sees of a plugin's adapter: whatever the plugin does, a call ends, and with a result that the host can use or a typed error. Thread-safe.
/// </summary>
internal sealed partial class GuardedAdapter(
    IProviderAdapter plugin, string name, FaultLedger ledger, PluginThreads threads, LogBudget budget, PluginLimits limits, TimeProvider time, ILogger logger, IDisposable? http = null) : IProviderAdapter
{
    private readonly PluginCalls calls = new(ledger, threads, limits, time);
    private readonly Bulkhead operations = new(limits.ConcurrentCalls, limits.QueueTime, time);
    private readonly Bulkhead verifications = new(limits.ConcurrentCalls, limits.QueueTime, time);
    private IProviderAdapter? plugin = plugin;

    /// <summary>The plugin's own; <see langword="null"/> once it is disposed. Not to be called.</summary>
    public IProviderAdapter? Plugin => plugin;

    public FaultLedger Ledger => ledger;

    /// <summary>The boundary around an adapter that the catalog has; <see langword="null"/> when it is the hub's own and has none.</summary>
    public static GuardedAdapter? Of(IProviderAdapter adapter) => adapter as GuardedAdapter ?? (adapter as GuardedVerifier)?.Adapter;

    /// <summary>The adapter as the host uses it: a verifier only if the plugin's is one.</summary>
    public IProviderAdapter ForHost() => plugin is IWebhookVerifier ? new GuardedVerifier(this) : this;

    public ValueTask InitializeAsync(ProviderContext context, CancellationToken cancellationToken) => throw new InvalidOperationException("The plugin was started before it was guarded.");

    public async ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken)
    {
        var adapter = plugin ?? throw new ObjectDisposedException(name);
        try
        {
            var result = await calls.RunAsync(
                $"ExecuteAsync of '{request.Operation}'",
                token => ExecuteAsync(adapter, request, token),
                cancellationToken,
                operations,
                discard: late => _ = late.Content?.DisposeAsync().AsTask());

            // One with content is done when that has been read.
            if (result.Content is null)
                ledger.Succeeded();

            return result;
        }
        catch (PluginFaultException exception)
        {
            return OperationResult.Failure(ErrorFor(exception.Fault));
        }
        catch (PluginRefusedException refused)
        {
            return OperationResult.Failure(new ProviderError { Category = ErrorCategory.Unavailable, Message = refused.Message });
        }
    }

    /// <summary>Asks the plugin's verifier. That it fails proves nothing either way: the sender is asked to send again.</summary>
    public async ValueTask<VerificationResult> VerifyAsync(WebhookRequest request, ConnectionContext connection, CancellationToken cancellationToken)
    {
        var verifier = plugin as IWebhookVerifier ?? throw new ObjectDisposedException(name);
        var own = WithOwnBody(request);
        using var deadline = new CancellationTokenSource(limits.VerifyTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            return await calls.RunAsync(
                "VerifyAsync",
                async token => Accept(await verifier.VerifyAsync(own, connection, token).AsTask()),
                either.Token,
                verifications,
                classify: static fault => fault with { Kind = FaultKind.Verifier });
        }
        catch (PluginFaultException exception)
        {
            return Undecided($"The plugin's verifier {exception.Fault.What}.");
        }
        catch (PluginRefusedException refused)
        {
            return Undecided(refused.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Log.VerifierSlow(logger, name, limits.VerifyTimeout.TotalSeconds);
            return Undecided($"The plugin's verifier did not answer within {limits.VerifyTimeout.TotalSeconds:0.#} s.");
        }
    }

    /// <summary>Disposes the plugin's adapter and forgets it.</summary>
    /// <exception cref="PluginFaultException">It threw, or did not return in time.</exception>
    public async ValueTask DisposeAsync()
    {
        ledger.Retire();
        if (Interlocked.Exchange(ref plugin, null) is not { } adapter)
            return;

        try
        {
            using var deadline = new CancellationTokenSource(limits.DisposeTimeout, time);
            await calls.RunAsync(
                "DisposeAsync",
                async _ =>
                {
                    await adapter.DisposeAsync().AsTask();
                    return true;
                },
                deadline.Token,
                classify: static fault => fault with { Kind = FaultKind.Dispose },
                whenClosed: true);
        }
        catch (OperationCanceledException)
        {
            throw new PluginFaultException(new PluginFault(FaultKind.Dispose, "DisposeAsync", $"did not return within {limits.DisposeTimeout.TotalSeconds:0.#} s"));
        }
        finally
        {
            threads.Dispose();
            budget.Close();
            http?.Dispose();
        }
    }

    // On the plugin's threads.
    private async Task<OperationResult> ExecuteAsync(IProviderAdapter adapter, OperationRequest request, CancellationToken cancellationToken)
    {
        var result = await adapter.ExecuteAsync(request, cancellationToken).AsTask();
        try
        {
            return ResultCheck.Accept(result, limits.ResultBytes, content => content with { Stream = new GuardedStream(content, request.Operation, calls, ledger, limits, time), Owner = null });
        }
        catch (PluginGarbageException) when (result?.Content is { } content)
        {
            await content.DisposeAsync().AsTask();
            throw;
        }
    }

    // The body's memory is pooled, and used for the next request while a verifier that was given up may still read it.
    private static WebhookRequest WithOwnBody(WebhookRequest request) => new()
    {
        Method = request.Method,
        Url = request.Url,
        Path = request.Path,
        QueryString = request.QueryString,
        Headers = request.Headers,
        Body = request.Body.ToArray(),
        ReceivedAt = request.ReceivedAt,
    };

    private static VerificationResult Accept(VerificationResult result) =>
        Enum.IsDefined(result.Failure)
            ? result with { Detail = result.Detail is { Length: > 500 } detail ? detail[..500] + "…" : result.Detail }
            : throw new PluginGarbageException($"returned the failure {(int)result.Failure}, which does not exist");

    private static VerificationResult Undecided(string why) => VerificationResult.Refused(VerificationFailure.Undecided, why);

    private ProviderError ErrorFor(PluginFault fault) => fault.Kind switch
    {
        FaultKind.Network => new() { Category = ErrorCategory.Unavailable, Message = $"The connection to {name} failed.", OutcomeUnknown = true },
        FaultKind.Garbage => new() { Category = ErrorCategory.ProviderError, Message = "The plugin returned what the hub cannot use.", OutcomeUnknown = true },
        _ => new() { Category = ErrorCategory.ProviderError, Message = "The plugin failed while running the operation.", OutcomeUnknown = true },
    };

    private static partial class Log
    {
        [LoggerMessage(1220, LogLevel.Error, "Plugin {Plugin} did not verify a webhook within {Seconds} s; the sender is asked to send it again")]
        public static partial void VerifierSlow(ILogger logger, string plugin, double seconds);
    }
}

/// <summary>The same for a plugin that verifies webhooks itself.</summary>
internal sealed class GuardedVerifier(GuardedAdapter adapter) : IProviderAdapter, IWebhookVerifier
{
    public GuardedAdapter Adapter { get; } = adapter;

    public ValueTask InitializeAsync(ProviderContext context, CancellationToken cancellationToken) => Adapter.InitializeAsync(context, cancellationToken);

    public ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken) => Adapter.ExecuteAsync(request, cancellationToken);

    public ValueTask<VerificationResult> VerifyAsync(WebhookRequest request, ConnectionContext connection, CancellationToken cancellationToken) =>
        Adapter.VerifyAsync(request, connection, cancellationToken);

    public ValueTask DisposeAsync() => Adapter.DisposeAsync();
}
