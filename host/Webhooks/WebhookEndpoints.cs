using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Webhooks.Reprocessing;
using Microsoft.OpenApi;

namespace IntegrationHub.Host.Webhooks;

internal static class WebhookEndpoints
{
    private const string Why = "The provider's signature is the credential.";

    public static IEndpointRouteBuilder MapWebhooks(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1/webhooks/{provider}/{connectionId}").WithTags("Webhooks").AllowWithoutKey(Why);
        group.MapPost("", ReceiveAsync)
            .WithName("ReceiveWebhook")
            .WithSummary("Receive a provider's webhook")
            .WithDescription("The body is taken as it is, verified as the provider's manifest says, and acknowledged once its events are stored durably.")
            .AddOpenApiOperationTransformer((operation, _, _) =>
            {
                // Described only: Accepts<T>() would have routing refuse other types than those named.
                operation.RequestBody = new OpenApiRequestBody
                {
                    Description = "Whatever the provider sends.",
                    Content = new Dictionary<string, OpenApiMediaType> { ["*/*"] = new() },
                };
                return Task.CompletedTask;
            })
            .Produces(StatusCodes.Status200OK)
            .Produces<Problem>(StatusCodes.Status400BadRequest, "application/problem+json")
            .Produces<Problem>(StatusCodes.Status401Unauthorized, "application/problem+json")
            .Produces<Problem>(StatusCodes.Status404NotFound, "application/problem+json")
            .Produces<Problem>(StatusCodes.Status413PayloadTooLarge, "application/problem+json")
            .Produces<Problem>(StatusCodes.Status415UnsupportedMediaType, "application/problem+json")
            .Produces<Problem>(StatusCodes.Status429TooManyRequests, "application/problem+json")
            .Produces<Problem>(StatusCodes.Status503ServiceUnavailable, "application/problem+json");
        group.MapGet("", ReceiveAsync).TakesNoHead("The answer to a handshake is its body.")
            .WithName("AnswerWebhookHandshake")
            .WithSummary("Answer a provider's handshake")
            .Produces(StatusCodes.Status200OK)
            .Produces<Problem>(StatusCodes.Status400BadRequest, "application/problem+json")
            .Produces<Problem>(StatusCodes.Status404NotFound, "application/problem+json");
        routes.MapReprocessing();
        return routes;
    }

    private static Task ReceiveAsync(string provider, string connectionId, HttpContext context, WebhookIngest ingest) => ingest.ReceiveAsync(context, provider, connectionId);
}
