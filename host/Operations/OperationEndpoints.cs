using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Operations.Effects;
using IntegrationHub.Host.Operations.Idempotency;
using IntegrationHub.Host.Operations.Jobs;
using IntegrationHub.Schemas;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace IntegrationHub.Host.Operations;

internal static class OperationEndpoints
{
    /// <summary>The description of streamed content travels in a header: escaped to ASCII, and left out when it would not fit.</summary>
    private const string ResultHeader = "X-Hub-Result";
    private const int MaxResultHeader = 4096;
    private static readonly ProviderError BrokenOff = new() { Category = ErrorCategory.ProviderError, Message = "The content broke off before its first byte." };
    private static readonly JsonSerializerOptions Ascii = new() { Encoder = JavaScriptEncoder.Default };

    public static IEndpointRouteBuilder MapOperations(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/connections/{id}").WithTags("Operations");
        group.MapPost("/operations/{operation}", ExecuteAsync)
            .RequireRole(HubRole.Developer)
            .WithName("ExecuteOperation")
            .WithSummary("Run an operation")
            .ReadsQuery(
                new QueryParameter("params", "The parameters as JSON, when the body is content."),
                new QueryParameter("async", "true: the operation becomes a job (202). `Prefer: respond-async` does the same."))
            .WithDescription("""
                Body: `{ "params": { … }, "page": { "cursor": "…", "all": false, "maxItems": 1000 } }`. Operations with content take `multipart/form-data` with the part
                `params` (JSON) first and the content after it, or the content as the body with `?params=` in the query; those that answer content answer its bytes.
                `Idempotency-Key`: a repetition within 24 hours gets the first answer (`Idempotent-Replayed: true`), 409 while the first is running, and 422 when it asks for something else.
                The key is handed to providers that honour one; where content flows it is theirs alone.
                """)
            .AddOpenApiOperationTransformer(DescribeBodyAsync)
            .Produces<OperationAnswer>()
            .Produces<JobView>(StatusCodes.Status202Accepted);
        group.MapPost("/test", TestAsync)
            .RequireRole(HubRole.Developer)
            .WithName("TestConnection")
            .WithSummary("Run the connection tests of the provider")
            .Produces<IReadOnlyList<ConnectionTestResult>>();
        routes.MapEffects();
        routes.MapJobs();
        return routes;
    }

