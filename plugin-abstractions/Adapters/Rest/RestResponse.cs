using System.Buffers;
using System.Text.Json;
using IntegrationHub.Manifests;
using IntegrationHub.Templates;

namespace IntegrationHub.Adapters.Rest;

/// <summary>How an operation's answers are read, compiled.</summary>
internal sealed class RestResponse
{
    private static readonly string[] UsualRequestIds = ["x-request-id", "request-id"];

    private readonly OperationManifest operation;
    private readonly ResponseManifest manifest;
    private readonly LimitHeadersManifest? limits;
    private readonly RestErrors errors;
    private readonly JsonPointer? resultPointer;
    private readonly Template? resultTemplate;
    private readonly List<(JsonPointer Pointer, JsonElement Value)> successWhen;
    private readonly bool needsJson;
    private readonly bool idempotent;
    private readonly bool graphql;

    public RestResponse(OperationManifest operation, ResponseManifest manifest, LimitHeadersManifest? limits, RestSecrets secrets, bool idempotent, string pointer)
    {
        this.operation = operation;
        this.manifest = manifest;
        this.limits = limits;
        this.idempotent = idempotent;
        graphql = operation.Http?.Body?.Kind == BodyKind.Graphql;
        errors = new RestErrors(manifest.Errors, secrets, $"{pointer}/errors");
        successWhen = [.. manifest.SuccessWhen.Select(pair => (RestTemplates.Pointer(pair.Key, $"{pointer}/successWhen"), pair.Value))];
        if (manifest.Result is { ValueKind: JsonValueKind.String } text && (text.GetString()!.Length == 0 || text.GetString()![0] == '/'))
            resultPointer = RestTemplates.Pointer(text.GetString()!, $"{pointer}/result");
        else if (manifest.Result is { ValueKind: not (JsonValueKind.Null or JsonValueKind.Undefined) } source)
            resultTemplate = RestTemplates.Compile(source, $"{pointer}/result");

        needsJson = successWhen.Count > 0 || graphql || operation.Pagination is not null
            || resultPointer is { IsRoot: false }
            || resultTemplate?.References.Any(reference => reference.Root.Length == 0 || reference is { Root: "body", Path.Length: > 0 }) == true
            || DeclaresStructure(operation.Result);
    }

    public RestErrors Errors => errors;

    /// <summary>Whether a 2xx whose body cannot be understood may hide an effect that a repetition would double.</summary>
    private bool OutcomeUnknown => !idempotent;

