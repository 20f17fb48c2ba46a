using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Encryption;

internal static class EncryptionEndpoints
{
    public static IEndpointRouteBuilder MapEncryption(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/encryption").WithTags("Encryption").RequireRole(HubRole.Admin).HubWide("The master key protects every project.");
        group.MapGet("", async (MasterKeyRotation rotation, CancellationToken cancellationToken) => Results.Json(await rotation.StatusAsync(cancellationToken), HubJson.Options))
            .WithName("GetEncryption").WithSummary("Which master key is in use, and where a rotation stands").Produces<EncryptionModel>();
        group.MapPost("/rotate", RotateAsync).WithName("RotateMasterKey").WithSummary("Make a new master key, and wrap everything anew while the hub runs")
            .WithDescription("Nothing is unreadable meanwhile. The former key is removed when nothing is encrypted with it any more. Back the new one up.")
            .Produces<EncryptionModel>(StatusCodes.Status202Accepted).ProducesProblem(409).ProducesProblem(503);
        return routes;
    }

    private static async Task<IResult> RotateAsync(HttpContext context, MasterKeyRotation rotation, CancellationToken cancellationToken) =>
        Results.Json(await rotation.RotateAsync(context.GetCaller(), CorrelationId.Of(context), cancellationToken), HubJson.Options, statusCode: StatusCodes.Status202Accepted);
}
