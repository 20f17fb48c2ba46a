using System.Text.Json;

namespace IntegrationHub.Manifests;

/// <summary>One named action of a provider.</summary>
public sealed record OperationManifest
{
    /// <summary>The action in a few words.</summary>
    public LocalizedText? Title { get; init; }

    /// <summary>What it does, what it returns, what to mind.</summary>
    public LocalizedText? Description { get; init; }

    /// <summary>The vendor page that describes it.</summary>
    public string? Docs { get; init; }

    /// <summary>Scopes that the connection must have been granted; checked only where the connection's grants are known.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>JSON schema of the parameters. Absent: any object.</summary>
    public JsonElement? Params { get; init; }

    /// <summary>JSON schema of the result, for documentation, forms and simulators.</summary>
    public JsonElement? Result { get; init; }

    /// <summary>The request, for the REST adapter. Code plugins leave it out.</summary>
    public HttpManifest? Http { get; init; }

    /// <summary>Whether content flows as a stream beside the JSON parameters or result.</summary>
    public StreamManifest Stream { get; init; } = new();

    /// <summary>How a repeated request is recognised by the provider.</summary>
    public IdempotencyManifest? Idempotency { get; init; }

    /// <summary>
    /// Whether repeating the operation has no further effect even without a key. Default: what the HTTP method says
    /// (GET, HEAD, PUT, DELETE and OPTIONS are idempotent, RFC 9110 §9.2.2).
    /// </summary>
    public bool? Idempotent { get; init; }

    /// <summary>
    /// Whether the operation changes nothing at the provider. Safe operations leave no effect record and can be repeated. Default: what the HTTP method says
    /// (GET, HEAD and OPTIONS are safe, RFC 9110 §9.2.1); an operation without <see cref="Http"/> is not.
    /// </summary>
    public bool? Safe { get; init; }

    /// <summary>How the answer is read.</summary>
    public ResponseManifest? Response { get; init; }

    /// <summary>How further pages are reached.</summary>
    public PaginationManifest? Pagination { get; init; }

    /// <summary>The provider-neutral capability this operation implements.</summary>
    public ImplementsManifest? Implements { get; init; }

    /// <summary>The time for one attempt, when it differs from the provider's.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Whether the operation changes nothing: <see cref="Safe"/>, else what the HTTP method says.</summary>
    public bool IsSafe() => Safe ?? Http?.Method is "GET" or "HEAD" or "OPTIONS";

    /// <summary>Whether a repetition has no further effect: <see cref="Idempotent"/>, else what <see cref="Safe"/> and the HTTP method say.</summary>
    public bool IsIdempotent() => Idempotent ?? (IsSafe() || (Safe is null && Http?.Method is "PUT" or "DELETE"));

    /// <summary>How the provider recognises a repetition of this operation: its own rule, else that of the provider's defaults, which hold for POST and PATCH; <see langword="null"/> when it does not.</summary>
    public IdempotencyManifest? IdempotencyOf(ProviderManifest provider)
    {
        ArgumentNullException.ThrowIfNull(provider);
        return Idempotency ?? (Http?.Method is "POST" or "PATCH" ? provider.Defaults.Idempotency : null);
    }
}

/// <summary>The HTTP request of an operation.</summary>
public sealed record HttpManifest
{
    /// <summary>The method in upper case.</summary>
    public required string Method { get; init; }

    /// <summary>
    /// The path below the base URL, a template (<c>/v1/customers/{params.id}</c>; values are percent-encoded as one segment, <c>|path</c> keeps slashes).
    /// An absolute <c>https://</c> address is allowed when its host is in <c>network.allow</c>.
    /// </summary>
    public required string Path { get; init; }

    /// <summary>
    /// Query parameters by name; values are templates. Absent on a request without body: every parameter not used in path or headers goes into the query.
    /// </summary>
    public IReadOnlyDictionary<string, JsonElement>? Query { get; init; }

    /// <summary>Request header templates; a missing value drops the header.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>The body. Default: JSON for POST, PUT and PATCH, none otherwise.</summary>
    public BodyManifest? Body { get; init; }
}

/// <summary>The kinds of request body.</summary>
public enum BodyKind
{
    /// <summary>No body.</summary>
    None,

    /// <summary><c>application/json</c>.</summary>
    Json,

    /// <summary><c>application/x-www-form-urlencoded</c>, nested as <see cref="BodyManifest.ArrayFormat"/> says.</summary>
    Form,

    /// <summary><c>multipart/form-data</c>.</summary>
    Multipart,

    /// <summary>A GraphQL document with variables, as JSON.</summary>
    Graphql,

    /// <summary>Newline-delimited JSON: the template yields an array, each element one line.</summary>
    Ndjson,

    /// <summary>Text, or the operation's content stream, as it is.</summary>
    Raw,
}

/// <summary>How arrays are written in forms and queries.</summary>
public enum ArrayFormat
{
    /// <summary><c>a[0]=x&amp;a[1]=y</c></summary>
    Indices,

    /// <summary><c>a[]=x&amp;a[]=y</c></summary>
    Brackets,

    /// <summary><c>a=x&amp;a=y</c></summary>
    Repeat,

    /// <summary><c>a=x,y</c></summary>
    Comma,
}

/// <summary>The body of a request. In the manifest either the kind alone (<c>"form"</c>) or an object.</summary>
public sealed record BodyManifest
{
    /// <summary>The kind.</summary>
    public required BodyKind Kind { get; init; }

