using IntegrationHub.Host.Http;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Access;

/// <summary>What a new key is to be.</summary>
internal sealed record CreateKeyRequest
{
    public required string Name { get; init; }

    public required HubRole Role { get; init; }

    /// <summary>The projects it may see, one at least. Absent: all.</summary>
    public IReadOnlyList<string>? Projects { get; init; }

    /// <summary>When it stops working. Absent: never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}

/// <summary>How a key is to be rotated.</summary>
internal sealed record RotateKeyRequest
{
    /// <summary>How long the former text works on: 24h (default), 90m, 0s … at most 30d.</summary>
    public string? Overlap { get; init; }
}

/// <summary>A key without its text, of which only the last four characters are shown.</summary>
internal record KeyModel(
    string Id, string Name, HubRole Role, IReadOnlyList<string> Projects, string Hint, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? RotatedAt, DateTimeOffset? PreviousValidUntil)
{
    public static KeyModel From(ApiKey key) =>
        new(key.Id, key.Name, key.Role, key.Projects, "••••" + key.Ending, key.CreatedAt, key.ExpiresAt, key.RotatedAt, key.PreviousValidUntil);
}

/// <summary>A new key, with its text this one time.</summary>
internal sealed record CreatedKeyModel : KeyModel
{
    public CreatedKeyModel(KeyModel model, string key)
        : base(model) => Key = key;

    public string Key { get; }
}

internal static class KeyEndpoints
{
    private const int MaxName = 100;
    private const int MaxProjects = 100;

    public static void MapKeys(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/keys").WithTags("API keys");
        group.MapGet("", ListAsync).RequireRole(HubRole.Admin).WithName("ListKeys").WithSummary("List API keys").Produces<Page<KeyModel>>();
        group.MapPost("", CreateAsync).RequireRole(HubRole.Admin).WithName("CreateKey")
            .WithSummary("Make an API key")
            .WithDescription("The key's text is in this answer and is never shown again. A key that is limited to projects can make keys for these projects only.")
            .Accepts<CreateKeyRequest>("application/json").Produces<CreatedKeyModel>(StatusCodes.Status201Created).ProducesProblem(400).ProducesProblem(403);
        group.MapPost("/{id}/rotate", RotateAsync).RequireRole(HubRole.Admin).WithName("RotateKey")
            .WithSummary("Give an API key a new text")
            .WithDescription("The new text is in this answer and is never shown again. The former one works until `overlap` (24h) is over.")
            .Accepts<RotateKeyRequest>(isOptional: true, "application/json").Produces<CreatedKeyModel>().ProducesProblem(400).ProducesProblem(404).ProducesProblem(409);
        group.MapDelete("/{id}", DeleteAsync).RequireRole(HubRole.Admin).WithName("DeleteKey")
            .WithSummary("Delete an API key")
            .WithDescription("It stops working at once; on other nodes within 30 seconds.")
            .Produces(StatusCodes.Status204NoContent).ProducesProblem(404);
    }

    private static async Task<IResult> ListAsync([AsParameters] PageQuery page, HttpContext context, ApiKeyService keys, CancellationToken cancellationToken)
    {
        var found = await keys.ListAsync(context.GetCaller(), page.ToRequest(), cancellationToken);
        return Results.Json(found.Select(KeyModel.From), HubJson.Options);
    }

    private static async Task<IResult> CreateAsync(HttpContext context, ApiKeyService keys, TimeProvider time, CancellationToken cancellationToken)
    {
        var request = await RequestBody.ReadAsync<CreateKeyRequest>(context, cancellationToken);
        if (Check(request, time.GetUtcNow()).ToList() is { Count: > 0 } issues)
            return Problem.Invalid("The key is not valid.", issues).ToResult();

        var (key, text) = await keys.CreateAsync(
            context.GetCaller(), CorrelationId.Of(context), request.Name.Trim(), request.Role, request.Projects ?? [], request.ExpiresAt?.ToUniversalTime(), cancellationToken);
        context.Response.Headers.Location = $"/api/keys/{key.Id}";
        context.Response.Headers.CacheControl = "no-store";
        return Results.Json(new CreatedKeyModel(KeyModel.From(key), text), HubJson.Options, statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> RotateAsync(string id, HttpContext context, ApiKeyService keys, CancellationToken cancellationToken)
    {
        var hasBody = context.Request.ContentLength > 0 || (context.Request.ContentLength is null && context.Request.Headers.TransferEncoding.Count > 0);
        var request = hasBody ? await RequestBody.ReadAsync<RotateKeyRequest>(context, cancellationToken) : new RotateKeyRequest();
        if (Overlap.Parse(request.Overlap) is not { } overlap)
            return Problem.Invalid("The rotation is not valid.", new ValidationIssue("/overlap", Overlap.Rule, Overlap.Example)).ToResult();

        var (key, text) = await keys.RotateAsync(context.GetCaller(), CorrelationId.Of(context), id, overlap, cancellationToken);
        context.Response.Headers.CacheControl = "no-store";
        return Results.Json(new CreatedKeyModel(KeyModel.From(key), text), HubJson.Options);
    }

    private static async Task<IResult> DeleteAsync(string id, HttpContext context, ApiKeyService keys, CancellationToken cancellationToken)
    {
        await keys.DeleteAsync(context.GetCaller(), CorrelationId.Of(context), id, cancellationToken);
        return Results.NoContent();
    }

    private static IEnumerable<ValidationIssue> Check(CreateKeyRequest request, DateTimeOffset now)
    {
        if (request.Name.Trim() is { Length: 0 or > MaxName } || request.Name.Any(char.IsControl))
            yield return new("/name", $"A name has 1 to {MaxName} printable characters.");

        if (!Enum.IsDefined(request.Role))
            yield return new("/role", "The role must be one of viewer, developer, operator, admin.");

        // A list that somebody's script left empty must not open everything.
        if (request.Projects is { Count: 0 })
            yield return new("/projects", "The list is empty: such a key could see nothing.", "Name the projects it may see, or leave the list out for a key that sees all.");

        if (request.Projects is { Count: > MaxProjects })
            yield return new("/projects", $"A key can be limited to {MaxProjects} projects at the most.");

        for (var i = 0; i < request.Projects?.Count; i++)
            if (request.Projects[i] is not { } project || !ProjectName.IsValid(project))
                yield return new($"/projects/{i}", $"A project's name has {ProjectName.Rule}.");

        if (request.ExpiresAt is { } end && end <= now)
            yield return new("/expiresAt", "The time has passed already.");
    }
}
