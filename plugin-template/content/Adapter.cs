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
    private const int LongestPart = 1600;

    private readonly RestAdapter rest = new();

    /// <inheritdoc />
    public ValueTask InitializeAsync(ProviderContext context, CancellationToken cancellationToken) => rest.InitializeAsync(context, cancellationToken);

    /// <inheritdoc />
    public ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return request.Operation switch
        {
            "sendLongMessage" => SendLongMessageAsync(request, cancellationToken),
            _ => rest.ExecuteAsync(request, cancellationToken),
        };
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => rest.DisposeAsync();

    private async ValueTask<OperationResult> SendLongMessageAsync(OperationRequest request, CancellationToken cancellationToken)
    {
        var to = request.Parameters.GetProperty("to").GetString()!;
        var text = request.Parameters.GetProperty("text").GetString()!;
        List<string> ids = [];
        foreach (var part in Split(text))
        {
            var result = await rest.ExecuteAsync(Part(request, to, part, ids.Count), cancellationToken).ConfigureAwait(false);
            if (!result.Succeeded)
                return result; // The hub may repeat the whole: the keys keep a part that was sent from being sent twice.

            if (!result.Value.TryGetProperty("id", out var id) || id.ValueKind != JsonValueKind.String)
                return OperationResult.Failure(new ProviderError { Category = ErrorCategory.ProviderError, Message = "The provider's answer names no message." });

            ids.Add(id.GetString()!);
        }

        return OperationResult.Success(Json(json =>
        {
            json.WriteStartArray("ids");
            foreach (var id in ids)
                json.WriteStringValue(id);

            json.WriteEndArray();
        }));
    }

    private static OperationRequest Part(OperationRequest request, string to, string text, int number) => new()
    {
        Operation = "sendMessage",
        Parameters = Json(json =>
        {
            json.WriteString("to", to);
            json.WriteString("text", text);
        }),
        Connection = request.Connection,
        IdempotencyKey = request.IdempotencyKey is { } key && number > 0 ? $"{key}-{number}" : request.IdempotencyKey,
        CorrelationId = request.CorrelationId,
    };

    /// <summary>Parts that fit into a message, cut at a space where there is one, and never within a character.</summary>
    private static IEnumerable<string> Split(string text)
    {
        while (text.Length > LongestPart)
        {
            var space = text.LastIndexOf(' ', LongestPart);
            var end = space > 0 ? space : char.IsHighSurrogate(text[LongestPart - 1]) ? LongestPart - 1 : LongestPart;
            yield return text[..end];
            text = text[(space > 0 ? end + 1 : end)..];
        }

        if (text.Length > 0)
            yield return text;
    }

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
