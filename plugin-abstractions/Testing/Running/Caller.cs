using System.Globalization;
using System.Text;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Testing.Http;

namespace IntegrationHub.Testing.Running;

/// <summary>One call to be made.</summary>
internal sealed record CallSpec(string Operation, JsonElement Parameters, Responder Respond)
{
    public ConnectionContext? Connection { get; init; }

    public string? Cursor { get; init; }

    public string? IdempotencyKey { get; init; } = "kit-idempotency-0001";

    public CancellationToken Cancellation { get; init; }

    /// <summary>Whether a call that does not return counts against the plugin as a whole.</summary>
    public bool IsBlockingSevere { get; init; } = true;
}

/// <summary>Calls a plugin's operations as the hub does, with a deadline and a fault boundary, and shows every outcome to whoever watches. Thread-safe.</summary>
internal sealed class Caller(PluginUnderTest plugin, ConnectionMaker connections, ConformanceOptions options)
{
    /// <summary>After so many blocked calls nothing more is learned, and each keeps a thread.</summary>
    private const int MostBlocked = 4;

    private int number;
    private int blocked;

    /// <summary>Sees every outcome, on the caller's thread.</summary>
    public event Action<CallOutcome>? Observed;

    public ConnectionMaker Connections => connections;

    /// <summary>Whether the plugin has blocked so often that further calls are pointless.</summary>
    public bool GaveUp => blocked >= MostBlocked;

    public async Task<CallOutcome> CallAsync(CallSpec spec)
    {
        var outcome = await CallUnwatchedAsync(spec).ConfigureAwait(false);
        Observed?.Invoke(outcome);
        return outcome;
    }

    /// <summary>A call whose outcome is judged by its check alone.</summary>
    public async Task<CallOutcome> CallUnwatchedAsync(CallSpec spec)
    {
        var connection = spec.Connection ?? connections.Make();
        var exchange = new Exchange(spec.Respond);
        if (GaveUp)
            return new CallOutcome { Operation = spec.Operation, Connection = connection, Blocked = true };

        plugin.Http.Open(connection, exchange);
        var outcome = await RunAsync(spec, connection, exchange).ConfigureAwait(false);
        plugin.Http.Close(connection);
        return outcome;
    }

    private async Task<CallOutcome> RunAsync(CallSpec spec, ConnectionContext connection, Exchange exchange)
    {
        var outcome = new CallOutcome { Operation = spec.Operation, Connection = connection };
        var request = Request(spec, connection);
        var running = plugin.HasCode ? Task.Run(() => ExecuteAsync(request, spec.Cancellation), CancellationToken.None) : ExecuteAsync(request, spec.Cancellation);
        try
        {
            var (result, content) = await running.WaitAsync(options.CallTimeout).ConfigureAwait(false);
            outcome = IsText(result) ? outcome with { Result = result, Content = content } : outcome with { Fault = "nothing, and returned JSON with text that is not valid Unicode" };
        }
        catch (TimeoutException) when (!running.IsCompleted)
        {
            if (spec.IsBlockingSevere)
                Interlocked.Increment(ref blocked);

            outcome = outcome with { Blocked = true };
        }
        catch (OperationCanceledException)
        {
            outcome = outcome with { Cancelled = true };
        }
        catch (Exception fault)
        {
            outcome = outcome with { Fault = $"{fault.GetType().Name}: {fault.Message}" };
        }

        if (request.Content is not null)
            await request.Content.DisposeAsync().ConfigureAwait(false);

        return outcome with { Requests = exchange.Requests };
    }

    /// <summary>JSON can hold bytes that are no text, and falls apart only where it is written.</summary>
    private static bool IsText(OperationResult? result)
    {
        try
        {
            _ = result is { Value.ValueKind: not JsonValueKind.Undefined } ? result.Value.GetRawText() : null;
            _ = result is { Items: { ValueKind: not JsonValueKind.Undefined } items } ? items.GetRawText() : null;
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private async Task<(OperationResult? Result, string Content)> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken)
    {
        var result = await plugin.Adapter.ExecuteAsync(request, cancellationToken).ConfigureAwait(false);
        if (result?.Content is not { } content)
            return (result, "");

        await using (content.ConfigureAwait(false))
        {
            using var bytes = new MemoryStream();
            try
            {
                await content.Stream.CopyToAsync(bytes, cancellationToken).ConfigureAwait(false);
            }
            catch (IOException)
            {
                // The provider broke off in the middle: whoever reads the stream is told so by this.
            }

            return (result, Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)Math.Min(bytes.Length, 1024 * 1024)));
        }
    }

    private OperationRequest Request(CallSpec spec, ConnectionContext connection) => new()
    {
        Operation = spec.Operation,
        Parameters = spec.Parameters,
        Connection = connection,
        Content = plugin.Manifest.Operations.TryGetValue(spec.Operation, out var described) && described.Stream.Request
            ? new OperationContent(new MemoryStream("content of the conformance kit"u8.ToArray()), "text/plain", 30, "kit.txt")
            : null,
        IdempotencyKey = spec.IdempotencyKey,
        Cursor = spec.Cursor,
        CorrelationId = string.Create(CultureInfo.InvariantCulture, $"kit-{Interlocked.Increment(ref number):D6}"),
    };
}
