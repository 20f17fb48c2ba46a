using System.Buffers;
using System.Text.Json;
using IntegrationHub.Adapters;

namespace AcmeNamespace;

/// <summary>
/// Runs the operations. What the manifest can say alone, it says: those operations go to the hub's REST adapter. Here is only what needs code.
/// One instance serves every connection, from many threads at once: keep nothing of a call in fields.
/// </summary>
public sealed class Adapter : IProviderAdapter
{
    private readonly RestAdapter rest = new();

    /// <inheritdoc />
    public ValueTask InitializeAsync(ProviderContext context, CancellationToken cancellationToken) => rest.InitializeAsync(context, cancellationToken);

    /// <inheritdoc />
    public ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return request.Operation switch
        {
            "sendMessages" => SendMessagesAsync(request, cancellationToken),
            _ => rest.ExecuteAsync(request, cancellationToken),
        };
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => rest.DisposeAsync();

    private async ValueTask<OperationResult> SendMessagesAsync(OperationRequest request, CancellationToken cancellationToken)
    {
        var text = request.Parameters.GetProperty("text").GetString()!;
        List<(string To, JsonElement Message)> sent = [];
        List<(string To, ProviderError Error)> failed = [];
        foreach (var recipient in request.Parameters.GetProperty("to").EnumerateArray())
        {
            var to = recipient.GetString()!;
            var result = await rest.ExecuteAsync(ToOne(request, to, text), cancellationToken).ConfigureAwait(false);
            if (result.Error is not { } error)
                sent.Add((to, result.Value));
            else if (error.Category is ErrorCategory.Declined or ErrorCategory.InvalidParams)
                failed.Add((to, error));
            else
                return result; // It concerns all of them. The hub may repeat the call: the keys keep a message that was sent from being sent twice.
        }

        return OperationResult.Success(Json(json =>
        {
            json.WriteStartArray("messages");
            foreach (var (to, message) in sent)
            {
                json.WriteStartObject();
                json.WriteString("to", to);
                json.WriteString("id", message.GetProperty("id").GetString());
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("failures");
            foreach (var (to, error) in failed)
            {
                json.WriteStartObject();
                json.WriteString("to", to);
                if (error.ProviderCode is not null)
                    json.WriteString("code", error.ProviderCode);

                json.WriteString("message", error.Message);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }));
    }

    private static OperationRequest ToOne(OperationRequest request, string to, string text) => new()
    {
        Operation = "sendMessage",
        Parameters = Json(json =>
        {
            json.WriteString("to", to);
            json.WriteString("text", text);
        }),
        Connection = request.Connection,
        IdempotencyKey = request.IdempotencyKey is { } key ? $"{key}:{to}" : null,
        CorrelationId = request.CorrelationId,
    };

    // Written by hand, not by JsonSerializer: its default options would keep the plugin's types, and with them the plugin, in memory after a reload.
    private static JsonElement Json(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        return JsonElement.Parse(buffer.WrittenSpan);
    }
}
