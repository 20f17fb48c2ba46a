using System.Net.Sockets;
using System.Text.Json;
using IntegrationHub.Adapters;

namespace BrokenAdapters;

public sealed class ThrowsInCalls : Good
{
    public override ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken) => throw new NotSupportedException("no");
}

public sealed class ReturnsNull : Good
{
    public override ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken) => new((OperationResult)null!);
}

public sealed class ReturnsGarbage : Good
{
    protected override Task<OperationResult> ReadAsync(OperationRequest request, HttpResponseMessage answer, CancellationToken cancellationToken) =>
        Task.FromResult(OperationResult.Success(JsonElement.Parse("42")));
}

public sealed class IgnoresToken : Good
{
    protected override Task<HttpResponseMessage> SendAsync(OperationRequest request, HttpRequestMessage message, CancellationToken cancellationToken) =>
        base.SendAsync(request, message, CancellationToken.None);
}

public sealed class ThrowsOnFailures : Good
{
    protected override Task<OperationResult> ReadAsync(OperationRequest request, HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        if ((int)answer.StatusCode >= 500)
            throw new InvalidDataException("Acme is down");

        return base.ReadAsync(request, answer, cancellationToken);
    }
}

public sealed class KnowsOneErrorOnly : Good
{
    protected override ProviderError Error(HttpResponseMessage answer, JsonElement? body) => new() { Category = ErrorCategory.ProviderError, Message = "Something went wrong." };
}

public sealed class ThrowsWhenDisconnected : Good
{
    protected override async Task<HttpResponseMessage> SendAsync(OperationRequest request, HttpRequestMessage message, CancellationToken cancellationToken)
    {
        try
        {
            return await base.SendAsync(request, message, cancellationToken);
        }
        catch (HttpRequestException fault)
        {
            throw new ApplicationException("Acme cannot be reached.", fault);
        }
    }
}

public sealed class TrustsAnswers : Good
{
    protected override async Task<OperationResult> ReadAsync(OperationRequest request, HttpResponseMessage answer, CancellationToken cancellationToken) =>
        answer.IsSuccessStatusCode ? OperationResult.Success(JsonElement.Parse(await answer.Content.ReadAsStringAsync(cancellationToken))) : await base.ReadAsync(request, answer, cancellationToken);
}

public sealed class FearsOddTexts : Good
{
    protected override string Body(JsonElement parameters) =>
        Text(parameters, "note")?.Any(c => c > 'ÿ') == true ? throw new ArgumentException("Only Latin letters.") : base.Body(parameters);
}

public sealed class GluesJson : Good
{
    protected override string Body(JsonElement parameters) => $"{{\"amount\":{parameters.GetProperty("amount")},\"currency\":\"{Text(parameters, "currency")}\",\"note\":\"{Text(parameters, "note")}\"}}";
}

public sealed class ForgetsIdempotency : Good
{
    protected override HttpRequestMessage? Request(OperationRequest request)
    {
        var message = base.Request(request);
        message?.Headers.Remove("Idempotency-Key");
        return message;
    }
}

public sealed class ForgetsCursor : Good
{
    protected override HttpRequestMessage? Request(OperationRequest request) =>
        base.Request(request.Cursor is null ? request : new OperationRequest { Operation = request.Operation, Parameters = request.Parameters, Connection = request.Connection, CorrelationId = request.CorrelationId });
}

public sealed class KeepsStateOfCalls : Good
{
    private string operation = "";

    public override async ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken)
    {
        operation = request.Operation;
        var result = await base.ExecuteAsync(request, cancellationToken);
        await Task.Yield();
        return result.Succeeded && operation != request.Operation ? Failed(ErrorCategory.Conflict, "Mixed up.") : result;
    }
}

public sealed class KeepsCredentials : Good
{
    private string? key;

    protected override string Key(OperationRequest request) => key ??= base.Key(request);
}

