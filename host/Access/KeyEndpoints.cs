using IntegrationHub.Host.Http;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Access;

/// <summary>What a new key is to be.</summary>
internal sealed record CreateKeyRequest
{
    public required string Name { get; init; }

    public required HubRole Role { get; init; }

    /// <summary>The projects it may see. Absent or empty: all.</summary>
    public IReadOnlyList<string> Projects { get; init; } = [];

    /// <summary>When it stops working. Absent: never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}

/// <summary>A key without its text, of which only the last four characters are shown.</summary>
internal record KeyModel(string Id, string Name, HubRole Role, IReadOnlyList<string> Projects, string Hint, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt)
{
    public static KeyModel From(ApiKey key) => new(key.Id, key.Name, key.Role, key.Projects, "••••" + key.Ending, key.CreatedAt, key.ExpiresAt);
}

/// <summary>A new key, with its text this one time.</summary>
internal sealed record CreatedKeyModel(string Id, string Name, HubRole Role, IReadOnlyList<string> Projects, string Hint, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, string Key)
    : KeyModel(Id, Name, Role, Projects, Hint, CreatedAt, ExpiresAt);

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
            context.GetCaller(), CorrelationId.Of(context), request.Name.Trim(), request.Role, request.Projects, request.ExpiresAt?.ToUniversalTime(), cancellationToken);
        context.Response.Headers.Location = $"/api/keys/{key.Id}";
        context.Response.Headers.CacheControl = "no-store";
        var model = KeyModel.From(key);
        return Results.Json(
            new CreatedKeyModel(model.Id, model.Name, model.Role, model.Projects, model.Hint, model.CreatedAt, model.ExpiresAt, text), HubJson.Options, statusCode: StatusCodes.Status201Created);
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

        if (request.Projects.Count > MaxProjects)
            yield return new("/projects", $"A key can be limited to {MaxProjects} projects at the most.");

        for (var i = 0; i < request.Projects.Count; i++)
            if (request.Projects[i] is not { } project || !ProjectName.IsValid(project))
                yield return new($"/projects/{i}", $"A project's name has {ProjectName.Rule}.");

        if (request.ExpiresAt is { } end && end <= now)
            yield return new("/expiresAt", "The time has passed already.");
    }
}
