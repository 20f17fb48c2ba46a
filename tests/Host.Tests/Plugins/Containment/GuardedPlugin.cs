using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Plugins;
using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Webhooks;
using Microsoft.Extensions.Logging.Abstractions;

namespace IntegrationHub.Host.Tests.Plugins.Containment;

/// <summary>A plugin's adapter that a test writes, behind the boundary.</summary>
#pragma warning disable CA1001 // xunit disposes it asynchronously.
public abstract class GuardedPlugin : IAsyncLifetime
#pragma warning restore CA1001
{
    private protected readonly FakeTimeProvider time = new();
    private protected readonly QuarantineRequests requests = new();
    private protected readonly PluginLimits limits = new() { ConcurrentCalls = 2, ResultBytes = 1000 };
    private protected readonly ScriptedPlugin plugin = new();
    private protected readonly PluginThreads threads = new("acme", 8);
    private protected readonly FaultLedger ledger;
    private protected readonly GuardedAdapter guard;

    private protected GuardedPlugin()
    {
        ledger = new FaultLedger("acme", new QuarantineOptions(), requests, time, NullLogger.Instance);
        guard = new GuardedAdapter(plugin, "acme", ledger, threads, new LogBudget("acme", limits, ledger, time, NullLogger.Instance), limits, time, NullLogger.Instance);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        plugin.Dispose = () => ValueTask.CompletedTask;
        await guard.DisposeAsync();
    }

    private protected Task<OperationResult> ExecuteAsync(CancellationToken cancellationToken = default) => guard.ExecuteAsync(
        new OperationRequest { Operation = "run", Parameters = JsonElement.Parse("{}"), CorrelationId = "req_1", Connection = Connection }, cancellationToken).AsTask();

    private protected Task<VerificationResult> VerifyAsync(ReadOnlyMemory<byte> body = default) => guard.VerifyAsync(
        new WebhookRequest { Method = "POST", Url = "https://hub.example/", Path = "/", Headers = new Dictionary<string, IReadOnlyList<string>>(), Body = body, ReceivedAt = time.GetUtcNow() }, Connection, default).AsTask();

    private protected static ConnectionContext Connection { get; } =
        new() { Id = "conn_1", Project = "default", Provider = "acme", Environment = "dev", Alias = "default", Config = JsonElement.Parse("{}") };

    private protected sealed class ScriptedPlugin : IProviderAdapter, IWebhookVerifier
    {
        public Func<OperationRequest, CancellationToken, ValueTask<OperationResult>> Execute { get; set; } = (_, _) => throw new NotSupportedException();

        public Func<WebhookRequest, CancellationToken, ValueTask<VerificationResult>> Verify { get; set; } = (_, _) => throw new NotSupportedException();

        public Func<ValueTask> Dispose { get; set; } = () => ValueTask.CompletedTask;

        public SemaphoreSlim Entered { get; } = new(0);

        public int Calls;

        public ValueTask InitializeAsync(ProviderContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref Calls);
            Entered.Release();
            return Execute(request, cancellationToken);
        }

        public ValueTask<VerificationResult> VerifyAsync(WebhookRequest request, ConnectionContext connection, CancellationToken cancellationToken)
        {
            Entered.Release();
            return Verify(request, cancellationToken);
        }

        public ValueTask DisposeAsync() => Dispose();
    }
}