public sealed class CallsElsewhere : Good
{
    protected override HttpRequestMessage? Request(OperationRequest request)
    {
        if (base.Request(request) is not { } message)
            return null;

        message.RequestUri = new Uri("https://metrics.example.net/collect");
        return message;
    }
}

public sealed class PutsKeyIntoAddress : Good
{
    protected override HttpRequestMessage? Request(OperationRequest request)
    {
        if (base.Request(request) is not { } message)
            return null;

        message.RequestUri = new Uri(message.RequestUri + (message.RequestUri!.Query.Length == 0 ? "?" : "&") + "key=" + Key(request));
        return message;
    }
}

public sealed class ReturnsKey : Good
{
    protected override Task<OperationResult> ReadAsync(OperationRequest request, HttpResponseMessage answer, CancellationToken cancellationToken) =>
        Task.FromResult(OperationResult.Success(JsonElement.Parse($$"""{"id":"pay_1","status":"paid","items":[],"debug":"used {{Key(request)}}"}""")));
}

public sealed class ShowsKeyInErrors : Good
{
    protected override ProviderError Error(HttpResponseMessage answer, JsonElement? body) =>
        base.Error(answer, body) with { Message = "Refused: " + answer.RequestMessage!.Headers.Authorization };
}

public sealed class LogsKey : Good
{
    protected override string Key(OperationRequest request)
    {
        var key = base.Key(request);
        Microsoft.Extensions.Logging.LoggerExtensions.LogDebug(Context.Loggers.CreateLogger("acme"), "calling with {Key}", key);
        return key;
    }
}

public sealed class OpensSockets : Good
{
    public static bool Reach(string host)
    {
        using var client = new TcpClient();
        using var http = new HttpClient();
        return client.Connected || host.Length == 0 || http.Timeout == default;
    }
}

public sealed class SwallowsFailures : Good
{
    public override async ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken)
    {
        try
        {
            var result = await base.ExecuteAsync(request, cancellationToken);
            return result.Succeeded ? result : Fine();
        }
        catch (HttpRequestException)
        {
            return Fine();
        }
    }

    private static OperationResult Fine() => OperationResult.Success(JsonElement.Parse("""{"id":"pay_1","status":"paid","items":[]}"""));
}

public sealed class NeverAsks : Good
{
    public override ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken) =>
        new(OperationResult.Success(JsonElement.Parse("""{"id":"pay_1","status":"paid","items":[]}"""), items: JsonElement.Parse("[]")));
}

public sealed class MistakesRateLimits : Good
{
    protected override ProviderError Error(HttpResponseMessage answer, JsonElement? body) =>
        (int)answer.StatusCode == 429 ? base.Error(answer, body) with { Category = ErrorCategory.InvalidParams } : base.Error(answer, body);
}

public sealed class SendsWhatNobodyReads : Good
{
    protected override string Body(JsonElement parameters) => base.Body(parameters).Replace("\"currency\"", "\"currency_code\"", StringComparison.Ordinal);
}

public sealed class SendsThoughCancelled : Good
{
    protected override async Task<HttpResponseMessage> SendAsync(OperationRequest request, HttpRequestMessage message, CancellationToken cancellationToken)
    {
        var answer = await base.SendAsync(request, message, cancellationToken.IsCancellationRequested ? CancellationToken.None : cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        return answer;
    }
}

public sealed class ShowsEncodedKeyInErrors : Good
{
    protected override ProviderError Error(HttpResponseMessage answer, JsonElement? body) =>
        base.Error(answer, body) with { Message = "Refused: " + Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes("acme:" + answer.RequestMessage!.Headers.Authorization!.Parameter)) };
}

public sealed class LogsKeyInScope : Good
{
    protected override string Key(OperationRequest request)
    {
        var key = base.Key(request);
        using var scope = Context.Loggers.CreateLogger("acme").BeginScope(new Dictionary<string, object?> { ["key"] = key });
        return key;
    }
}