    // Described only: Accepts<T>() would have routing refuse content of any other type than those named.
    private static Task DescribeBodyAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var parameters = new OpenApiSchema { Type = JsonSchemaType.Object, Description = "The operation's parameters, as its schema says." };
        var json = new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Properties = new Dictionary<string, IOpenApiSchema>
            {
                ["params"] = parameters,
                ["page"] = new OpenApiSchema
                {
                    Type = JsonSchemaType.Object,
                    Properties = new Dictionary<string, IOpenApiSchema>
                    {
                        ["cursor"] = new OpenApiSchema { Type = JsonSchemaType.String | JsonSchemaType.Null },
                        ["all"] = new OpenApiSchema { Type = JsonSchemaType.Boolean },
                        ["maxItems"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "1", Maximum = "10000" },
                    },
                },
            },
        };
        var binary = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" };
        var multipart = new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Properties = new Dictionary<string, IOpenApiSchema> { ["params"] = parameters, ["content"] = binary },
        };
        operation.RequestBody = new OpenApiRequestBody
        {
            Content = new Dictionary<string, OpenApiMediaType>
            {
                ["application/json"] = new() { Schema = json },
                ["multipart/form-data"] = new() { Schema = multipart },
                ["*/*"] = new() { Schema = binary },
            },
        };
        return Task.CompletedTask;
    }

    private static async Task ExecuteAsync(string id, string operation, HttpContext context, OperationExecutor executor, CancellationToken cancellationToken)
    {
        var caller = context.GetCaller();
        var key = IdempotencyKeys.Read(context);
        var runAsync = WantsJob(context.Request);
        using var target = await executor.FindAsync(caller, id, operation, cancellationToken);

        // Content of any size is welcome where the operation takes content; everything else keeps the server's limit.
        if (target.Manifest.Stream.Request && context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = null;

        var input = await OperationRequestReader.ReadAsync(context, target.Manifest, cancellationToken);
        if (input.AllPages && target.Manifest.Pagination is null)
            throw Problem.Invalid($"'{operation}' has no pages.", new ValidationIssue("/page/all", "This operation does not page.", "Leave it out.")).ToException();

        if (input.AllPages && runAsync)
            throw Problem.Invalid("A job runs one page.", new ValidationIssue("/page/all", "All pages cannot be fetched with async=true.", "Leave one of both out.")).ToException();

        var call = new OperationCall
        {
            Parameters = input.Parameters,
            Content = input.Content,
            Cursor = input.Cursor,
            IdempotencyKey = key,
            CorrelationId = CorrelationId.Of(context),
        };
        if (input.AllPages)
        {
            await AnswerAllAsync(context, executor, caller, target, call, input.MaxItems, cancellationToken);
            return;
        }

        // Content is neither compared nor kept: there the key is the provider's alone.
        if (key is null || target.Manifest.Stream.Request || target.Manifest.Stream.Response)
        {
            await RunAsync(context, executor, target, call, runAsync, null, cancellationToken);
            return;
        }

        var asked = JsonSerializer.SerializeToElement(new { connection = id, operation, call.Parameters, call.Cursor, runAsync });
        var isRepeatable = target.Manifest.IsIdempotent() || target.Manifest.IdempotencyOf(target.Provider.Manifest) is not null;
        await context.RequestServices.GetRequiredService<IdempotentRequests>().RunAsync(
            context,
            key,
            asked,
            isRepeatable,
            (run, token) => RunAsync(context, executor, target, call with { RequestId = run.RequestId }, runAsync, run, token),
            cancellationToken);
    }

    private static async Task RunAsync(
        HttpContext context, OperationExecutor executor, OperationTarget target, OperationCall call, bool runAsync, IdempotentRun? run, CancellationToken cancellationToken)
    {
        var caller = context.GetCaller();
        if (runAsync)
        {
            var job = await context.RequestServices.GetRequiredService<JobService>().SubmitAsync(caller, target, call, cancellationToken);
            run?.KeepAnswer = true;
            context.Response.StatusCode = StatusCodes.Status202Accepted;
            context.Response.Headers.Location = $"/api/jobs/{job.Id}";
            await context.Response.WriteAsJsonAsync(JobView.Of(job), HubJson.Options, cancellationToken);
            return;
        }

        await using var execution = await executor.ExecuteAsync(caller, target, call, cancellationToken);
        run?.KeepAnswer = IsFinal(execution);
        await AnswerAsync(context, target.Connection.Provider, execution, cancellationToken);
    }

    /// <summary>Whether asking again under the same key could give no other answer, or would risk a second effect.</summary>
    private static bool IsFinal(OperationExecution execution) =>
        execution.Result.Error is not { } error || !execution.IsRepeatable || (execution.Effect is not null && error.Category is ErrorCategory.Declined or ErrorCategory.ProviderError);

    private static async Task AnswerAsync(HttpContext context, string provider, OperationExecution execution, CancellationToken cancellationToken)
    {
        var result = execution.Result;
        if (result.Error is { } error)
        {
            await error.ToProblem(provider, execution.Effect?.Id).ToResult().ExecuteAsync(context);
            return;
        }

        if (result.Content is { } content)
        {
            context.Response.ContentType = content.ContentType;
            context.Response.ContentLength = content.Length;
            var description = result.Value.ValueKind == JsonValueKind.Undefined ? "" : JsonSerializer.Serialize(result.Value, Ascii);
            if (description.Length is > 0 and <= MaxResultHeader)
                context.Response.Headers[ResultHeader] = description;

            try
            {
                await content.Stream.CopyToAsync(context.Response.Body, cancellationToken);
            }
            catch (IOException) when (!context.Response.HasStarted && !cancellationToken.IsCancellationRequested)
            {
                // Before its first byte the answer can still say so; later it can only be broken off.
                context.Response.Clear();
                await BrokenOff.ToProblem(provider).ToResult().ExecuteAsync(context);
            }

            return;
        }

        await WriteAsync(context, OperationAnswer.Of(execution), cancellationToken);
    }

    private static async Task WriteAsync(HttpContext context, OperationAnswer answer, CancellationToken cancellationToken)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        var body = context.Response.BodyWriter;
        context.Response.ContentLength = answer.WriteTo(body);
        await body.FlushAsync(cancellationToken);
    }

    private static async Task AnswerAllAsync(
        HttpContext context, OperationExecutor executor, Caller caller, OperationTarget target, OperationCall call, int maxItems, CancellationToken cancellationToken)
    {
        var items = new List<JsonElement>();
        var duration = TimeSpan.Zero;
        var attempts = 0;
        var waited = TimeSpan.Zero;
        var cursor = call.Cursor;
        try
        {
            while (true)
            {
                await using var execution = await executor.ExecuteAsync(caller, target, call with { Cursor = cursor }, cancellationToken);
                duration += execution.Duration;
                attempts += execution.Attempts;
                waited += execution.Waited;
                if (execution.Result.Error is { } error)
                {
                    await error.ToProblem(target.Connection.Provider).ToResult().ExecuteAsync(context);
                    return;
                }

                if (execution.Result.Items is { ValueKind: JsonValueKind.Array } page)
                    items.AddRange(page.EnumerateArray());

                var next = execution.NextCursor;
                if (next is null || next == cursor || items.Count >= maxItems)
                {
                    var meta = new OperationAnswerMeta(
                        Math.Round(duration.TotalMilliseconds, 3), attempts, Math.Round(waited.TotalMilliseconds, 3), execution.Result.ProviderRequestId, next == cursor ? null : execution.Result.NextCursor, execution.Effect?.Id);
                    await WriteAsync(context, new OperationAnswer(ArrayOf(items), meta), cancellationToken);
                    return;
                }

                // Each page is a call of its own, with a lease of its own: a long list does not hold back a new version of the plugin.
                cursor = next;
                target.Dispose();
                target = await executor.FindAsync(caller, target.Connection.Id, target.Operation, cancellationToken);
            }
        }
        finally
        {
            target.Dispose();
        }
    }

    private static JsonElement ArrayOf(IEnumerable<JsonElement> items)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, OperationAnswer.Raw))
        {
            writer.WriteStartArray();
            foreach (var item in items)
                writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(item), skipInputValidation: true);

            writer.WriteEndArray();
        }

        return JsonElement.Parse(buffer.WrittenSpan, new JsonDocumentOptions { MaxDepth = OperationAnswer.MaxDepth });
    }

    // The query's form is the hub's; the header's is RFC 7240's.
    private static bool WantsJob(HttpRequest request)
    {
        if (request.Query["async"] is { Count: > 0 } sent)
            return bool.TryParse(sent.ToString(), out var wanted)
                ? wanted
                : throw Problem.Invalid("The query parameter 'async' is not usable.", new ValidationIssue("/async", "The value must be true or false.")).ToException();

        return request.Headers["Prefer"].Any(value => value?.Contains("respond-async", StringComparison.OrdinalIgnoreCase) == true);
    }

    private static async Task<IReadOnlyList<ConnectionTestResult>> TestAsync(string id, HttpContext context, ConnectionTester tester, CancellationToken cancellationToken) =>
        await tester.RunAsync(context.GetCaller(), id, CorrelationId.Of(context), cancellationToken);
}

