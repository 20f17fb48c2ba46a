using System.Globalization;
using System.Text.Json;
using IntegrationHub.Host.Http;
using IntegrationHub.Schemas;
using Microsoft.AspNetCore.Mvc;

namespace IntegrationHub.Host.Access;

/// <summary>An audit entry as the API shows it.</summary>
internal sealed record AuditModel(
    long Sequence, DateTimeOffset Time, string Actor, string Action, string? Target, string? Project, string? Address, string? CorrelationId, JsonElement? Details, string Hash)
{
    public static AuditModel From(AuditRecord record) => new(
        record.Sequence, record.Entry.Time, record.Entry.Actor, record.Entry.Action, record.Entry.Target, record.Entry.Project, record.Entry.Address, record.Entry.CorrelationId,
        record.Entry.Details.ValueKind == JsonValueKind.Undefined ? null : record.Entry.Details, Convert.ToHexStringLower(record.Hash));
}

/// <summary>What to look for in the audit.</summary>
internal sealed class AuditFilter
{
    [FromQuery(Name = "actor")]
    public string? Actor { get; set; }

    [FromQuery(Name = "action")]
    public string? Action { get; set; }

    [FromQuery(Name = "target")]
    public string? Target { get; set; }

    [FromQuery(Name = "from")]
    public string? From { get; set; }

    [FromQuery(Name = "to")]
    public string? To { get; set; }

    public AuditQuery ToQuery() => new() { Actor = Actor, Action = Action, Target = Target, From = Read("from", From), To = Read("to", To) };

    private static DateTimeOffset? Read(string name, string? text)
    {
        if (string.IsNullOrEmpty(text))
            return null;

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time
            : throw Problem.Invalid($"'{name}' is no time.", new ValidationIssue("/" + name, "The value must be a time in ISO 8601, such as 2030-01-31T12:00:00Z.")).ToException();
    }
}

internal static class AuditEndpoints
{
    public static void MapAudit(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/audit").WithTags("Audit").HubWide("The audit is one chain for all projects.");
        group.MapGet("", ListAsync).RequireRole(HubRole.Admin).WithName("ListAudit").WithSummary("Who did what, newest first")
            .WithDescription("Needs a key that is not limited to projects.").Produces<Page<AuditModel>>().ProducesProblem(403);
        group.MapGet("/verify", VerifyAsync).RequireRole(HubRole.Admin).WithName("VerifyAudit").WithSummary("Check the whole audit chain")
            .WithDescription("Finds the first entry that was changed, removed, inserted or moved. To notice entries cut off at the end, keep `lastSequence` and `lastHash` elsewhere.")
            .Produces<AuditVerification>().ProducesProblem(403);
    }

    private static async Task<IResult> ListAsync(
        [AsParameters] AuditFilter filter, [AsParameters] PageQuery page, IAuditStore store, CancellationToken cancellationToken)
    {
        var found = await store.ListAsync(filter.ToQuery(), page.ToRequest(), cancellationToken);
        return Results.Json(found.Select(AuditModel.From), HubJson.Options);
    }

    private static async Task<IResult> VerifyAsync(AuditVerifier verifier, CancellationToken cancellationToken) =>
        Results.Json(await verifier.VerifyAsync(cancellationToken), HubJson.Options);
}
