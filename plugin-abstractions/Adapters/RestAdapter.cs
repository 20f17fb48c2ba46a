using System.Collections.Frozen;
using IntegrationHub.Adapters.Rest;
using IntegrationHub.Templates;
using Microsoft.Extensions.Logging;

namespace IntegrationHub.Adapters;

/// <summary>Runs the operations of a provider as its manifest describes them, over HTTP. Thread-safe; everything that can be is compiled at start.</summary>
/// <remarks>
/// A buffered answer may have 32 MB; a larger one needs an operation with <c>"stream": { "response": true }</c>. Content streams are passed on as they are read.
/// Redirects are not followed: a 3xx is a failure unless the operation lists it as a success. Of a plugin with code, this adapter runs the operations that have an
/// <c>http</c> part, so that the code can hand those to it.
/// <list type="bullet">
/// <item>Headers: the operation's own replace authentication's, which replace the defaults. Framing headers and <c>Host</c> cannot be set.</item>
/// <item><c>response</c>: what the operation leaves out is taken from the provider's defaults, key by key.</item>
/// <item>Arrays in queries are written as the operation's <c>body</c> says, else as the provider's forms are, else by repeating the name.</item>
/// <item>Forms write <c>null</c> as an empty value (providers clear a field with it); queries and multipart fields leave it out.</item>
/// <item>A multipart template names a file by an object <c>{ "filename", "contentType", "content" or "base64" }</c>; the content stream is the part <c>filePart</c>.</item>
/// <item>Next pages are fetched from the operation's own origin only; a cursor that holds an address is signed by the connection's secrets.</item>
/// <item>Secrets of the connection are blanked out of what the provider says in errors. Nothing of requests or answers is logged.</item>
/// </list>
/// </remarks>
public sealed partial class RestAdapter : IProviderAdapter
{
    private ProviderContext? context;
    private ILogger? logger;
    private FrozenDictionary<string, RestOperation> operations = FrozenDictionary<string, RestOperation>.Empty;

    /// <inheritdoc />
    /// <exception cref="InvalidOperationException">The manifest describes something that cannot be run without code; the message begins with a JSON pointer into it.</exception>
    public ValueTask InitializeAsync(ProviderContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        var manifest = context.Manifest;
        var auth = new RestAuthSet(manifest);
        var secrets = new RestSecrets(manifest.Config);
        var compiled = new Dictionary<string, RestOperation>(StringComparer.Ordinal);
        foreach (var (name, operation) in manifest.Operations)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (operation.Http is { } http)
                compiled.Add(name, new RestOperation(manifest, name, operation, http, auth, secrets));
            else if (manifest.Entry is null)
                throw new InvalidOperationException($"/operations/{JsonPointer.Escape(name)}: without code (\"entry\") an operation needs \"http\".");
        }

        operations = compiled.ToFrozenDictionary(StringComparer.Ordinal);
        logger = context.Loggers.CreateLogger("IntegrationHub.Adapters.RestAdapter");
        this.context = context;
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc />
    public async ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var provider = context ?? throw new InvalidOperationException("The adapter is not initialised.");
        if (!operations.TryGetValue(request.Operation, out var operation))
            return Failed(ErrorCategory.NotFound, "The provider has no such operation.");

        HttpRequestMessage message;
        RestCall call;
        RestPaging paging;
        try
        {
            (message, call, paging) = operation.Prepare(request);
        }
        catch (RestRequestException exception)
        {
            return OperationResult.Failure(exception.Error);
        }
        catch (TemplateException exception)
        {
            return Failed(ErrorCategory.InvalidParams, exception.Message);
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException or FormatException or System.Text.Json.JsonException)
        {
            // What the JSON reader and the URI class say of texts that are no Unicode, of values nested too deeply, and of addresses that are too long.
            var kind = exception.GetType().Name;
            Log.NotBuilt(logger!, request.Operation, kind);
            return Failed(ErrorCategory.InvalidParams, "The parameters cannot be sent: a text is not valid Unicode, or too long or too deep for its place.");
        }

        HttpResponseMessage? response = null;
        OperationResult? result = null;
        using (message)
        {
            try
            {
                // The client stays undisposed: a content stream may outlive this call, and the handler is pooled.
                response = await provider.Http.CreateClient(request.Connection)
                    .SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
                result = await operation.Response.ReadAsync(call, paging, response, provider.Time.GetUtcNow(), cancellationToken).ConfigureAwait(false);
                if (paging.ForeignOrigin is { } origin)
                    Log.NextPageElsewhere(logger!, request.Operation, origin);

                return result;
            }
            catch (Exception exception) when (RestNetwork.Explain(exception, message.RequestUri!.Host, response is not null, cancellationToken) is { } error)
            {
                var kind = exception.GetType().Name;
                var reason = (exception as HttpRequestException)?.HttpRequestError;
                Log.NetworkFailed(logger!, request.Operation, kind, reason);
                return OperationResult.Failure(error);
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException && cancellationToken.IsCancellationRequested)
            {
                // A broken read is how a cancellation sometimes shows itself.
                throw new OperationCanceledException(cancellationToken);
            }
            finally
            {
                if (result?.Content is null)
                    response?.Dispose();
            }
        }
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static OperationResult Failed(ErrorCategory category, string message) => OperationResult.Failure(new ProviderError { Category = category, Message = message });

    /// <summary>Names and kinds only: addresses, headers and bodies may hold secrets.</summary>
    private static partial class Log
    {
        [LoggerMessage(EventId = 1001, Level = LogLevel.Warning, Message = "Operation {Operation}: the request could not be built ({Exception})")]
        public static partial void NotBuilt(ILogger logger, string operation, string exception);

        [LoggerMessage(EventId = 1002, Level = LogLevel.Information, Message = "Operation {Operation}: the network failed ({Exception}, {Reason})")]
        public static partial void NetworkFailed(ILogger logger, string operation, string exception, HttpRequestError? reason);

        [LoggerMessage(EventId = 1003, Level = LogLevel.Warning, Message = "Operation {Operation}: the next page is at {Origin}, another origin than this one's, and is not followed")]
        public static partial void NextPageElsewhere(ILogger logger, string operation, string origin);
    }
}
