namespace IntegrationHub.Host.Http;

/// <summary>
/// Outermost: gives each request its correlation id and the headers every answer carries, and turns what was thrown into problem details.
/// What a caller did wrong is said; a fault of the hub is logged under the correlation id and named by nothing else.
/// </summary>
internal sealed partial class ProblemMiddleware(RequestDelegate next, IEnumerable<IProblemPages> pages, ILogger<ProblemMiddleware> logger)
{
    private readonly IProblemPages[] pages = [.. pages];

    public async Task InvokeAsync(HttpContext context)
    {
        var correlationId = CorrelationId.Of(context);
        context.Response.OnStarting(SetHeaders, context);
        using var scope = logger.BeginScope(new KeyValuePair<string, object>[] { new(CorrelationId.LogProperty, correlationId) });
        try
        {
            await next(context);
            if (!context.Response.HasStarted && context.Response is { StatusCode: >= 400, ContentLength: null, ContentType: null })
                await AnswerAsync(context, Bare(context.Response.StatusCode));
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to answer.
            if (!context.Response.HasStarted)
                context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
        }
        catch (ProblemException exception) when (!context.Response.HasStarted)
        {
            await AnswerAsync(context, exception.Problem);
        }
        catch (BadHttpRequestException exception) when (!context.Response.HasStarted)
        {
            await AnswerAsync(context, Bare(exception.StatusCode));
        }
        catch (UnavailableException exception) when (!context.Response.HasStarted)
        {
            Log.Unavailable(logger, context.Request.Method, context.Request.Path, exception.Message);
            await AnswerAsync(context, new Problem(StatusCodes.Status503ServiceUnavailable, "storage_unavailable", "The hub cannot use its storage now",
                "Nothing was changed. Send it again later; the hub's log says what is wrong.") { RetryAfter = exception.RetryAfter });
        }
        catch (Exception exception)
        {
            Log.Unhandled(logger, exception, context.Request.Method, context.Request.Path);
            if (context.Response.HasStarted)
                context.Abort();
            else
                await AnswerAsync(context, new Problem(StatusCodes.Status500InternalServerError, "internal_error", "The hub failed",
                    "The failure is in the hub's log under the correlation id."));
        }
    }

    private Task AnswerAsync(HttpContext context, Problem problem)
    {
        foreach (var one in pages)
            if (one.PageOf(context, problem) is { } page)
                return page.ExecuteAsync(context);

        return problem.ToResult().ExecuteAsync(context);
    }

    private static Task SetHeaders(object state)
    {
        var context = (HttpContext)state;
        var headers = context.Response.Headers;
        headers[CorrelationId.HeaderName] = CorrelationId.Of(context);
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.XFrameOptions = "DENY";
        if (headers.CacheControl.Count == 0 && context.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal))
            headers.CacheControl = "no-store";

        return Task.CompletedTask;
    }

    private static Problem Bare(int status) => status switch
    {
        StatusCodes.Status404NotFound => new(status, "not_found", "Not found", "There is nothing at this address; /docs lists what there is."),
        StatusCodes.Status405MethodNotAllowed => new(status, "method_not_allowed", "Method not allowed", "This address takes other methods; /docs lists them."),
        StatusCodes.Status408RequestTimeout => new(status, "request_timeout", "The request came too slowly"),
        StatusCodes.Status413PayloadTooLarge => new(status, "body_too_large", "The body is too large"),
        StatusCodes.Status415UnsupportedMediaType => new(status, "unsupported_media_type", "Unsupported media type", "Send application/json."),
        _ => new(status, "invalid_request", "The request is not valid"),
    };

    private static partial class Log
    {
        [LoggerMessage(2001, LogLevel.Error, "{Method} {Path} failed")]
        public static partial void Unhandled(ILogger logger, Exception exception, string method, string path);

        [LoggerMessage(2002, LogLevel.Error, "{Method} {Path} was answered 503: {Why}")]
        public static partial void Unavailable(ILogger logger, string method, string path, string why);
    }
}
