using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Testing.Http;
using IntegrationHub.Testing.Running;
using IntegrationHub.Testing.Suite;

namespace IntegrationHub.Testing.Checks;

/// <summary>What providers and networks do on bad days: always a typed error, never an exception, never a success.</summary>
internal static class FaultChecks
{
    private const long HugeBytes = 40L * 1024 * 1024;
    private const int RetryAfterSeconds = 7;

    private static readonly (int Status, ErrorCategory Category)[] Statuses =
    [
        (400, ErrorCategory.InvalidParams), (401, ErrorCategory.Unauthenticated), (403, ErrorCategory.PermissionDenied), (404, ErrorCategory.NotFound), (409, ErrorCategory.Conflict),
        (422, ErrorCategory.InvalidParams), (429, ErrorCategory.RateLimited), (500, ErrorCategory.Unavailable), (502, ErrorCategory.Unavailable), (503, ErrorCategory.Unavailable),
        (504, ErrorCategory.Timeout),
    ];

    /// <summary>On these the hub acts by itself (retries, refreshes a token, pauses a connection), so that they must not be mistaken.</summary>
    private static readonly int[] ActedOn = [401, 429, 500, 502, 503];

    /// <summary>"It was not there" can be what one wanted to hear; "no" and "later" cannot.</summary>
    private static readonly int[] MayMeanSuccess = [400, 404, 409, 422];

    private static readonly (string Name, Func<Exception> Make)[] Breaks =
    [
        ("the connection is refused", () => new HttpRequestException(HttpRequestError.ConnectionError, "Connection refused", new SocketException((int)SocketError.ConnectionRefused))),
        ("the name is not resolved", () => new HttpRequestException(HttpRequestError.NameResolutionError, "Name or service not known", new SocketException((int)SocketError.HostNotFound))),
        ("TLS fails", () => new HttpRequestException(HttpRequestError.SecureConnectionError, "The SSL connection could not be established", new System.Security.Authentication.AuthenticationException("bad certificate"))),
        ("the connection is reset", () => new HttpRequestException(HttpRequestError.Unknown, "An error occurred while sending the request.", new IOException("Connection reset by peer", new SocketException((int)SocketError.ConnectionReset)))),
        ("the answer ends too soon", () => new HttpRequestException(HttpRequestError.ResponseEnded, "The response ended prematurely.")),
        ("the connection times out", () => new TaskCanceledException("A connection could not be established within the configured ConnectTimeout.", new TimeoutException("A connection could not be established within the configured ConnectTimeout."))),
    ];

    /// <summary>When an answer may be taken for a success all the same.</summary>
    private enum Success
    {
        /// <summary>The manifest's operations that expect JSON refuse it; others, and code that does not read the body, need not.</summary>
        IfUnread,

        /// <summary>What is left of it may do.</summary>
        Perhaps,

        Never,
    }

    private static readonly (string Name, Func<HttpResponseMessage> Make, Success Success)[] Bodies =
    [
        ("a web page", () => Answers.Of(200, "<!doctype html><html><body>Maintenance</body></html>"u8.ToArray(), "text/html; charset=utf-8"), Success.Perhaps),
        ("a web page called JSON", () => Answers.Of(200, "<html>not JSON</html>"u8.ToArray(), "application/json"), Success.IfUnread),
        ("nothing", () => Answers.Of(200, [], null), Success.Perhaps),
        ("cut-off JSON", () => Answers.Of(200, "{\"id\":\"abc\",\"items\":[{\"a\""u8.ToArray(), "application/json"), Success.IfUnread),
        ("a body that breaks off", () => Answers.Streamed(RoughStream.Broken("{\"id\":"u8.ToArray()), "application/json"), Success.IfUnread),
        ("an unknown charset", () => Answers.Of(200, "{\"id\":\"abc\"}"u8.ToArray(), "application/json; charset=x-no-such"), Success.Perhaps),
        ("another charset than it says", () => Answers.Of(200, [.. "{\"id\":\""u8, 0xE9, 0xFF, 0xFE, .. "\"}"u8], "application/json; charset=utf-8"), Success.Perhaps),
        ("UTF-16 JSON", () => Answers.Of(200, Encoding.Unicode.GetBytes("{\"id\":\"abc\"}"), "application/json; charset=utf-16"), Success.Perhaps),
        ("a JSON text in place of an object", () => Answers.Of(200, "\"text\""u8.ToArray(), "application/json"), Success.Perhaps),
        ("a JSON array in place of an object", () => Answers.Of(200, "[1,2,3]"u8.ToArray(), "application/json"), Success.Perhaps),
        ("JSON that is nested 20000 deep", () => Answers.Of(200, Encoding.UTF8.GetBytes(new string('[', 20_000) + new string(']', 20_000)), "application/json"), Success.Perhaps),
        ("a malformed Content-Type", () => Answers.Of(200, "{}"u8.ToArray(), "///;;="), Success.Perhaps),
        ("an error as a web page", () => Answers.Of(503, "<html>Service Unavailable</html>"u8.ToArray(), "text/html"), Success.Never),
        ("an error without a body", () => Answers.Of(500, [], null), Success.Never),
        ("an error with cut-off JSON", () => Answers.Of(400, "{\"error\":{\"message\":\"cut"u8.ToArray(), "application/json"), Success.Never),
        ("a redirect", () => Redirect(), Success.Perhaps),
    ];

