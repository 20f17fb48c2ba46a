using IntegrationHub.Manifests;
using IntegrationHub.Templates;

namespace IntegrationHub.Adapters.Rest;

/// <summary>One operation, compiled: builds its requests and reads its answers.</summary>
internal sealed class RestOperation
{
    private readonly HttpMethod method;
    private readonly RestAddress address;
    private readonly RestHeaders defaultHeaders;
    private readonly RestHeaders headers;
    private readonly List<(string Name, Template Template)>? query;
    private readonly HashSet<string> used = new(StringComparer.Ordinal);
    private readonly ArrayFormat queryArrays;
    private readonly BodyKind bodyKind;
    private readonly RestBody body;
    private readonly RestPagination? pagination;
    private readonly IdempotencyManifest? idempotency;
    private readonly RestAuthSet auth;
    private readonly RestSecrets secrets;
    private readonly bool answersStream;

    public RestOperation(ProviderManifest provider, string name, OperationManifest operation, HttpManifest http, RestAuthSet auth, RestSecrets secrets)
    {
        var pointer = $"/operations/{JsonPointer.Escape(name)}";
        this.auth = auth;
        this.secrets = secrets;
        method = new HttpMethod(http.Method);
        answersStream = operation.Stream.Response;
        address = new RestAddress(http, $"{pointer}/http/path");
        defaultHeaders = new RestHeaders(provider.Defaults.Headers, "/defaults/headers");
        headers = new RestHeaders(http.Headers, $"{pointer}/http/headers");
        query = http.Query?.Select(pair => (pair.Key, RestTemplates.Compile(pair.Value, $"{pointer}/http/query/{JsonPointer.Escape(pair.Key)}"))).ToList();

        var manifest = http.Body ?? new BodyManifest { Kind = http.Method is "POST" or "PUT" or "PATCH" ? BodyKind.Json : BodyKind.None };
        bodyKind = manifest.Kind;

        queryArrays = QueryArrays(provider, manifest);
        foreach (var template in address.Templates.Concat(headers.Templates).Concat(defaultHeaders.Templates).Concat(query?.Select(entry => entry.Template) ?? []))
            used.UnionWith(RestTemplates.UsedParameters(template));

        idempotency = operation.IdempotencyOf(provider);
        if (idempotency?.Header is { } header)
            _ = new RestHeaders(new Dictionary<string, string> { [header] = "" }, $"{pointer}/idempotency/header");

        body = new RestBody(manifest, used, idempotency?.Body, operation.Stream.Request, $"{pointer}/http/body");
        pagination = operation.Pagination is null ? null : new RestPagination(operation.Pagination, $"{pointer}/pagination");
        Response = new RestResponse(
            operation,
            Merge(operation.Response, provider.Defaults.Response),
            provider.Limits?.Headers,
            secrets,
            operation.IsIdempotent(),
            $"{pointer}/response");
    }

    public RestResponse Response { get; }

    /// <summary>Builds the request. The caller disposes the message.</summary>
    /// <exception cref="RestRequestException">Parameters or connection do not make a request.</exception>
    public (HttpRequestMessage Message, RestCall Call, RestPaging Paging) Prepare(OperationRequest request)
    {
        var parameters = request.Cursor is null ? request.Parameters
            : pagination is null ? throw RestRequestException.InvalidParams("The operation has no further pages, so it takes no cursor.")
            : pagination.Apply(request.Parameters, request.Cursor);
        var call = new RestCall(request, parameters);

        var headerValues = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        {
            ["User-Agent"] = "IntegrationHub/1.0",
            ["Accept"] = answersStream ? "*/*" : "application/json, */*;q=0.8",
        };
        var credentials = new List<KeyValuePair<string, string>>();
        defaultHeaders.Render(call.Scope, headerValues);
        auth.Choose(request.Connection)?.Apply(request.Connection, headerValues, credentials);
        headers.Render(call.Scope, headerValues);

        var target = address.Build(call);
        target = request.Cursor is not null && pagination!.FollowsAddresses
            ? pagination.Address(target, request.Cursor, request.Connection, secrets)
            : RestAddress.WithQuery(target, Query(call));

        if (request.IdempotencyKey is { } key)
        {
            if (idempotency?.Header is { } header)
                headerValues[header] = RestHeaders.Checked(header, key);

            if (idempotency?.Query is { } name)
                credentials.Add(new(name, key));
        }

        target = RestAddress.WithQuery(target, credentials);
        var message = new HttpRequestMessage(method, target) { Content = body.Build(call) };
        if (message.Content is null && headerValues.ContainsKey("Content-Type") && bodyKind != BodyKind.None)
            message.Content = new ByteArrayContent([]);

        RestHeaders.Apply(headerValues, message);
        return (message, call, new RestPaging(pagination, target, auth.IsCredential, secrets));
    }

    private List<KeyValuePair<string, string>> Query(RestCall call)
    {
        var pairs = new List<KeyValuePair<string, string>>();
        if (query is not null)
        {
            foreach (var (name, template) in query)
                if (template.TryRender(call.Scope, out var node))
                    RestParameters.Flatten(name, JsonText.ToElement(node), queryArrays, nullText: null, pairs);
        }
        else if (bodyKind == BodyKind.None)
        {
            foreach (var property in RestParameters.Except(call.Parameters, used))
                RestParameters.Flatten(property.Name, property.Value, queryArrays, nullText: null, pairs);
        }

        return pairs;
    }

    /// <summary>
    /// How arrays are written in the query: as the operation's own body says; else as the provider's forms do, since whoever reads <c>a[0]</c> in one reads it in the
    /// other; else by repeating the name, as OpenAPI does where nothing is said.
    /// </summary>
    private static ArrayFormat QueryArrays(ProviderManifest provider, BodyManifest body)
    {
        if (body.Kind == BodyKind.Form || body is { Kind: BodyKind.None, ArrayFormat: not ArrayFormat.Indices })
            return body.ArrayFormat;

        return provider.Operations.Values.Select(operation => operation.Http?.Body).FirstOrDefault(other => other?.Kind == BodyKind.Form)?.ArrayFormat ?? ArrayFormat.Repeat;
    }

    /// <summary>The operation's own keys, and the defaults where it says nothing.</summary>
    private static ResponseManifest Merge(ResponseManifest? own, ResponseManifest? defaults)
    {
        if (own is null || defaults is null)
            return own ?? defaults ?? new ResponseManifest();

        return new ResponseManifest
        {
            Success = own.Success.Count > 0 ? own.Success : defaults.Success,
            SuccessWhen = own.SuccessWhen.Count > 0 ? own.SuccessWhen : defaults.SuccessWhen,
            Result = own.Result ?? defaults.Result,
            RequestId = own.RequestId ?? defaults.RequestId,
            Errors = own.Errors ?? defaults.Errors,
        };
    }
}
