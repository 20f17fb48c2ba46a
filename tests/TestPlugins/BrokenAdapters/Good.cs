using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using IntegrationHub.Adapters;

namespace BrokenAdapters;

/// <summary>Acme's operations, done well. The other classes each do one thing badly.</summary>
public class Good : IProviderAdapter
{
    private const int MostBytes = 1024 * 1024;

    protected ProviderContext Context { get; private set; } = null!;

    public virtual ValueTask InitializeAsync(ProviderContext context, CancellationToken cancellationToken)
    {
        Context = context;
        return ValueTask.CompletedTask;
    }

    public virtual async ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken)
    {
        if (Request(request) is not { } message)
            return Failed(ErrorCategory.NotFound, "There is no such operation.");

        using (message)
        {
            try
            {
                using var answer = await SendAsync(request, message, cancellationToken);
                return await ReadAsync(request, answer, cancellationToken);
            }
            catch (Exception fault) when (!cancellationToken.IsCancellationRequested && fault is HttpRequestException or IOException or OperationCanceledException)
            {
                return Failed(fault is OperationCanceledException ? ErrorCategory.Timeout : ErrorCategory.Unavailable, "Acme cannot be reached.");
            }
        }
    }

    public virtual ValueTask DisposeAsync() => ValueTask.CompletedTask;

    protected virtual string Key(OperationRequest request) => request.Connection.Config.GetProperty("apiKey").GetString()!;

    protected virtual HttpRequestMessage? Request(OperationRequest request)
    {
        var root = request.Connection.BaseUrl + "/v1/payments";
        HttpRequestMessage message;
        switch (request.Operation)
        {
            case "createPayment":
                message = new HttpRequestMessage(HttpMethod.Post, root) { Content = new StringContent(Body(request.Parameters), Encoding.UTF8, "application/json") };
                break;
            case "getPayment":
                message = new HttpRequestMessage(HttpMethod.Get, root + "/" + Uri.EscapeDataString(request.Parameters.GetProperty("id").GetString()!));
                break;
            case "listPayments":
                var query = request.Parameters.EnumerateObject().Where(member => member.Name != "after").Select(member => $"{member.Name}={member.Value.GetRawText()}").ToList();
                if ((request.Cursor ?? Text(request.Parameters, "after")) is { } after)
                    query.Add("after=" + Uri.EscapeDataString(after));

                message = new HttpRequestMessage(HttpMethod.Get, query.Count == 0 ? root : root + "?" + string.Join('&', query));
                break;
            default:
                return null;
        }

        message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Key(request));
        if (request.IdempotencyKey is { } key && message.Method == HttpMethod.Post)
            message.Headers.Add("Idempotency-Key", key);

        return message;
    }

    protected virtual string Body(JsonElement parameters) => parameters.GetRawText();

    protected virtual Task<HttpResponseMessage> SendAsync(OperationRequest request, HttpRequestMessage message, CancellationToken cancellationToken) =>
        Context.Http.CreateClient(request.Connection).SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken);

    protected virtual async Task<OperationResult> ReadAsync(OperationRequest request, HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var text = await TextAsync(answer, cancellationToken);
        var body = Parse(text);
        if (!answer.IsSuccessStatusCode)
            return OperationResult.Failure(Error(answer, body));

        if (body is not { ValueKind: JsonValueKind.Object } value)
            return Failed(ErrorCategory.ProviderError, "Acme's answer cannot be read.");

        var items = value.TryGetProperty("items", out var page) ? page : (JsonElement?)null;
        return OperationResult.Success(value, (int)answer.StatusCode, nextCursor: Text(value, "next"), items: items);
    }

    protected virtual ProviderError Error(HttpResponseMessage answer, JsonElement? body)
    {
        var code = body is { } read && read.ValueKind == JsonValueKind.Object && read.TryGetProperty("error", out var error) ? Text(error, "code") : null;
        return new ProviderError
        {
            Category = Category(answer.StatusCode),
            Message = "Acme refused.",
            ProviderCode = code,
            ProviderStatus = (int)answer.StatusCode,
            RetryAfter = answer.Headers.RetryAfter?.Delta,
        };
    }

    protected static OperationResult Failed(ErrorCategory category, string message) => OperationResult.Failure(new ProviderError { Category = category, Message = message });

    protected static string? Text(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;

    private static ErrorCategory Category(HttpStatusCode status) => (int)status switch
    {
        400 or 422 => ErrorCategory.InvalidParams,
        401 => ErrorCategory.Unauthenticated,
        402 => ErrorCategory.Declined,
        403 => ErrorCategory.PermissionDenied,
        404 => ErrorCategory.NotFound,
        409 => ErrorCategory.Conflict,
        429 => ErrorCategory.RateLimited,
        504 => ErrorCategory.Timeout,
        >= 500 => ErrorCategory.Unavailable,
        _ => ErrorCategory.ProviderError,
    };

    private static async Task<byte[]> TextAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        await using var stream = await answer.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[MostBytes];
        var read = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return buffer[..read];
    }

    private static JsonElement? Parse(byte[] text)
    {
        try
        {
            // Through a string: bytes that are no UTF-8 would stay hidden in the element.
            return JsonElement.Parse(Encoding.UTF8.GetString(text));
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