    public static async Task RunAsync(SuiteContext suite, CancellationToken cancellationToken)
    {
        await suite.Log.RunAsync("faults.status", "error statuses become the right categories", log => StatusesAsync(suite, log, cancellationToken), cancellationToken).ConfigureAwait(false);
        await suite.Log.RunAsync("faults.network", "broken connections become typed errors", log => NetworkAsync(suite, log, cancellationToken), cancellationToken).ConfigureAwait(false);
        await suite.Log.RunAsync("faults.body", "bodies that are not what they should be become typed errors", log => BodiesAsync(suite, log, cancellationToken), cancellationToken).ConfigureAwait(false);
        await suite.Log.RunAsync("faults.huge", "a huge answer is no danger", log => HugeAsync(suite, log), cancellationToken).ConfigureAwait(false);
        await suite.Log.RunAsync("faults.echo", "an error that quotes the credentials is shown without them", log => EchoAsync(suite, log), cancellationToken).ConfigureAwait(false);
    }

    private static async Task StatusesAsync(SuiteContext suite, CheckLog log, CancellationToken cancellationToken)
    {
        foreach (var operation in suite.Operations)
        {
            foreach (var (status, category) in Statuses)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var outcome = await CallAsync(suite, operation, Answers.Always(() => Failure(status))).ConfigureAwait(false);
                if (outcome.Requests.Count == 0 && outcome.Misbehaviour is null || MayMeanSuccess.Contains(status) && operation.Operation.Response?.Success.Contains(status) == true)
                    continue;

                log.Case();
                if (outcome.Misbehaviour is { } wrong)
                    log.Error(operation.Pointer, $"On status {status} the operation '{operation.Name}' {wrong}.", "Return a typed error.");
                else if (outcome.Result is not { Error: { } error })
                    log.Error(operation.Pointer, $"Status {status} is taken for a success of '{operation.Name}'.");
                else
                    JudgeCategory(log, operation, status, category, error);
            }
        }

