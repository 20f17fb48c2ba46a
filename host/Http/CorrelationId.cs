namespace IntegrationHub.Host.Http;

/// <summary>The id that ties one request's logs, traces, records and errors together: the caller's <c>X-Correlation-Id</c> when it is well formed, else a new one.</summary>
internal static class CorrelationId
{
    public const string HeaderName = "X-Correlation-Id";

    /// <summary>The name of the property that the log lines of a request carry it in.</summary>
    public const string LogProperty = "CorrelationId";

    private const int MaxLength = 128;
    private static readonly object Key = new();

    public static string Of(HttpContext context)
    {
        if (context.Items.TryGetValue(Key, out var known))
            return (string)known!;

        var sent = context.Request.Headers[HeaderName];
        var id = sent.Count == 1 && IsWellFormed(sent[0]!) ? sent[0]! : Ids.New(Ids.Request, context.RequestServices.GetRequiredService<TimeProvider>());
        context.Items[Key] = id;
        return id;
    }

    // Nothing that could forge a log line or a header gets through.
    private static bool IsWellFormed(string id) =>
        id.Length is > 0 and <= MaxLength && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or ':' or '/');
}
