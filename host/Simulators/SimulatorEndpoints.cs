using IntegrationHub.Host.Access;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Http;
using IntegrationHub.Simulation;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Simulators;

/// <summary>
/// Stands in for the providers, so that a hub can be tried without any account: answers at <c>/simulators/{provider}</c> what the manifest's simulator says.
/// A connection uses it through <c>overrides.baseUrl</c>. Only there where such overrides are allowed.
/// </summary>
internal static class SimulatorEndpoints
{
    private const int MaxBody = 1024 * 1024;

    public static IEndpointRouteBuilder MapSimulators(this IEndpointRouteBuilder routes)
    {
        routes.Map("/simulators/{provider}/{**path}", AnswerAsync)
            .AllowWithoutKey("A stand-in provider: it holds nothing and knows no connection.")
            .ExcludeFromDescription();
        return routes;
    }

    private static async Task AnswerAsync(string provider, string? path, HttpContext context, IProviderCatalog catalog, IOptions<HubOptions> options, CancellationToken cancellationToken)
    {
        if (!options.Value.AllowBaseUrlOverride || catalog.Find(provider)?.Manifest is not { Simulator: not null } manifest)
            throw Problem.NotFound("simulator", provider).ToException();

        using var body = new MemoryStream();
        await using (var limited = new LimitedReadStream(context.Request.Body, MaxBody))
            await limited.CopyToAsync(body, cancellationToken);

        var request = new SimulatedRequest
        {
            Method = context.Request.Method,
            Path = "/" + string.Join('/', (path ?? "").Split('/').Select(Uri.EscapeDataString)),
            Query = context.Request.QueryString.Value ?? "",
            ContentType = context.Request.ContentType,
            Body = body.ToArray(),
        };
        if (new ProviderSimulator(manifest).Match(request) is not { Answer: var answer, Parameters: var parameters })
            throw new Problem(404, "not_simulated", "Not simulated", $"The manifest of '{provider}' has no simulated answer to {context.Request.Method} /{path}.").ToException();

        context.Response.StatusCode = answer.Status;
        foreach (var (header, value) in answer.Headers)
            context.Response.Headers[header] = value;

        if (answer.Body is not null)
        {
            context.Response.ContentType = answer.ContentType;
            await context.Response.Body.WriteAsync(ProviderSimulator.Body(answer, parameters), cancellationToken);
        }
    }
}