        if (log.Cases == 0)
            log.NotApplicable("no operation asks the provider anything");
    }

    private static void JudgeCategory(CheckLog log, OperationSamples operation, int status, ErrorCategory wanted, ProviderError error)
    {
        if (error.Category != wanted)
        {
            var message = $"Status {status} becomes {error.Category}, not {wanted}.";
            if (ActedOn.Contains(status))
                log.Error("", $"{message} The hub retries, refreshes or waits by the category.", "Map the statuses where no code says more.");
            else
                log.Warn("", message, "Map the statuses where no code says more.");
        }

        if (status == 429 && error.RetryAfter != TimeSpan.FromSeconds(RetryAfterSeconds))
            log.Warn("", "Retry-After of a 429 is not passed on.", "Set ProviderError.RetryAfter: the hub waits so long.");

        if (string.IsNullOrWhiteSpace(error.Message))
            log.Error(operation.Pointer, $"The error of status {status} has no message.");
    }

    private static async Task NetworkAsync(SuiteContext suite, CheckLog log, CancellationToken cancellationToken)
    {
        foreach (var operation in suite.Operations)
        {
            foreach (var (name, make) in Breaks)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var outcome = await CallAsync(suite, operation, Answers.Throws(make)).ConfigureAwait(false);
                if (outcome.Requests.Count == 0 && outcome.Misbehaviour is null)
                    continue;

                log.Case();
                if (outcome.Misbehaviour is { } wrong)
                    log.Error(operation.Pointer, $"When {name}, '{operation.Name}' {wrong}.", "Return Unavailable or Timeout.");
                else if (outcome.Result is not { Error: { } error })
                    log.Error(operation.Pointer, $"When {name}, '{operation.Name}' claims success.");
                else if (error.Category is not (ErrorCategory.Unavailable or ErrorCategory.Timeout))
                    log.Error("", $"When {name}, the error is {error.Category}, so that the hub does not retry.", "Return Unavailable or Timeout.");
            }
        }

        if (log.Cases == 0)
            log.NotApplicable("no operation asks the provider anything");
    }

    private static async Task BodiesAsync(SuiteContext suite, CheckLog log, CancellationToken cancellationToken)
    {
        foreach (var operation in suite.Operations)
        {
            foreach (var (name, make, success) in Bodies)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var outcome = await CallAsync(suite, operation, Answers.Always(make)).ConfigureAwait(false);
                if (outcome.Requests.Count == 0 && outcome.Misbehaviour is null)
                    continue;

                log.Case();
                if (outcome.Misbehaviour is { } wrong)
                    log.Error(operation.Pointer, $"Answered with {name}, '{operation.Name}' {wrong}.", "Return a typed error.");
                else if (outcome is { Succeeded: true, Result.Content: null } && (success == Success.Never || success == Success.IfUnread && ReadsJson(operation)))
                    log.Error(operation.Pointer, $"Answered with {name}, '{operation.Name}' claims success.", "Read the answer before calling it a success.");
            }
        }

        if (log.Cases == 0)
            log.NotApplicable("no operation asks the provider anything");
    }

    private static async Task HugeAsync(SuiteContext suite, CheckLog log)
    {
        foreach (var operation in suite.Operations.Where(operation => !operation.Operation.Stream.Response).Take(2))
        {
            var outcome = await CallAsync(suite, operation, Answers.Always(() => Answers.Streamed(RoughStream.Huge(HugeBytes), "application/json"))).ConfigureAwait(false);
            if (outcome.Requests.Count == 0 && outcome.Misbehaviour is null)
                continue;

            log.Case();
            if (outcome.Misbehaviour is { } wrong)
                log.Error(operation.Pointer, $"Answered with 40 MB, '{operation.Name}' {wrong}.", "Limit what is read into memory.");
            else if (outcome.Succeeded && ReadsJson(operation))
                log.Warn(operation.Pointer, $"Answered with 40 MB that are no JSON, '{operation.Name}' claims success.");
        }

        if (log.Cases == 0)
            log.NotApplicable("no operation reads an answer into memory");
    }

    private static async Task EchoAsync(SuiteContext suite, CheckLog log)
    {
        foreach (var operation in suite.Operations.Take(3))
        {
            var connection = suite.Connections.Make();
            var secrets = suite.Connections.SecretsOf(connection).Where(secret => secret.Length >= SecretForms.Shortest).ToList();
            if (secrets.Count == 0)
                continue;

            var quoted = string.Join(" and ", secrets);
            var body = Encoding.UTF8.GetBytes($$$"""{"error":{"code":"bad_key","message":{{{JsonSerializer.Serialize("Invalid key: " + quoted, SuiteJson.Default.String)}}}}}""");
            var outcome = await suite.Caller.CallUnwatchedAsync(
                new CallSpec(operation.Name, operation.Usual, Answers.Always(() => Answers.Of(401, body, "application/json"))) { Connection = connection }).ConfigureAwait(false);
            if (outcome.Requests.Count == 0)
                continue;

            log.Case();
            if (outcome.Result?.Error is { } error && SecretForms.OccursIn(error.Message + error.ProviderCode, SecretForms.Of(secrets)))
                log.Warn(operation.Pointer, "The provider quoted the credentials in an error, and the plugin passes them on.", "Blank the connection's secrets out of messages; the hub does so too, other users of the plugin may not.");
        }

        if (log.Cases == 0)
            log.NotApplicable("no operation sends a secret");
    }

    private static Task<CallOutcome> CallAsync(SuiteContext suite, OperationSamples operation, Responder respond) =>
        suite.Caller.CallAsync(new CallSpec(operation.Name, operation.Usual, respond));

    private static bool ReadsJson(OperationSamples operation) =>
        operation.Operation.Http is not null && operation.Operation.Result is { ValueKind: JsonValueKind.Object } schema && schema.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && type.GetString() is "object" or "array";

    private static HttpResponseMessage Failure(int status)
    {
        var response = Answers.Of(status, Encoding.UTF8.GetBytes($$"""{"kit":"status {{status}}"}"""), "application/json");
        if (status is 429 or 503)
            response.Headers.TryAddWithoutValidation("Retry-After", RetryAfterSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture));

        return response;
    }

    private static HttpResponseMessage Redirect()
    {
        var response = Answers.Of((int)HttpStatusCode.Found, [], null);
        response.Headers.TryAddWithoutValidation("Location", "https://elsewhere.example.net/");
        return response;
    }
}