internal sealed record OperationAnswer(JsonElement? Result, OperationAnswerMeta Meta)
{
    /// <summary>No provider's answer is nested as deeply as that.</summary>
    public const int MaxDepth = 256;

    /// <summary>What is written has been parsed, as the provider wrote it.</summary>
    public static readonly JsonWriterOptions Raw = new() { Encoder = HubJson.Options.Encoder, SkipValidation = true };

    /// <summary>Of an execution that succeeded with a value.</summary>
    public static OperationAnswer Of(OperationExecution execution)
    {
        var result = execution.Result;
        return new(
            result.Value.ValueKind == JsonValueKind.Undefined ? null : result.Value,
            new OperationAnswerMeta(Math.Round(execution.Duration.TotalMilliseconds, 3), execution.Attempts, Math.Round(execution.Waited.TotalMilliseconds, 3), result.ProviderRequestId, result.NextCursor, execution.Effect?.Id));
    }

    /// <summary>Writes it as JSON.</summary>
    /// <returns>How many bytes that were.</returns>
    public long WriteTo(IBufferWriter<byte> output)
    {
        using var writer = new Utf8JsonWriter(output, Raw);
        writer.WriteStartObject();
        writer.WritePropertyName("result"u8);
        if (Result is { } result)
            writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(result), skipInputValidation: true);
        else
            writer.WriteNullValue();

        // As the serializer would: it costs more than the rest of the answer.
        writer.WriteStartObject("meta"u8);
        writer.WriteNumber("durationMs"u8, Meta.DurationMs);
        writer.WriteNumber("attempts"u8, Meta.Attempts);
        writer.WriteNumber("waitedMs"u8, Meta.WaitedMs);
        writer.WriteString("providerRequestId"u8, Meta.ProviderRequestId);
        writer.WriteString("nextCursor"u8, Meta.NextCursor);
        writer.WriteString("effectId"u8, Meta.EffectId);
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.Flush();
        return writer.BytesCommitted;
    }
}

/// <param name="DurationMs">Milliseconds in the hub and at the provider.</param>
/// <param name="Attempts">Calls made to the provider.</param>
/// <param name="WaitedMs">Milliseconds of the duration that it waited in the hub: for its turn, and between attempts.</param>
/// <param name="ProviderRequestId">The provider's name for the request.</param>
/// <param name="NextCursor">Where the next page begins, for <c>page.cursor</c>.</param>
/// <param name="EffectId">The record of what it changed, for operations that change something.</param>
internal sealed record OperationAnswerMeta(double DurationMs, int Attempts, double WaitedMs, string? ProviderRequestId, string? NextCursor, string? EffectId);