    /// <summary>The body's template. Absent: every parameter not used in path, query or headers.</summary>
    public JsonElement? Template { get; init; }

    /// <summary>The GraphQL document, for <see cref="BodyKind.Graphql"/>.</summary>
    public string? Query { get; init; }

    /// <summary>Media type, for <see cref="BodyKind.Raw"/> and where it differs from the kind's own.</summary>
    public string? ContentType { get; init; }

    /// <summary>How arrays are written, for <see cref="BodyKind.Form"/>. Default <see cref="ArrayFormat.Indices"/>.</summary>
    public ArrayFormat ArrayFormat { get; init; }

    /// <summary>The part that carries the operation's content stream, for <see cref="BodyKind.Multipart"/>. Default <c>file</c>.</summary>
    public string FilePart { get; init; } = "file";
}

/// <summary>Whether content flows as a stream beside the JSON parameters or result.</summary>
public sealed record StreamManifest
{
    /// <summary>The operation takes a content stream with the request.</summary>
    public bool Request { get; init; }

    /// <summary>The operation answers with a content stream.</summary>
    public bool Response { get; init; }
}

/// <summary>How a provider recognises a repeated request: one of the three names is set.</summary>
public sealed record IdempotencyManifest
{
    /// <summary>The request header that carries the key.</summary>
    public string? Header { get; init; }

    /// <summary>The query parameter that carries it.</summary>
    public string? Query { get; init; }

    /// <summary>The top-level body field that carries it.</summary>
    public string? Body { get; init; }
}

/// <summary>How an answer is read.</summary>
public sealed record ResponseManifest
{
    /// <summary>Statuses that mean success. Empty: 200 to 299.</summary>
    public IReadOnlyList<int> Success { get; init; } = [];

    /// <summary>JSON pointers into the body and the values they must have for success (<c>{ "/ok": true }</c>), for providers that answer errors with 200.</summary>
    public IReadOnlyDictionary<string, JsonElement> SuccessWhen { get; init; } = new Dictionary<string, JsonElement>();

    /// <summary>
    /// The result: a JSON pointer into the body (default <c>/</c> or <c>""</c>, both the whole body), or a template object over <c>body</c>, <c>header</c>, <c>status</c> and <c>params</c>.
    /// </summary>
    public JsonElement? Result { get; init; }

    /// <summary>The response header that names the request at the provider.</summary>
    public string? RequestId { get; init; }

    /// <summary>How failures are read.</summary>
    public ErrorsManifest? Errors { get; init; }
}

/// <summary>How failures are read: where code and message stand, and which codes mean what.</summary>
public sealed record ErrorsManifest
{
    /// <summary>JSON pointers to the provider's code, tried in order. In the manifest one string or an array.</summary>
    public IReadOnlyList<string> Code { get; init; } = [];

    /// <summary>JSON pointers to the provider's message, tried in order. In the manifest one string or an array.</summary>
    public IReadOnlyList<string> Message { get; init; } = [];

    /// <summary>
    /// By category (<c>declined</c>, <c>invalidParams</c>, <c>unauthenticated</c>, <c>permissionDenied</c>, <c>missingScope</c>, <c>notFound</c>, <c>conflict</c>,
    /// <c>rateLimited</c>, <c>timeout</c>, <c>unavailable</c>): the provider's codes that mean it. In the manifest these keys stand beside <c>code</c>. A code wins over the status.
    /// </summary>
    public IReadOnlyDictionary<Adapters.ErrorCategory, IReadOnlyList<string>> Categories { get; init; } =
        new Dictionary<Adapters.ErrorCategory, IReadOnlyList<string>>();
}

/// <summary>The ways providers page their lists.</summary>
public enum PaginationStyle
{
    /// <summary>The answer names the next page's cursor.</summary>
    Cursor,

    /// <summary>Pages are numbered.</summary>
    Page,

    /// <summary>Pages start at an offset.</summary>
    Offset,

    /// <summary>The answer has a <c>Link</c> header with <c>rel="next"</c> (RFC 8288).</summary>
    Link,

    /// <summary>The body has the next page's address.</summary>
    Url,
}

/// <summary>How further pages are reached.</summary>
public sealed record PaginationManifest
{
    /// <summary>The style.</summary>
    public required PaginationStyle Style { get; init; }

    /// <summary>The parameter (as the operation names it) that carries cursor, page number or offset.</summary>
    public string? Param { get; init; }

    /// <summary>JSON pointer to the next cursor or address; <c>-1</c> as an array index means the last element.</summary>
    public string? Next { get; init; }

    /// <summary>JSON pointer to a boolean that says whether there is more.</summary>
    public string? More { get; init; }

    /// <summary>JSON pointer to the array of items.</summary>
    public string Items { get; init; } = "";

    /// <summary>The parameter that carries the page size; needed for <see cref="PaginationStyle.Offset"/>.</summary>
    public string? SizeParam { get; init; }

    /// <summary>The number of the first page, or the first offset. Default 1 for pages, 0 for offsets.</summary>
    public int? First { get; init; }
}

/// <summary>The provider-neutral capability that an operation implements.</summary>
public sealed record ImplementsManifest
{
    /// <summary>The capability's name (<c>payment.create</c>).</summary>
    public required string Capability { get; init; }

    /// <summary>Template that turns the capability's parameters into the operation's.</summary>
    public JsonElement? Params { get; init; }

    /// <summary>Template that turns the operation's result into the capability's.</summary>
    public JsonElement? Result { get; init; }
}