    public async Task<OperationResult> ReadAsync(RestCall call, RestPaging paging, HttpResponseMessage response, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var rateLimit = RestLimits.Read(response, limits, now);
        var requestId = RequestId(response, call.Connection);
        var status = (int)response.StatusCode;
        var succeeded = manifest.Success.Count == 0 ? status is >= 200 and <= 299 : manifest.Success.Contains(status);
        if (succeeded && operation.Stream.Response)
            return await StreamAsync(call, response, requestId, cancellationToken).ConfigureAwait(false);

        RestContent content;
        try
        {
            content = await RestContent.ReadAsync(response, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (!succeeded && exception is (IOException or HttpRequestException))
        {
            content = default;
        }

        if (!succeeded)
            return OperationResult.Failure(errors.Read(response, content.Kind is RestContentKind.Json or RestContentKind.Text ? content.Value : default, call.Connection, requestId, rateLimit, now), rateLimit);

        if (Unreadable(content, response) is { } problem)
            return OperationResult.Failure(Unusable(problem, status, requestId), rateLimit);

        if (content.Kind == RestContentKind.Json && !MeansSuccess(content.Value))
            return OperationResult.Failure(errors.Read(response, content.Value, call.Connection, requestId, rateLimit, now), rateLimit);

        try
        {
            return OperationResult.Success(
                Result(call, response, content.Value),
                status,
                requestId,
                paging.Next(call, response, content.Value),
                operation.Pagination is null ? null : paging.Items(content.Value),
                rateLimit);
        }
        catch (TemplateException exception)
        {
            return OperationResult.Failure(Unusable($"The provider's answer does not fit the manifest: {exception.Message}", status, requestId), rateLimit);
        }
    }

    private ProviderError Unusable(string message, int status, string? requestId) => new()
    {
        Category = ErrorCategory.ProviderError, Message = message, ProviderStatus = status, ProviderRequestId = requestId, OutcomeUnknown = OutcomeUnknown,
    };

    private string? Unreadable(RestContent content, HttpResponseMessage response) => content.Kind switch
    {
        RestContentKind.TooLarge => $"The provider's answer is larger than {RestContent.MaxBufferedBytes / 1024 / 1024} MB.",
        RestContentKind.BrokenJson => "The provider's answer is not valid JSON: it is cut off, malformed or nested too deeply.",
        RestContentKind.Binary => "The provider answered with binary content, which this operation does not expect.",
        RestContentKind.Text when needsJson => $"The provider answered with {(response.Content.Headers.ContentType?.MediaType == "text/html" ? "a web page" : "text")} where JSON was expected.",
        RestContentKind.Empty when successWhen.Count > 0 || graphql => "The provider's answer is empty where JSON was expected.",
        _ => null,
    };

    private bool MeansSuccess(JsonElement body)
    {
        foreach (var (pointer, expected) in successWhen)
            if (!pointer.TryEvaluate(body, out var value) || !JsonElement.DeepEquals(value, expected))
                return false;

        // GraphQL answers failures with 200 and an "errors" array (GraphQL specification §7.1).
        return !graphql || body.ValueKind != JsonValueKind.Object || !body.TryGetProperty("errors", out var failures)
            || failures.ValueKind != JsonValueKind.Array || failures.GetArrayLength() == 0;
    }

    private JsonElement Result(RestCall call, HttpResponseMessage response, JsonElement body)
    {
        if (resultTemplate is null)
            return resultPointer is null ? body : resultPointer.TryEvaluate(body, out var found) ? found : JsonText.Null;

        var scope = new TemplateScope()
            .Set("body", body)
            .Set("", body)
            .Set("header", Headers(response))
            .Set("status", JsonElement.Parse(((int)response.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture)))
            .Set("params", call.Parameters);
        return JsonText.ToElement(resultTemplate.Render(scope));
    }

    private async Task<OperationResult> StreamAsync(RestCall call, HttpResponseMessage response, string? requestId, CancellationToken cancellationToken)
    {
        var headers = response.Content.Headers;
        var mediaType = headers.ContentType?.ToString() ?? "application/octet-stream";
        var fileName = (headers.ContentDisposition?.FileNameStar ?? headers.ContentDisposition?.FileName)?.Trim('"');
        fileName = fileName?[(fileName.LastIndexOfAny(['/', '\\']) + 1)..];
        JsonElement description;
        try
        {
            description = resultTemplate is not null ? Result(call, response, default) : Describe(mediaType, headers.ContentLength, fileName);
        }
        catch (TemplateException exception)
        {
            return OperationResult.Failure(Unusable($"The provider's answer does not fit the manifest: {exception.Message}", (int)response.StatusCode, requestId));
        }

        var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        return OperationResult.Stream(
            new OperationContent(stream, mediaType, headers.ContentLength, fileName) { Owner = response }, description, (int)response.StatusCode, requestId);
    }

    private string? RequestId(HttpResponseMessage response, ConnectionContext connection)
    {
        var id = manifest.RequestId is { } name ? RestLimits.Header(response, name) : UsualRequestIds.Select(usual => RestLimits.Header(response, usual)).FirstOrDefault(value => value is not null);
        return string.IsNullOrWhiteSpace(id) ? null : errors.Clean(id, connection);
    }

    private static IEnumerable<KeyValuePair<string, string>> Headers(HttpResponseMessage response) =>
        response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated).Select(header => KeyValuePair.Create(header.Key, header.Value.ToString()));

    private static JsonElement Describe(string mediaType, long? length, string? fileName)
    {
        var buffer = new ArrayBufferWriter<byte>(128);
        using (var writer = new Utf8JsonWriter(buffer, JsonText.Relaxed))
        {
            writer.WriteStartObject();
            writer.WriteString("contentType", mediaType);
            if (length is { } bytes)
                writer.WriteNumber("length", bytes);

            if (fileName is not null)
                writer.WriteString("fileName", fileName);

            writer.WriteEndObject();
        }

        return JsonElement.Parse(buffer.WrittenSpan);
    }

    /// <summary>Whether the result's schema says that it is an object or an array.</summary>
    private static bool DeclaresStructure(JsonElement? schema) =>
        schema is { ValueKind: JsonValueKind.Object } element && element.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String
        && type.GetString() is ("object" or "array");
}
