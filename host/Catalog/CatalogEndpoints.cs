using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;
using IntegrationHub.Schemas;
using Microsoft.AspNetCore.Mvc;

namespace IntegrationHub.Host.Catalog;

/// <summary>What can be searched for, as query parameters.</summary>
internal sealed record ProviderQuery
{
    [FromQuery(Name = "capability")]
    public string[]? Capability { get; init; }

    [FromQuery(Name = "category")]
    public string? Category { get; init; }

    [FromQuery(Name = "market")]
    public string? Market { get; init; }

    [FromQuery(Name = "currency")]
    public string? Currency { get; init; }

    [FromQuery(Name = "language")]
    public string? Language { get; init; }

    [FromQuery(Name = "q")]
    public string? Text { get; init; }

    [FromQuery(Name = "sort")]
    public string? Sort { get; init; }

    [FromQuery(Name = "limit")]
    public string? Limit { get; init; }

    [FromQuery(Name = "cursor")]
    public string? Cursor { get; init; }

    public ProviderSearch ToSearch() => new()
    {
        Capabilities = Capability ?? [],
        Category = NullIfEmpty(Category),
        Market = NullIfEmpty(Market),
        Currency = NullIfEmpty(Currency),
        Language = NullIfEmpty(Language),
        Text = NullIfEmpty(Text),
    };

    private static string? NullIfEmpty(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}

internal static class CatalogEndpoints
{
    // An SVG may hold scripts and links; opened as a page it must not run them in the hub's origin.
    private const string IconPolicy = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

    private const int MaxCursor = 1024;

    private static readonly JsonDocumentOptions WithComments = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    public static IEndpointRouteBuilder MapCatalog(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/providers").WithTags("Catalog").RequireRole(HubRole.Viewer);
        group.MapGet("", List).WithName("ListProviders").WithSummary("Search the catalog of providers")
            .WithDescription("Every condition must hold; a repeated 'capability' means all of them. 'sort' is 'name' (default) or 'category'.")
            .Produces<Page<ProviderSummary>>().ProducesProblem(StatusCodes.Status400BadRequest);
        group.MapGet("{id}", Get).WithName("GetProvider").WithSummary("One provider: its form, operations, events, setup steps and prices")
            .Produces<ProviderDetail>().ProducesProblem(StatusCodes.Status404NotFound);
        group.MapGet("{id}/manifest", GetManifest).WithName("GetProviderManifest").WithSummary("The provider's manifest, as JSON")
            .Produces<JsonElement>().ProducesProblem(StatusCodes.Status404NotFound);
        group.MapGet("{id}/icon", GetIcon).WithName("GetProviderIcon").WithSummary("The provider's icon")
            .Produces(StatusCodes.Status200OK, contentType: "image/svg+xml").ProducesProblem(StatusCodes.Status404NotFound);
        return routes;
    }

    private static IResult List([AsParameters] ProviderQuery query, IProviderCatalog catalog)
    {
        var limit = new PageQuery { Limit = query.Limit }.ToRequest().Limit;
        Func<LoadedProvider, string>? sortKey = query.Sort switch
        {
            null or "" or "name" => provider => provider.Manifest.Name.ToUpperInvariant(),
            "category" => provider => $"{provider.Manifest.Category.ToUpperInvariant()}\t{provider.Manifest.Name.ToUpperInvariant()}",
            _ => null,
        };
        if (sortKey is null)
            return Problem.Invalid("The order is not known.", new ValidationIssue("/sort", $"'{query.Sort}' is no order.", "Use name or category.")).ToResult();

        var after = "";
        if (!string.IsNullOrEmpty(query.Cursor) && !TryReadCursor(query.Cursor, out after))
            return Problem.Invalid("The cursor is not valid.", new ValidationIssue("/cursor", "It was not made by this list.", "Pass on nextCursor as it came.")).ToResult();

        // Keys are unique by the id at their end, so a page goes on at the right place also when providers came or went meanwhile.
        var search = query.ToSearch();
        var found = catalog.All
            .Where(provider => search.Matches(provider.Manifest))
            .Select(provider => (Key: $"{sortKey(provider)}\t{provider.Id}", Provider: provider))
            .Where(item => string.CompareOrdinal(item.Key, after) > 0)
            .OrderBy(item => item.Key, StringComparer.Ordinal)
            .Take(limit + 1)
            .ToList();

        var next = found.Count > limit ? Base64Url.EncodeToString(Encoding.UTF8.GetBytes(found[limit - 1].Key)) : null;
        return TypedResults.Ok(new Page<ProviderSummary>([.. found.Take(limit).Select(item => ProviderSummary.Of(item.Provider))], next));
    }

    private static IResult Get(string id, IProviderCatalog catalog) =>
        catalog.Find(id) is { } provider ? TypedResults.Ok(new ProviderDetail(provider)) : Problem.NotFound("provider", id).ToResult();

    private static IResult GetManifest(string id, IProviderCatalog catalog)
    {
        if (catalog.Find(id) is not { } provider)
            return Problem.NotFound("provider", id).ToResult();

        // The file may have comments, which JSON has not, and a byte order mark.
        var json = provider.ManifestJson;
        using var document = JsonDocument.Parse(json.Span.StartsWith("\uFEFF"u8) ? json[3..] : json, WithComments);
        return TypedResults.Json(document.RootElement.Clone(), HubJson.Options);
    }

    private static IResult GetIcon(string id, IProviderCatalog catalog, HttpContext context)
    {
        if (catalog.Find(id) is not { } provider)
            return Problem.NotFound("provider", id).ToResult();

        if (provider.Icon is not { } icon)
            return Problem.NotFound("icon of provider", id).ToResult();

        context.Response.Headers.ContentSecurityPolicy = IconPolicy;
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers.CacheControl = "private, max-age=3600";
        return TypedResults.Bytes(icon.Bytes, icon.ContentType);
    }

    private static bool TryReadCursor(string cursor, out string key)
    {
        key = "";
        if (cursor.Length > MaxCursor || !Base64Url.IsValid(cursor))
            return false;

        // Every key of this list has its parts divided by tabs.
        key = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor));
        return key.Contains('\t', StringComparison.Ordinal);
    }
}
